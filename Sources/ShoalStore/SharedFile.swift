import ShoalContent

/// One shared file: it is hashed before it is offered, and again when another program has touched it.
struct SharedFile {
  /// The step whose completion is awaited.
  enum Step: Hashable {
    case opening, probing, hashing
    /// Its bytes may be sent.
    case served
    /// It was touched: it is hashed again, and nothing of it is sent meanwhile.
    case examining
    case failed
  }

  /// The result of a step: the next job, or the end.
  enum Outcome {
    case job(StoreJob)
    case hashed(Manifest)
    /// It has not changed.
    case unchanged
    case failed(StoreFailure)
  }

  private let path: String
  private let chunking: Chunking
  private var size: UInt64 = 0
  private var manifest: Manifest?
  private(set) var step = Step.opening

  init(_ path: String, _ chunking: Chunking) {
    self.path = path
    self.chunking = chunking
  }

  /// The first job.
  func begin() -> Outcome { .job(.openSource(path: path)) }

  /// Another program has touched the file; nil if that is already being handled, or does not matter.
  mutating func touched() -> Outcome? {
    guard step == .served, let manifest else { return nil }
    return go(.examining, .reexamine(manifest))
  }

  /// What follows a job that succeeded.
  mutating func done(_ finding: StoreFinding) -> Outcome {
    switch (step, finding) {
    case (.opening, .status(.file(let size)?)):
      self.size = size
      // Files that the system generates, as in /proc, have no size before they are read.
      return size == 0 ? go(.probing, .probe) : hash()
    case (.opening, .status(let status)): return end(.noFile(path: path, isDirectory: status == .directory))
    case (.probing, .content(let hasContent)): return hasContent ? end(.sizeless(path: path)) : hash()
    case (.hashing, .hashed(let manifest?)):
      (self.manifest, step) = (manifest, .served)
      return .hashed(manifest)
    case (.hashing, .ended): return end(.sizeless(path: path))
    case (.examining, .unchanged(true)):
      step = .served
      return .unchanged
    case (.hashing, .hashed(nil)), (.examining, .unchanged(false)): return end(.changed(path: path))
    default:
      assertionFailure("\(finding) while \(step)")
      return end(.changed(path: path))
    }
  }

  /// What follows a job that failed.
  mutating func failed(_ error: DiskError) -> Outcome { end(.reading(error)) }

  private mutating func hash() -> Outcome {
    guard size <= Limits.fileSize else { return end(.tooLarge(path: path)) }
    return go(.hashing, .hash(Cut(size: size, chunking: chunking)))
  }

  private mutating func go(_ step: Step, _ job: StoreJob) -> Outcome {
    self.step = step
    return .job(job)
  }

  private mutating func end(_ failure: StoreFailure) -> Outcome {
    step = .failed
    return .failed(failure)
  }
}
