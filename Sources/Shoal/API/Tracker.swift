import ShoalWire

/// A UDP tracker: tells peers who has which file, and which chunks of it.
public final class Tracker: Sendable {
  private let node: Node<TrackerLoop>
  /// What happens, for a log.
  public let events: AsyncStream<TrackerEvent>

  /// Starts a tracker. `options.runsTracker` is implied.
  public static func start(_ options: NodeOptions) throws(ShoalError) -> Tracker {
    var options = options
    options.runsTracker = true
    return Tracker(try Node(options))
  }

  private init(_ node: Node<TrackerLoop>) {
    self.node = node
    let buffer = EventBuffer<TrackerEvent>(limit: 1_000) { .omitted(count: $0) }
    events = buffer.stream
    node.post { loop in loop.service.listener = { buffer.push(TrackerEvent($0)) } }
  }

  /// A tracker that nobody holds stops, as by `close`.
  deinit { node.post { $0.close {} } }

  /// Where it listens.
  public var address: Address { node.address }

  /// The datagrams dropped because their checksum was wrong, so far.
  public func corruptDatagrams() async -> Int { await node.ask { $0.port.corrupt } ?? 0 }

  /// Stops answering.
  public func close() async {
    await withCheckedContinuation { continuation in
      if !node.post({ $0.close { continuation.resume() } }) { continuation.resume() }
    }
  }
}
