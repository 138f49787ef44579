import ShoalBase

/// Jobs of one kind, of which only a few are done at a time: they wait here, not where others' jobs would wait behind them.
struct JobLane {
  private let most: Int
  private var running = 0
  private var waiting = Queue<() -> Void>()

  /// At most so many at a time.
  init(most: Int) { self.most = most }

  /// Begins a job, now or when others have ended. Each calls `end` once.
  mutating func begin(_ job: @escaping () -> Void) {
    guard running < most else { return waiting.append(job) }
    running += 1
    job()
  }

  /// A job has ended; what to begin now.
  mutating func end() -> (() -> Void)? {
    if let next = waiting.popFirst() { return next }
    running -= 1
    assert(running >= 0)
    return nil
  }
}
