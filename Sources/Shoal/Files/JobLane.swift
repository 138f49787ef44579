import ShoalBase

/// Jobs of one kind, of which only a few are done at a time. The rest wait here, where they do not hold up other kinds
/// of jobs. Owners take turns, however many jobs each has.
package struct JobLane<Owner: Hashable> {
  /// Begins the work; false if there is nothing left to do, in which case the job has ended.
  package typealias Job = () -> Bool

  private let most: Int
  private var running = 0
  private var waiting: [Owner: Queue<Job>] = [:]
  /// The owners that have jobs waiting, next one first.
  private var turns = Queue<Owner>()

  /// A lane that does at most this many jobs at a time.
  package init(most: Int) { self.most = most }

  /// Adds a job; returns it if it may begin now.
  package mutating func add(_ job: @escaping Job, of owner: Owner) -> Job? {
    guard running >= most else {
      running += 1
      return job
    }
    if waiting[owner] == nil { turns.append(owner) }
    waiting[owner, default: Queue()].append(job)
    return nil
  }

  /// Notes that a job that had begun has ended; returns the one that takes its place.
  package mutating func next() -> Job? {
    assert(running > 0)
    guard let owner = turns.popFirst(), let job = waiting[owner]?.popFirst() else {
      running -= 1
      return nil
    }
    if waiting[owner]?.isEmpty == true { waiting[owner] = nil } else { turns.append(owner) }
    return job
  }
}
