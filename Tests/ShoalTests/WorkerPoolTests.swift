import Synchronization
import Testing

@testable import Shoal

@Suite struct WorkerPoolTests {
  @Test(arguments: [0, 1, 4]) func everyJobIsDone(_ threads: Int) {
    let pool = WorkerPool(threads: threads)
    let ended = Semaphore()
    for _ in 0..<100 { pool.run { ended.signal() } }
    for _ in 0..<100 { ended.wait() }
  }

  @Test func withoutThreadsAJobIsDoneAtOnce() {
    let pool = WorkerPool(threads: 0)
    let counter = Counter()
    pool.run { counter.count() }
    #expect(counter.value == 1)
  }

  private final class Counter: Sendable {
    private let state = Mutex(0)
    func count() { state.withLock { $0 += 1 } }
    var value: Int { state.withLock { $0 } }
  }
}
