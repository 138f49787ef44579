import ShoalWire

/// A UDP tracker: tells peers who has which chunks of which file.
public final class Tracker: Sendable, Closable {
  private let node: Node<TrackerLoop>
  private let buffer = EventBuffer<TrackerEvent>(limit: 1_000) { .omitted(count: $0) }
  /// What happens, for a log. It has one reader, and ends when the tracker is closed.
  public let events: AsyncStream<TrackerEvent>

  /// The port that is assumed for a tracker where none is given.
  public static let defaultPort: UInt16 = 7400

  /// Starts a tracker.
  public static func start(_ options: Options = Options()) throws(ShoalError) -> Tracker {
    Tracker(try Node(NodeOptions(options)))
  }

  package static func start(_ options: NodeOptions) throws(ShoalError) -> Tracker {
    var options = options
    options.runsTracker = true
    return Tracker(try Node(options))
  }

  /// Starts a tracker for as long as `body` runs; it is closed before this returns, even if `body` throws or the task
  /// is cancelled.
  public nonisolated(nonsending) static func run<Result>(
    _ options: Options = Options(), _ body: nonisolated(nonsending) (Tracker) async throws -> Result
  ) async throws -> Result {
    try await start(options).closing(after: body)
  }

  private init(_ node: Node<TrackerLoop>) {
    self.node = node
    events = buffer.stream
    node.post { [buffer] loop in
      loop.service.listener = { buffer.push(TrackerEvent($0)) }
      loop.onCaptureFailure = { buffer.push(.captureFailed("\($0)")) }
      loop.onNews = { buffer.push($0) }
      for event in loop.service.takeNews() { buffer.push(event) }
    }
  }

  /// A tracker stops when the last reference to it is released, as if by `close`.
  deinit { node.post { [buffer] in $0.close { buffer.finish() } } }

  /// The address at which it listens.
  public var address: Address { node.address }

  /// Runs a question on the loop and returns the answer; nil once the loop has stopped.
  func ask<Result: Sendable>(_ question: @escaping @Sendable (TrackerLoop) -> Result) async -> Result? {
    await node.ask(question)
  }

  /// How many datagrams have been dropped so far because their checksum was wrong.
  public func corruptDatagrams() async -> Int { await node.ask { $0.port.corrupt } ?? 0 }

  /// Stops answering. Closing a second time waits for the first close and does nothing more.
  public func close() async {
    await node.close { [buffer] in buffer.finish() }
  }
}
