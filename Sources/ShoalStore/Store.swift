import ShoalBase
import ShoalContent

/// What downloads and shares need done on a disk, as jobs for the host, and the consequences of the results.
///
/// A state machine: call it about a file or a piece, or with the result of a job, then drain `nextJob` and `nextEvent`.
/// It never touches a disk and holds no byte of a file. The jobs that prepare and finish one file are done one after
/// another; pieces are settled, and bytes read, concurrently.
package struct Store {
  /// The purpose of a job that is under way.
  enum Purpose {
    case step
    case piece(Int)
    case read
    /// To find out what a journal says about the file with this id.
    case recall(Digest)
    /// To verify what a journal says.
    case proof
    /// To find zeros.
    case zeros(ZeroSearch.Run)
    /// To sync a part before its journal is added to, and to add to it.
    case noteSync, note
    /// Nothing depends on it.
    case tidying
  }

  var downloads: [Int: StoredFile] = [:]
  private var shares: [Int: SharedFile] = [:]
  private var running: [StoreJobID: Purpose] = [:]
  private var jobs = Queue<(id: StoreJobID, job: StoreJob)>()
  var events = Queue<StoreEvent>()
  private var jobsMade: UInt64 = 0
  /// Jobs held back until their download is ready for them.
  private var held: [Int: [(id: StoreJobID, job: StoreJob)]] = [:]

  /// A store without files.
  package init() {}

  /// The next job. It need not be done if it is no longer expected when its turn comes.
  package mutating func nextJob() -> (id: StoreJobID, job: StoreJob)? { jobs.popFirst() }

  /// The next event.
  package mutating func nextEvent() -> StoreEvent? { events.popFirst() }

  /// Whether a job's result is still expected. If not, it need not be done, and whatever it opened is to be closed.
  package func expects(_ id: StoreJobID) -> Bool { running[id] != nil }

  /// Takes the result of a job.
  package mutating func complete(_ id: StoreJobID, _ result: Result<StoreFinding, DiskError>) {
    switch (running.removeValue(forKey: id), id.key) {
    case (nil, _): break
    case (.read, _):
      let error = if case .failure(let error) = result { error } else { DiskError?.none }
      events.append(.read(id, error))
    case (.piece(let piece), .download(let number)): settled(piece, number, result)
    case (.recall(let id), .download(let number)): recalled(id, number, result)
    case (.proof, .download(let number)): proven(number, result)
    case (.zeros(let run), .download(let number)): tried(run, number, result)
    case (.noteSync, .download(let number)): synced(number, result)
    case (.note, .download(let number)): noted(number, result)
    case (.tidying, _): break
    case (_, .download(let number)): advance(number, result)
    case (_, .share(let number)): advance(share: number, result)
    }
  }

  // MARK: Downloads

  /// Prepares a place for a file, and verifies what is already there; without a `target`, nothing is kept. `.prepared`
  /// or `.failed` follows. An earlier file with this number is given up.
  package mutating func prepare(_ number: Int, _ manifest: Manifest, target: String?, replacing: Bool) {
    forget(number)
    let stored = StoredFile(manifest, target: target, replacing: replacing)
    downloads[number] = stored
    act(stored.begin(), number)
  }

  /// All bytes of a piece have been gathered: returns the job that takes them; `.settled` or `.failed` follows. Nil if
  /// there is no place for the piece.
  package mutating func settle(_ piece: Int, of number: Int, at now: Instant) -> StoreJobID? {
    guard let stored = downloads[number], stored.takesPieces else { return nil }
    if stored.keepsJournal, let job = downloads[number]?.journal.willWrite(at: now) {
      add(job, .download(number), for: .note)
    }
    return add(.settle(piece: piece, stored.manifest), .download(number), for: .piece(piece))
  }

  /// All pieces are settled: the file gets its name. `.finished` or `.failed` follows.
  package mutating func finish(_ number: Int) {
    guard let outcome = downloads[number]?.finish() ?? nil else { return }
    act(outcome, number)
  }

  /// Gives up a download; what is on the disk stays.
  package mutating func forget(_ number: Int) {
    downloads[number] = nil
    held[number] = nil
    for (id, purpose) in running where id.key == .download(number) {
      // Reads for what is being sent of it may be completed.
      if case .read = purpose { continue }
      running[id] = nil
    }
  }

  private mutating func settled(_ piece: Int, _ number: Int, _ result: Result<StoreFinding, DiskError>) {
    guard downloads[number] != nil else { return }
    guard case .success(.piece(let isRight, let isZeros)) = result else { return advance(number, result) }
    if isRight { downloads[number]?.wrote(piece) }
    events.append(.settled(file: number, piece: piece, isRight: isRight))
    if isRight, downloads[number]?.keepsJournal == true {
      if isZeros { downloads[number]?.zeros.found(piece) }
      searchZeros(number)
    }
  }

  mutating func advance(_ number: Int, _ result: Result<StoreFinding, DiskError>) {
    let outcome: StoredFile.Outcome? =
      switch result {
      case .success(let finding): downloads[number]?.done(finding)
      case .failure(let error): downloads[number]?.failed(error)
      }
    if let fault = downloads[number]?.journalFault {
      downloads[number]?.journalFault = nil
      events.append(.journalSetAside(file: number, path: downloads[number]?.journal.path ?? "", fault))
    }
    if let outcome { act(outcome, number) }
  }

  mutating func act(_ outcome: StoredFile.Outcome, _ number: Int) {
    switch outcome {
    case .job(let job): add(job, .download(number), for: .step)
    case .prepared(let have, let wasThere, let job):
      events.append(.prepared(file: number, have: have, wasThere: wasThere))
      if let job { add(job, .download(number), for: .step) }
      if let zeros = downloads[number]?.sampledZeros, !zeros.isEmpty {
        events.append(.found(file: number, zeros))
      }
      if let stored = downloads[number], let unproven = stored.journal.unproven {
        add(.verify(stored.manifest, unproven), .download(number), for: .proof)
      }
      searchZeros(number)
    case .ready: for job in held.removeValue(forKey: number) ?? [] { jobs.append(job) }
    case .finished:
      forget(number)
      events.append(.finished(file: number))
    case .failed(let failure):
      forget(number)
      events.append(.failed(file: number, failure))
    }
  }

  // MARK: Shares

  /// Hashes a file that is to be shared; `.hashed` or `.unshared` follows. The number must never have been used.
  package mutating func share(_ number: Int, path: String, _ chunking: Chunking) {
    let file = SharedFile(path, chunking)
    shares[number] = file
    act(file.begin(), share: number)
  }

  /// Another program has touched a shared file: `.unchanged` or `.unshared` follows. Until then, nothing of it may be
  /// sent.
  package mutating func touched(share number: Int) {
    if let outcome = shares[number]?.touched() ?? nil { act(outcome, share: number) }
  }

  /// A file is no longer shared.
  package mutating func forget(share number: Int) {
    shares[number] = nil
    for (id, purpose) in running where id.key == .share(number) {
      if case .read = purpose { continue }
      running[id] = nil
    }
  }

  private mutating func advance(share number: Int, _ result: Result<StoreFinding, DiskError>) {
    let outcome: SharedFile.Outcome? =
      switch result {
      case .success(let finding): shares[number]?.done(finding)
      case .failure(let error): shares[number]?.failed(error)
      }
    if let outcome { act(outcome, share: number) }
  }

  private mutating func act(_ outcome: SharedFile.Outcome, share number: Int) {
    switch outcome {
    case .job(let job): add(job, .share(number), for: .step)
    case .hashed(let manifest): events.append(.hashed(share: number, manifest))
    case .unchanged: events.append(.unchanged(share: number))
    case .failed(let failure):
      forget(share: number)
      events.append(.unshared(share: number, failure))
    }
  }

  // MARK: Reading

  /// Bytes of a file are to be sent, and may have to come from a disk: `.read` follows, even if the file is given up
  /// meanwhile.
  package mutating func read(_ key: StoreKey, offset: UInt64, length: Int) -> StoreJobID {
    add(.read(offset: offset, length: length), key, for: .read)
  }

  @discardableResult
  mutating func add(_ job: StoreJob, _ key: StoreKey, for purpose: Purpose) -> StoreJobID {
    jobsMade += 1
    let id = StoreJobID(key: key, number: jobsMade)
    running[id] = purpose
    if case .piece = purpose, case .download(let number) = key, downloads[number]?.step != .ready {
      held[number, default: []].append((id, job))
    } else {
      jobs.append((id, job))
    }
    return id
  }
}
