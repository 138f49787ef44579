import ShoalBase

/// Jobs of one kind, of which only a few are done at a time: they wait here, not where others' jobs would wait behind
/// them. Each owner gets its turn after the others, however many jobs it brings.
package struct JobLane<Owner: Hashable> {
  /// Begins what is to be done; false if nothing is to be done any more, and the job has ended with that.
  package typealias Job = () -> Bool

  private let most: Int
  private var running = 0
  private var waiting: [Owner: Queue<Job>] = [:]
  /// The owners that have jobs waiting, the next first.
  private var turns = Queue<Owner>()

  /// At most so many at a time.
  package init(most: Int) { self.most = most }

  /// Takes a job; gives it back if it may begin now.
  package mutating func add(_ job: @escaping Job, of owner: Owner) -> Job? {
    guard running >= most else {
      running += 1
      return job
    }
    if waiting[owner] == nil { turns.append(owner) }
    waiting[owner, default: Queue()].append(job)
    return nil
  }

  /// A job that began has ended; the one that takes its place.
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
