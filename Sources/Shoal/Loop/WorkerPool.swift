import Glibc
import Synchronization

/// Threads for hashing and writing, shared by all peers of the process: event loops never wait for a disk to be
/// written, and do only as much hashing themselves as costs them no datagrams.
final class WorkerPool: Sendable {
  static let shared = WorkerPool(threads: max(2, min(sysconf(Int32(_SC_NPROCESSORS_ONLN)), 8)))

  private let jobs = Mutex<[@Sendable () -> Void]>([])
  private let available = Semaphore()
  private let hasThreads = Atomic(false)

  /// A pool of this many threads, or of as many as the system provides.
  init(threads: Int) {
    for i in 0..<threads {
      guard (try? SystemThread.start("shoal-work-\(i)") { [self] in work() }) != nil else { break }
      hasThreads.store(true, ordering: .relaxed)
    }
  }

  private func work() -> Never {
    while true {
      available.wait()
      let job = jobs.withLock { $0.isEmpty ? nil : $0.removeFirst() }
      job?()
    }
  }

  /// Runs a job as soon as a thread is free, in the order of the calls; in a pool without threads, at once.
  func run(_ job: @escaping @Sendable () -> Void) {
    guard hasThreads.load(ordering: .relaxed) else { return job() }
    jobs.withLock { $0.append(job) }
    available.signal()
  }
}
