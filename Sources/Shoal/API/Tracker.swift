import ShoalWire

/// A UDP tracker: tells peers who has which chunks of which file.
public final class Tracker: Sendable, Closable {
  /// Threads that each have a part of the files.
  let workers: [Node<TrackerLoop>]
  private let buffer = EventBuffer<TrackerEvent>(limit: 1_000) { .omitted(count: $0) }
  /// What happens, for a log. It has one reader, and ends when the tracker is closed.
  public let events: AsyncStream<TrackerEvent>

  /// The port that is assumed for a tracker where none is given.
  public static let defaultPort: UInt16 = 7400

  /// Starts a tracker.
  public static func start(_ options: Options = Options()) throws(ShoalError) -> Tracker {
    try start(NodeOptions(options))
  }

  package static func start(_ options: NodeOptions) throws(ShoalError) -> Tracker {
    var options = options
    options.runsTracker = true
    let team = try TrackerTeam(options)
    var workers = [try worker(0, options, team)]
    options.listen = "\(workers[0].address)"
    do throws(ShoalError) {
      for number in 1..<max(1, options.trackerWorkers) { workers.append(try worker(number, options, team)) }
    } catch {
      for worker in workers { worker.post { $0.close {} } }
      throw error
    }
    return Tracker(workers, team)
  }

  private static func worker(
    _ number: Int, _ options: NodeOptions, _ team: TrackerTeam
  ) throws(ShoalError) -> Node<TrackerLoop> {
    var options = options
    options.trackerWorker = number
    return try Node(options) { [options] start, _ in TrackerLoop(start, options, team) }
  }

  /// Starts a tracker for as long as `body` runs; it is closed before this returns, even if `body` throws or the task
  /// is cancelled.
  public nonisolated(nonsending) static func run<Result>(
    _ options: Options = Options(), _ body: nonisolated(nonsending) (Tracker) async throws -> Result
  ) async throws -> Result {
    try await start(options).closing(after: body)
  }

  private init(_ workers: [Node<TrackerLoop>], _ team: TrackerTeam) {
    self.workers = workers
    events = buffer.stream
    team.state?.listen { [buffer] in buffer.push($0) }
    for worker in workers {
      worker.post { [buffer] loop in
        loop.listen { buffer.push(TrackerEvent($0)) }
        loop.onCaptureFailure = { buffer.push(.captureFailed("\($0)")) }
      }
    }
    team.begin(workers)
  }

  /// A tracker stops when the last reference to it is released, as if by `close`.
  deinit { for worker in workers { worker.post { [buffer] in $0.close { buffer.finish() } } } }

  /// The address at which it listens.
  public var address: Address { workers[0].address }

  /// How many datagrams have been dropped so far because their checksum was wrong.
  public func corruptDatagrams() async -> Int { await standing()?.corrupt ?? 0 }

  /// Stops answering. Closing a second time waits for the first close and does nothing more.
  public func close() async {
    for worker in workers { await worker.close {} }
    buffer.finish()
  }
}
