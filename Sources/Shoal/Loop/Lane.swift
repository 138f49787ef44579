import Synchronization

/// Jobs that exclude each other, as the kernel lets only one thread at a time write to a file. A thread that finds
/// another one busy here leaves its job to that thread instead of waiting.
final class Lane: Sendable {
  private let waiting = Mutex<[@Sendable () -> Void]?>(nil)

  /// Does the job, and those that others leave in the meantime; or leaves it to the thread that is busy here.
  func perform(_ job: @escaping @Sendable () -> Void) {
    let isFirst = waiting.withLock { waiting in
      guard waiting != nil else {
        waiting = []
        return true
      }
      waiting!.append(job)
      return false
    }
    guard isFirst else { return }
    job()
    while let jobs = next() { for job in jobs { job() } }
  }

  private func next() -> [@Sendable () -> Void]? {
    waiting.withLock { waiting in
      let jobs = waiting!
      waiting = jobs.isEmpty ? nil : []
      return jobs.isEmpty ? nil : jobs
    }
  }
}
