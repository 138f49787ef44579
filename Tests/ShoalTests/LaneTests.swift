import Synchronization
import Testing

@testable import Shoal

@Suite struct LaneTests {
  private final class Log: Sendable {
    let state = Mutex((inside: 0, most: 0, done: [Int]()))

    func enter() {
      state.withLock {
        $0.inside += 1
        $0.most = max($0.most, $0.inside)
      }
    }

    func leave(_ job: Int) {
      state.withLock {
        $0.inside -= 1
        $0.done.append(job)
      }
    }
  }

  @Test func jobsExcludeEachOtherAndAllAreDone() async {
    let (lane, log) = (Lane(), Log())
    await withTaskGroup(of: Void.self) { group in
      for first in stride(from: 0, to: 12_800, by: 200) {
        group.addTask {
          for job in first..<first + 200 {
            lane.perform {
              log.enter()
              log.leave(job)
            }
          }
        }
      }
    }
    log.state.withLock { #expect($0.most == 1 && $0.done.sorted() == Array(0..<12_800)) }
  }

  @Test func aJobMayLeaveAnother() {
    let (lane, log) = (Lane(), Log())
    lane.perform {
      lane.perform { log.leave(2) }
      log.leave(1)
    }
    log.state.withLock { #expect($0.done == [1, 2]) }
  }
}
