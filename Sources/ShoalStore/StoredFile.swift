import ShoalBase
import ShoalContent

/// One file being stored: `NAME.part` beside its target until it is complete, then the target.
///
/// What an earlier run left is believed only if its journal says so and the part looks as the journal left it;
/// everything else that is there is verified. A part with content but without a single right piece belongs to somebody
/// else, since only right pieces are ever written: unless it may be replaced, that is a failure. But a power failure
/// may leave torn pieces; so a part is marked as this file's, and the mark is on the disk before the first piece is
/// written. Zeros do not count as content, because space is allocated before the first piece arrives.
struct StoredFile {
  /// The step whose completion is awaited.
  enum Step: Hashable {
    case examiningTarget, openingTarget, verifyingTarget
    case openingPart, locking, readingJournal, verifyingPart, probing, emptying, trimming, marking, samplingZeros,
      allocating
    case beginningJournal
    /// Pieces are accepted, but written only when the part and its mark are on the disk.
    case securing, securingName
    /// Pieces are written.
    case ready
    case unmarking, syncing, removingJournal, renaming, syncingDirectory
    /// The unused part is removed, and then this failure is reported.
    case discarding(StoreFailure)
    case finished, failed
  }

  /// The result of a step: the next job, or the end.
  enum Outcome {
    case job(StoreJob)
    case prepared(have: BitSet, wasThere: Bool, then: StoreJob?)
    /// Pieces may be written.
    case ready
    case finished
    case failed(StoreFailure)
  }

  let manifest: Manifest
  /// Nil if nothing is kept.
  private let target: String?
  private let part: String
  private let replacing: Bool
  private(set) var step: Step
  /// Whether the part was there before, and its length in bytes.
  private var partWasThere = false
  private var partSize: UInt64 = 0
  private var isMarked = false
  /// The mark and the journal's name are on the disk.
  private var isSecured = false
  /// All pieces are right; the file is to be finished as soon as possible.
  private var isWhole = false
  private var have: BitSet
  /// The target itself was there, with the right content; there is nothing to write.
  private var wasThere = false
  /// Whether some of its pieces are known to be zeros.
  private var isSparse = false
  var zeros = ZeroSearch.none
  /// The zero pieces found before anything is fetched.
  private(set) var sampledZeros = BitSet(capacity: 0)
  /// The pieces that were believed to be here and turned out wrong, until they are written.
  private var lost = BitSet(capacity: 0)
  var journal: PartJournal
  /// Why an existing journal is not relied on; reported once.
  var journalFault: JournalFault?

  init(_ manifest: Manifest, target: String?, replacing: Bool) {
    self.manifest = manifest
    self.target = target
    self.replacing = replacing
    part = target.map(partPath(of:)) ?? ""
    have = BitSet(capacity: manifest.cut.pieces)
    journal = PartJournal(of: part, manifest)
    step = target == nil ? .ready : .examiningTarget
  }

  private var size: UInt64 { manifest.cut.size }

  /// The first job.
  func begin() -> Outcome {
    guard let target else { return .prepared(have: have, wasThere: false, then: nil) }
    return .job(.examine(path: target))
  }

  /// All pieces are right and written: the file gets its name, once its bytes are on the disk.
  mutating func finish() -> Outcome? {
    guard step == .ready, !journal.isBeingProven else {
      // All pieces may be there even before the mark is on the disk.
      isWhole = true
      return nil
    }
    guard target != nil, !wasThere else { return end(.finished) }
    // The owner may think that it has all pieces, before it has taken the `.lost` event.
    guard lost.isEmpty else { return end(.failed(.partTouched(path: part))) }
    return go(.unmarking, .unmark)
  }

  /// Whether gathered pieces are accepted.
  var takesPieces: Bool { step == .ready || step == .securing || step == .securingName }

  /// Whether what is written is worth noting.
  var keepsJournal: Bool { takesPieces && target != nil && !wasThere }

  /// The pieces that were only believed have been verified: returns those that are wrong, and what follows.
  mutating func proven(_ right: BitSet) -> (wrong: BitSet, Outcome?) {
    let wrong = journal.proven(right)
    lost = wrong
    guard isWhole else { return (wrong, nil) }
    guard wrong.isEmpty else { return (wrong, end(.failed(.partTouched(path: part)))) }
    return (wrong, step == .ready ? finish() : nil)
  }

  /// A piece is right, and written.
  mutating func wrote(_ piece: Int) {
    journal.wrote(piece)
    lost.remove(piece)
    zeros.has(piece)
  }

  /// What follows a job that succeeded.
  mutating func done(_ finding: StoreFinding) -> Outcome {
    let target = target ?? ""
    switch (step, finding) {
    case (.examiningTarget, .status(let status)): return examined(status, target)
    case (.openingTarget, .done): return go(.verifyingTarget, .verify(manifest, .full(capacity: have.capacity)))
    case (.verifyingTarget, .verified(let right)):
      guard !right.isComplete else {
        (have, wasThere, step) = (right, true, .ready)
        return .prepared(have: have, wasThere: true, then: nil)
      }
      return replacing ? openPart() : end(.failed(.differs(path: target)))
    case (.openingPart, .opened(let wasThere, let isRegular, let size, let mark)):
      guard isRegular else { return end(.failed(.partIsNoFile(path: part))) }
      (partWasThere, partSize, isMarked) = (wasThere, size, mark == manifest.id)
      isSecured = isMarked
      return go(.locking, .lock)
    case (.locking, .done):
      return partWasThere ? go(.readingJournal, .readJournal(path: journal.path, of: part)) : trim()
    case (.readingJournal, .journal(let reading, let stamp)):
      journalFault = journal.take(reading, stamp)
      have = journal.believed
      return go(.verifyingPart, .verifyWritten(manifest, have.complement))
    case (.readingJournal, .believed(let read, let pieces, let touched)):
      journal.believe(read, pieces, touched: touched)
      have = journal.believed
      return go(.verifyingPart, .verifyWritten(manifest, have.complement))
    case (.verifyingPart, .verified(let right)):
      have.formUnion(right)
      journal.found(right)
      return have.isEmpty && !isMarked ? go(.probing, .probe) : trim()
    case (.probing, .content(let hasContent)):
      guard hasContent else { return trim() }
      return replacing ? go(.emptying, .resize(0)) : end(.failed(.partOfAnother(path: part)))
    case (.emptying, .done):
      partSize = 0
      return trim()
    case (.trimming, .done): return mark()
    case (.marking, .done): return sample()
    case (.samplingZeros, .verified(let right)): return sampled(right)
    case (.allocating, .done): return allocated()
    case (.beginningJournal, .noted(let end)):
      journal.begun(end)
      isSecured = false
      return secure()
    case (.securing, .done): return go(.securingName, .syncDirectory(of: part))
    case (.securingName, .done):
      step = .ready
      return isWhole ? finish() ?? .ready : .ready
    case (.unmarking, .done): return go(.syncing, .sync)
    case (.syncing, .done): return go(.removingJournal, .removeJournal(path: journal.path))
    case (.removingJournal, .done): return go(.renaming, .rename(from: part, to: target, replacing: replacing))
    case (.renaming, .done): return go(.syncingDirectory, .syncDirectory(of: target))
    case (.syncingDirectory, .done): return end(.finished)
    case (.discarding(let failure), _): return end(.failed(failure))
    default:
      assertionFailure("\(finding) at \(step)")
      return end(.failed(.differs(path: target)))
    }
  }

  /// What follows a job that failed.
  mutating func failed(_ error: DiskError) -> Outcome {
    switch step {
    case .openingPart where error.kind == .link: return end(.failed(.partIsLink(path: part)))
    case .locking, .readingJournal, .verifyingPart, .probing, .emptying, .trimming, .marking, .samplingZeros,
      .allocating:
      // An unused part is removed, unless another process has it now.
      guard !partWasThere, error.kind != .locked else { return end(.failed(.preparing(error))) }
      return go(.discarding(.preparing(error)), .discard(path: part))
    case .beginningJournal:
      // The download continues without the mark or journal; the next run verifies what is there.
      journal.giveUp()
      return secure()
    case .removingJournal: return go(.renaming, .rename(from: part, to: target ?? "", replacing: replacing))
    case .renaming where error.kind == .exists:
      return end(.failed(.nameTaken(path: target ?? "", part: part)))
    case .discarding(let failure): return end(.failed(failure))
    case .securing, .securingName, .ready, .unmarking, .syncing, .renaming, .syncingDirectory:
      return end(.failed(.writing(error)))
    default: return end(.failed(.preparing(error)))
    }
  }

  private mutating func examined(_ status: DiskStatus?, _ target: String) -> Outcome {
    switch status {
    case nil: return openPart()
    case .danglingLink: return replacing ? openPart() : end(.failed(.linkToNothing(path: target)))
    case .directory: return end(.failed(.noFile(path: target, isDirectory: true)))
    case .other: return end(.failed(.noFile(path: target, isDirectory: false)))
    case .file(size): return go(.openingTarget, .openTarget(path: target))
    case .file: return replacing ? openPart() : end(.failed(.differs(path: target)))
    }
  }

  private mutating func openPart() -> Outcome { go(.openingPart, .openPart(path: part)) }

  private mutating func trim() -> Outcome { partSize > size ? go(.trimming, .resize(size)) : mark() }

  private mutating func mark() -> Outcome { isMarked ? sample() : go(.marking, .mark(manifest.id)) }

  /// Tries pieces throughout the file for zeros.
  private mutating func sample() -> Outcome {
    zeros = ZeroSearch(manifest.cut, have: have)
    let sample = zeros.sample()
    return sample.isEmpty || manifest.cut.pieces < 2 ? allocate() : go(.samplingZeros, .findZeros(manifest, sample))
  }

  private mutating func sampled(_ right: BitSet) -> Outcome {
    sampledZeros = right
    journal.found(right)
    for run in right.runs() { for piece in Int(run.first)..<Int(run.end) { zeros.found(piece) } }
    isSparse = !right.isEmpty
    return allocate()
  }

  /// Allocates the space now, so that a full disk is noticed before anything is fetched; but not for a sparse file,
  /// which may need far less. A part that an earlier run made as long as the file already has its space.
  private mutating func allocate() -> Outcome {
    // Resizing it to its present size would change its times.
    guard partSize != size else { return allocated() }
    return go(.allocating, isSparse ? .resize(size) : .allocate(size))
  }

  private mutating func allocated() -> Outcome {
    guard let job = journal.beginning() else { return secure() }
    return go(.beginningJournal, job)
  }

  private mutating func secure() -> Outcome {
    step = isSecured ? .ready : .securing
    return .prepared(have: have, wasThere: false, then: isSecured ? nil : .sync)
  }

  private mutating func go(_ step: Step, _ job: StoreJob) -> Outcome {
    self.step = step
    return .job(job)
  }

  private mutating func end(_ outcome: Outcome) -> Outcome {
    if case .finished = outcome { step = .finished } else { step = .failed }
    return outcome
  }
}
