import Glibc
import ShoalBase
import ShoalContent
import ShoalStore

/// The jobs of a store, done on this machine's disk. Each may take long: they are for workers.
enum StoreWork {
  /// The outcome of a job.
  struct Outcome: Sendable {
    var result: Result<StoreFinding, DiskError>
    /// The file that it opened.
    var opened: File?
    /// The status of the file that it hashed.
    var hashed: FileStatus?
  }

  /// Does a job other than `.settle` for a download or share whose open file is `file`. `progress` is told how many
  /// bytes have been hashed; once `flag` is set, the hashing of a file that is to be shared stops.
  static func perform(
    _ job: StoreJob, on file: File?, until flag: Flag? = nil, _ progress: @escaping @Sendable (UInt64) -> Void
  ) -> Outcome {
    do throws(SystemError) {
      switch job {
      case .openTarget(let path): return Outcome(result: .success(.done), opened: try File.open(path))
      case .openSource(let path):
        let source = if let file { file } else { try File.open(path) }
        return Outcome(result: .success(.status(DiskStatus(try source.status()))), opened: source)
      case .openPart(let path):
        let (part, wasThere) = try openPart(path)
        let status = try part.status()
        let isRegular = status.kind == .regular
        let mark = wasThere && isRegular ? part.mark() : nil
        let size = UInt64(max(status.size, 0))
        let finding = StoreFinding.opened(wasThere: wasThere, isRegular: isRegular, size: size, mark: mark)
        return Outcome(result: .success(finding), opened: part)
      case .hash(let cut):
        guard let file else { break }
        let before = try file.status()
        return Outcome(result: .success(try hash(file, as: before, cut, flag, progress)), hashed: before)
      case .reexamine(let manifest):
        guard let file else { break }
        return try reexamine(file, manifest)
      default: return Outcome(result: .success(try perform(job, file, progress)))
      }
    } catch { return Outcome(result: .failure(DiskError(error))) }
    return Outcome(result: .success(.done))
  }

  private static func perform(
    _ job: StoreJob, _ file: File?, _ progress: @escaping @Sendable (UInt64) -> Void
  ) throws(SystemError) -> StoreFinding {
    switch job {
    case .examine(let path): return .status(try examine(path))
    case .mark(let id): file?.setMark(id)
    case .unmark: file?.setMark(nil)
    case .lock: try file?.lock()
    case .verify(let manifest):
      guard let file else { break }
      return .verified(try verify(file, manifest, progress))
    case .probe: return .content(try file?.hasContent() ?? false)
    case .resize(let size): try file?.resize(Int(size))
    case .allocate(let size): try file?.allocate(Int(size))
    case .sync: try file?.sync()
    case .rename(let old, let new, let replacing): try FileSystem.rename(old, to: new, replacing: replacing)
    case .syncDirectory(let path): try FileSystem.syncDirectory(FileSystem.parent(path))
    case .discard(let path): try FileSystem.remove(path)
    case .read(let offset, let length): try file?.fetch(Int(offset), length)
    case .openTarget, .openPart, .openSource, .hash, .reexamine, .settle: break
    }
    return .done
  }

  /// Writes a correct piece to its place.
  static func write(
    _ content: PieceBuffer, _ piece: Int, _ manifest: Manifest, to file: File?
  ) -> Result<StoreFinding, DiskError> {
    do throws(SystemError) {
      try file?.write(content, 0..<manifest.cut.pieceLength(piece), at: Int(manifest.cut.pieceOffset(piece)))
      return .success(.piece(isRight: true))
    } catch { return .failure(DiskError(error)) }
  }

  /// Claims a part that nobody is using, and that nobody will be able to use while it is open here; nil if there is
  /// none.
  static func claim(_ path: String) -> File? {
    guard let file = try? File.open(path) else { return nil }
    for _ in 0..<20 {
      if (try? file.lock()) != nil { return file }
      // A download that was cancelled soon finishes its last writes.
      usleep(10_000)
    }
    return nil
  }

  private static func examine(_ path: String) throws(SystemError) -> DiskStatus? {
    if FileSystem.isDanglingLink(path) { return .danglingLink }
    return try FileSystem.status(path).map { DiskStatus($0) }
  }

  /// Opens the part, or makes it; says whether it was there.
  private static func openPart(_ path: String) throws(SystemError) -> (File, wasThere: Bool) {
    do throws(SystemError) {
      return (try File.create(path, existing: .refuse, followsLinks: false), false)
    } catch {
      guard error.code == EEXIST else { throw error }
      return (try File.create(path, followsLinks: false), true)
    }
  }

  /// Finds the pieces of a file that are correct.
  private static func verify(
    _ file: File, _ manifest: Manifest, _ progress: @escaping @Sendable (UInt64) -> Void
  ) throws(SystemError) -> BitSet {
    var have = BitSet(capacity: manifest.cut.pieces)
    let size = UInt64(try file.size())
    // A part that is too short ends within a piece, which then does not count as present.
    let count = size >= manifest.cut.size ? manifest.cut.pieces : Int(size >> UInt64(manifest.cut.pieceExponent))
    let isRight = try PieceScan.map(file, manifest.cut, count: count, progress: progress) { manifest.verify($0, $1) }
    for (piece, isRight) in (isRight ?? []).enumerated() where isRight { have.insert(piece) }
    return have
  }

  /// Cuts a file into pieces and hashes it (the original's `create_chunks`).
  private static func hash(
    _ file: File, as before: FileStatus, _ cut: Cut, _ flag: Flag?, _ progress: @escaping @Sendable (UInt64) -> Void
  ) throws(SystemError) -> StoreFinding {
    guard before.size == Int(cut.size) else { return .hashed(nil) }
    let values = try PieceScan.map(file, cut, count: cut.pieces > 1 ? cut.pieces : 0, until: flag, progress: progress) {
      Blake3.chainingValue(of: $1, firstLeaf: cut.pieceOffset($0) / UInt64(Blake3.leafBytes))
    }
    guard try file.status().isSame(as: before) else { return .hashed(nil) }
    guard let values, let last = try lastPiece(file, cut) else { return .ended }
    return .hashed(last.read(0..<last.count) { Manifest(cut: cut, values: values, lastPiece: $0) })
  }

  /// The last piece, or no bytes for an empty file; nil if it is no longer there.
  private static func lastPiece(_ file: File, _ cut: Cut) throws(SystemError) -> PieceBuffer? {
    let piece = cut.pieces - 1
    guard piece >= 0 else { return PieceBuffer(0) }
    let buffer = PieceBuffer(cut.pieceLength(piece))
    return try file.read(into: buffer, 0..<buffer.count, at: Int(cut.pieceOffset(piece))) == buffer.count ? buffer : nil
  }

  /// Checks whether a file fits its manifest, and was left alone during the check.
  private static func reexamine(_ file: File, _ manifest: Manifest) throws(SystemError) -> Outcome {
    for _ in 0..<examinations {
      let before = try file.status()
      guard before.size == Int(manifest.cut.size) else { break }
      let isRight = try PieceScan.map(file, manifest.cut, count: manifest.cut.pieces) { _ in
      } _: {
        manifest.verify($0, $1)
      }
      guard let isRight, isRight.allSatisfy(\.self) else { break }
      if try file.status().isSame(as: before) { return Outcome(result: .success(.unchanged(true)), hashed: before) }
    }
    return Outcome(result: .success(.unchanged(false)))
  }

  /// A file that is touched again during each check cannot be served.
  private static let examinations = 10
}

extension DiskStatus {
  init(_ status: FileStatus) {
    self =
      switch status.kind {
      case .regular: .file(size: UInt64(max(status.size, 0)))
      case .directory: .directory
      case .other: .other
      }
  }
}

extension DiskError {
  init(_ error: SystemError) {
    let kind: Kind =
      switch error.code {
      case EEXIST: .exists
      case ELOOP: .link
      case EWOULDBLOCK where error.action == .lock: .locked
      case _ where error.isDiskFull: .full
      default: .other
      }
    self.init(kind, code: error.code, action: error.action.rawValue, subject: error.subject)
  }

  /// The error as the system reported it.
  var systemError: SystemError { SystemError(code, SystemError.Action(rawValue: action) ?? .write, subject) }
}

extension ShoalError {
  /// Why a file cannot be stored, in words. `kept` bytes of it are on the disk.
  init(_ failure: StoreFailure, _ manifest: Manifest, kept: UInt64) {
    switch failure {
    case .differs(let path):
      self.init(.exists, "\(path) exists and differs", remedy: .otherDestinationOrForce)
    case .linkToNothing(let path): self = .linkToNothing(path)
    case .noFile(let path, let isDirectory): self.init(SystemError(isDirectory ? EISDIR : ESPIPE, .create, path))
    case .partIsLink(let path):
      self.init(.exists, "\(path) is a symbolic link", remedy: .removeOrOtherDestination)
    case .partIsNoFile(let path): self.init(SystemError(ESPIPE, .create, path))
    case .partOfAnother(let path):
      self.init(.exists, "\(path) is of another file", remedy: .otherDestinationOrForce)
    case .nameTaken(let path, let part):
      self.init(.exists, "\(path) has come to exist meanwhile; the file is whole in \(part)")
    case .preparing(let error):
      self = error.kind == .full ? .noRoom(error.systemError, manifest) : ShoalError(error.systemError)
    case .sizeless, .tooLarge, .changed, .reading: self.init(sharing: failure)
    case .writing(let error):
      self =
        error.kind == .full
        ? .diskFull(error.subject, short: manifest.cut.size - min(kept, manifest.cut.size), kept: kept)
        : ShoalError(error.systemError)
    }
  }

  /// Why a file cannot be shared, in words.
  init(sharing failure: StoreFailure) {
    switch failure {
    case .sizeless(let path):
      let remedy = "copy it to a regular file, and share that"
      self.init(.file, "\(path): does not have the size that the system gives; \(remedy)")
    case .tooLarge(let path): self.init(.file, "\(path): larger than 16 TiB")
    case .changed(let path):
      self.init(.changed, "\(path) was changed while it was read; try again when it is at rest")
    case .noFile(let path, let isDirectory): self.init(SystemError(isDirectory ? EISDIR : ESPIPE, .open, path))
    case .reading(let error), .preparing(let error), .writing(let error): self.init(error.systemError)
    case .differs(let path), .linkToNothing(let path), .partIsLink(let path), .partIsNoFile(let path),
      .partOfAnother(let path), .nameTaken(let path, _):
      self.init(.file, "\(path) cannot be shared")
    }
  }

  /// Says whether there is no room for the file at all, or none for this user, as far as the file system tells.
  private static func noRoom(_ error: SystemError, _ manifest: Manifest) -> ShoalError {
    let allocated = (try? FileSystem.status(error.subject))?.allocated ?? 0
    let needed = manifest.cut.size - min(UInt64(max(allocated, 0)), manifest.cut.size)
    guard error.code == ENOSPC, let free = FileSystem.free(at: error.subject) else {
      return ShoalError(.diskFull, "\(error), \(megabytes(needed)) are needed; free space and repeat")
    }
    guard free < needed else {
      let refusal = "the file system refuses \(megabytes(needed)), though it shows \(megabytes(free)) free"
      return ShoalError(
        .diskFull, "\(error.subject): \(refusal); is there a quota?", remedy: .otherDestination)
    }
    return diskFull(error.subject, short: needed - free, kept: 0)
  }

  private static func diskFull(_ path: String, short: UInt64, kept: UInt64) -> ShoalError {
    let keeps = kept > 0 ? " and repeat: \(megabytes(kept)) are kept" : " and repeat"
    return ShoalError(.diskFull, "\(path): disk full, \(megabytes(short)) short; free space\(keeps)")
  }

  /// What stands under the file's name cannot be compared with it: a link that leads nowhere.
  package static func linkToNothing(_ path: String) -> ShoalError {
    ShoalError(.exists, "\(path) is a symbolic link to nothing", remedy: .removeOtherDestinationOrForce)
  }

  /// `308.3 MB`.
  static func megabytes(_ bytes: UInt64) -> String {
    let tenths = (bytes + 50_000) / 100_000
    return "\(tenths / 10).\(tenths % 10) MB"
  }
}
