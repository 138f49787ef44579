import ShoalBase
import ShoalContent

/// What downloads need done to a disk, as jobs that the host does, and what comes of them.
///
/// A state machine: tell it of a file or a piece, or hand it what came of a job, then drain `nextJob` and `nextEvent`. It
/// never touches a disk and holds no byte of a file. The jobs of one file's preparation and end follow each other; pieces
/// may be settled side by side.
package struct Store {
  private var files: [Int: StoredFile] = [:]
  /// The jobs that are under way: which piece each settles, or nil.
  private var running: [StoreJobID: Int?] = [:]
  private var jobs = Queue<(id: StoreJobID, job: StoreJob)>()
  private var events = Queue<StoreEvent>()
  private var jobsMade: UInt64 = 0
  /// The jobs that wait until their file is ready for them.
  private var held: [Int: [(id: StoreJobID, job: StoreJob)]] = [:]

  /// A store without files.
  package init() {}

  /// The next job to do, unless it is expected no longer when it is begun.
  package mutating func nextJob() -> (id: StoreJobID, job: StoreJob)? { jobs.popFirst() }

  /// The next event.
  package mutating func nextEvent() -> StoreEvent? { events.popFirst() }

  /// Whether a job's result is still waited for. If not, it need not be done, and what it opened is to be closed.
  package func expects(_ id: StoreJobID) -> Bool { running[id] != nil }

  /// Prepares a place for a file, and verifies what is there already; without a `target` nothing is kept. `.prepared` or
  /// `.failed` follows. A file of this key that there was is given up.
  package mutating func prepare(_ file: Int, _ manifest: Manifest, target: String?, replacing: Bool) {
    forget(file)
    let stored = StoredFile(manifest, target: target, replacing: replacing)
    files[file] = stored
    act(stored.begin(), file)
  }

  /// All bytes of a piece have been gathered: the job that takes them; `.settled` or `.failed` follows. Nil if there is
  /// no place for it.
  package mutating func settle(_ piece: Int, of file: Int) -> StoreJobID? {
    guard let stored = files[file], stored.takesPieces else { return nil }
    return add(.settle(piece: piece, stored.manifest), file, piece: piece)
  }

  /// All pieces are settled: the file gets its name. `.finished` or `.failed` follows.
  package mutating func finish(_ file: Int) {
    guard let outcome = files[file]?.finish() ?? nil else { return }
    act(outcome, file)
  }

  /// Nothing more is done for a file; what is on the disk stays.
  package mutating func forget(_ file: Int) {
    files[file] = nil
    held[file] = nil
    for id in running.keys where id.file == file { running[id] = nil }
  }

  /// A job is done, or has failed.
  package mutating func complete(_ id: StoreJobID, _ result: Result<StoreFinding, DiskError>) {
    guard let piece = running.removeValue(forKey: id), files[id.file] != nil else { return }
    switch (result, piece) {
    case (.success(.piece(let isRight)), let piece?):
      events.append(.settled(file: id.file, piece: piece, isRight: isRight))
    case (.success(let finding), _):
      if let outcome = files[id.file]?.done(finding) { act(outcome, id.file) }
    case (.failure(let error), _):
      if let outcome = files[id.file]?.failed(error) { act(outcome, id.file) }
    }
  }

  private mutating func act(_ outcome: StoredFile.Outcome, _ file: Int) {
    switch outcome {
    case .job(let job): add(job, file, piece: nil)
    case .prepared(let have, let wasThere, let job):
      events.append(.prepared(file: file, have: have, wasThere: wasThere))
      if let job { add(job, file, piece: nil) }
    case .ready: for job in held.removeValue(forKey: file) ?? [] { jobs.append(job) }
    case .finished:
      forget(file)
      events.append(.finished(file: file))
    case .failed(let failure):
      forget(file)
      events.append(.failed(file: file, failure))
    }
  }

  @discardableResult
  private mutating func add(_ job: StoreJob, _ file: Int, piece: Int?) -> StoreJobID {
    jobsMade += 1
    let id = StoreJobID(file: file, number: jobsMade)
    running.updateValue(piece, forKey: id)
    if piece != nil, files[file]?.step != .ready {
      held[file, default: []].append((id, job))
    } else {
      jobs.append((id, job))
    }
    return id
  }
}
