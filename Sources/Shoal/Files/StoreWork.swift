import Glibc
import ShoalBase
import ShoalContent
import ShoalStore

/// The jobs of a store, carried out on this machine's disk. Each may take long, so they are for workers.
enum StoreWork {
  /// The outcome of a job.
  struct Outcome: Sendable {
    var result: Result<StoreFinding, DiskError>
    /// The file that it opened.
    var opened: File?
    /// The status of the file that it hashed.
    var hashed: FileStatus?
  }

  /// Does a job other than `.settle` for a download or share whose open file is `file`. `progress` is called with the
  /// bytes hashed so far; once `flag` is set, the hashing of a file that is to be shared stops.
  static func perform(
    _ job: StoreJob, on file: File?, until flag: Flag? = nil, _ memory: HashMemory? = nil,
    _ progress: @escaping @Sendable (UInt64) -> Void
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
        if let folder = file.parts as? PackedFolder { return try hash(folder, file, cut, flag, progress) }
        guard let memory, cut.size >= HashMemory.least else {
          let before = try file.status()
          return Outcome(result: .success(try hash(file, as: before, cut, flag, nil, progress)), hashed: before)
        }
        let (before, isReliable) = try file.restingStatus()
        let used = isReliable ? memory : nil
        return Outcome(result: .success(try hash(file, as: before, cut, flag, used, progress)), hashed: before)
      case .reexamine(let manifest):
        guard let file else { break }
        return try reexamine(file, manifest)
      default: return Outcome(result: .success(try perform(job, file, memory, progress)))
      }
    } catch { return Outcome(result: .failure(DiskError(error))) }
    return Outcome(result: .success(.done))
  }

  private static func perform(
    _ job: StoreJob, _ file: File?, _ memory: HashMemory?, _ progress: @escaping @Sendable (UInt64) -> Void
  ) throws(SystemError) -> StoreFinding {
    switch job {
    case .examine(let path): return .status(try examine(path))
    case .mark(let id): file?.setMark(id)
    case .unmark: file?.setMark(nil)
    case .lock: try file?.lock()
    case .verify(let manifest, let pieces):
      guard let file else { break }
      if pieces.isComplete, memory?.recall(FileStamp(try file.status()), manifest.cut)?.id == manifest.id {
        return .verified(pieces)
      }
      return .verified(try verify(file, manifest, pieces, skippingHoles: false, progress))
    case .verifyWritten(let manifest, let pieces):
      guard let file else { break }
      return .verified(try verify(file, manifest, pieces, skippingHoles: true, progress))
    case .readJournal(let path, let part):
      let status = if let file { try file.status() } else { try FileSystem.status(part) }
      return .journal(JournalFile.read(path), status.map { FileStamp($0) })
    case .hashTarget(let path, let cut):
      guard let status = try FileSystem.status(path), status.kind == .regular, status.size == Int(cut.size) else {
        return .hashed(nil)
      }
      let target = try File.open(path)
      guard let memory, cut.size >= HashMemory.least else {
        return try hash(target, as: target.status(), cut, nil, nil, progress)
      }
      let (before, isReliable) = try target.restingStatus()
      return try hash(target, as: before, cut, nil, isReliable ? memory : nil, progress)
    case .beginJournal(let path, let manifest):
      let (bytes, end) = Journal.beginning(manifest)
      try JournalFile.begin(path, bytes)
      return .noted(end)
    case .note(let path, let pieces, let isProven, var end):
      guard let file else { break }
      let offset = Int(end.offset)
      let bytes = Journal.note(pieces, FileStamp(try file.status()), isProven: isProven, at: &end)
      try JournalFile.append(path, bytes, at: offset)
      return .noted(end)
    case .findZeros(let manifest, let pieces):
      var found = BitSet(capacity: pieces.capacity)
      for run in pieces.runs() {
        for piece in Int(run.first)..<Int(run.end) where try findZeros(manifest, piece, file) { found.insert(piece) }
      }
      return .verified(found)
    case .followZeros(let manifest, let run):
      var count = 0
      for i in 0..<run.pieces.count {
        let piece = run.isDescending ? run.pieces.upperBound - 1 - i : run.pieces.lowerBound + i
        guard try findZeros(manifest, piece, file) else { break }
        count += 1
      }
      return .zeros(count)
    case .removeJournal(let path): try? FileSystem.remove(path)
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
      let isZeros = content.read(0..<manifest.cut.pieceLength(piece)) { $0.isZeros }
      if isZeros, manifest.cut.pieces > 1 {
        try file?.clear(manifest.cut.bytes(of: piece))
      } else {
        try file?.write(content, 0..<manifest.cut.pieceLength(piece), at: Int(manifest.cut.pieceOffset(piece)))
      }
      return .success(.piece(isRight: true, isZeros: isZeros))
    } catch { return .failure(DiskError(error)) }
  }

  /// Whether a piece is all zeros; if so, zeros are put into the file.
  private static func findZeros(_ manifest: Manifest, _ piece: Int, _ file: File?) throws(SystemError) -> Bool {
    guard manifest.isZeros(piece) else { return false }
    try file?.clear(manifest.cut.bytes(of: piece))
    return true
  }

  /// Claims a part that no program is using; while it is open here, none can. Nil if there is no such part.
  static func claim(_ path: String) -> File? {
    guard let file = try? File.open(path) else { return nil }
    for _ in 0..<20 {
      if (try? file.lock()) != nil { return file }
      // A cancelled download finishes its last writes soon.
      usleep(10_000)
    }
    return nil
  }

  private static func examine(_ path: String) throws(SystemError) -> DiskStatus? {
    if FileSystem.isDanglingLink(path) { return .danglingLink }
    return try FileSystem.status(path).map { DiskStatus($0) }
  }

  /// Opens or creates the part; returns whether it was there.
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
    _ file: File, _ manifest: Manifest, _ pieces: BitSet, skippingHoles: Bool,
    _ progress: @escaping @Sendable (UInt64) -> Void
  ) throws(SystemError) -> BitSet {
    let cut = manifest.cut
    var have = BitSet(capacity: cut.pieces)
    guard !pieces.isEmpty else { return have }
    let size = UInt64(try file.size())
    // A part that is too short ends within a piece, which then does not count as present.
    let count = size >= manifest.cut.size ? manifest.cut.pieces : Int(size >> UInt64(manifest.cut.pieceExponent))
    // Verifying while the download runs must not hold it up.
    let threads = skippingHoles || pieces.isComplete ? Int.max : 1
    let isRight = try PieceScan.map(file, cut, count: count, threads: threads, progress: progress) { piece in
      guard pieces.contains(piece) else { return false }
      guard cut.pieces > 1, file.isHole(cut.bytes(of: piece)) else { return nil }
      return skippingHoles ? false : manifest.isZeros(piece)
    } _: {
      manifest.verify($0, $1)
    }
    for (piece, isRight) in (isRight ?? []).enumerated() where isRight { have.insert(piece) }
    return have
  }

  /// Cuts a file into pieces and hashes it (the original's `create_chunks`).
  private static func hash(
    _ file: File, as before: FileStatus, _ cut: Cut, _ flag: Flag?, _ memory: HashMemory?,
    _ progress: @escaping @Sendable (UInt64) -> Void
  ) throws(SystemError) -> StoreFinding {
    guard before.size == Int(cut.size) else { return .hashed(nil) }
    let stamp = FileStamp(before)
    if let known = memory?.recall(stamp, cut) { return .hashed(known) }
    let values = try PieceScan.map(file, cut, count: cut.pieces > 1 ? cut.pieces : 0, until: flag, progress: progress) {
      piece in
      guard file.isHole(cut.bytes(of: piece)) else { return nil }
      return Blake3.chainingValue(ofZeros: cut.pieceLength(piece), firstLeaf: cut.firstLeaf(ofPiece: piece))
    } _: {
      Blake3.chainingValue(of: $1, firstLeaf: cut.firstLeaf(ofPiece: $0))
    }
    guard try file.status().isSame(as: before) else { return .hashed(nil) }
    guard let values, let last = try lastPiece(file, cut) else { return .ended }
    let manifest = last.read(0..<last.count) { Manifest(cut: cut, values: values, lastPiece: $0) }
    memory?.remember(manifest, stamp)
    return .hashed(manifest)
  }

  /// The same for the content of a folder, whose hashes are remembered as a whole.
  private static func hash(
    _ folder: PackedFolder, _ file: File, _ cut: Cut, _ flag: Flag?, _ progress: @escaping @Sendable (UInt64) -> Void
  ) throws(SystemError) -> Outcome {
    let before = try file.status()
    if let known = folder.knownManifest, known.cut == cut {
      return Outcome(result: .success(.hashed(known)), hashed: before)
    }
    let found = try hash(file, as: before, cut, flag, nil, progress)
    if case .hashed(let manifest?) = found { folder.hashed(manifest) }
    return Outcome(result: .success(found), hashed: before)
  }

  /// The last piece, or no bytes for an empty file; nil if it is no longer there.
  private static func lastPiece(_ file: File, _ cut: Cut) throws(SystemError) -> PieceBuffer? {
    let piece = cut.pieces - 1
    guard piece >= 0 else { return PieceBuffer(0) }
    let buffer = PieceBuffer(cut.pieceLength(piece))
    return try file.read(into: buffer, 0..<buffer.count, at: Int(cut.pieceOffset(piece))) == buffer.count ? buffer : nil
  }

  /// Checks whether a file matches its manifest and was not touched during the check.
  private static func reexamine(_ file: File, _ manifest: Manifest) throws(SystemError) -> Outcome {
    for _ in 0..<examinations {
      let before = try file.status()
      guard before.size == Int(manifest.cut.size) else { break }
      let cut = manifest.cut
      let isRight = try PieceScan.map(file, cut, count: cut.pieces) { _ in
      } known: {
        cut.pieces > 1 && file.isHole(cut.bytes(of: $0)) ? manifest.isZeros($0) : nil
      } _: {
        manifest.verify($0, $1)
      }
      guard let isRight, isRight.allSatisfy(\.self) else { break }
      if try file.status().isSame(as: before) { return Outcome(result: .success(.unchanged(true)), hashed: before) }
    }
    return Outcome(result: .success(.unchanged(false)))
  }

  /// How often a file that is touched during the check is checked again before it is no longer served.
  private static let examinations = 10
}

extension Span<UInt8> {
  /// Whether all bytes are zero.
  var isZeros: Bool {
    var offset = 0
    while offset + 32 <= count {
      let words = (0..<4).reduce(0 as UInt64) { $0 | bigEndian(at: offset + 8 * $1, as: UInt64.self) }
      guard words == 0 else { return false }
      offset += 32
    }
    while offset < count {
      guard self[offset] == 0 else { return false }
      offset += 1
    }
    return true
  }
}

extension Cut {
  /// Where the bytes of a piece are in the file.
  func bytes(of piece: Int) -> Range<Int> {
    let start = Int(pieceOffset(piece))
    return start..<start + pieceLength(piece)
  }

  func firstLeaf(ofPiece piece: Int) -> UInt64 { pieceOffset(piece) / UInt64(Blake3.leafBytes) }
}

extension File {
  /// Its status, once a further change would show in its times, and whether every change will. Writing through a memory
  /// mapping changes the times only when it makes a page dirty, so dirty pages are written back first; in a memory file
  /// system they never are.
  fileprivate func restingStatus() throws(SystemError) -> (FileStatus, isReliable: Bool) {
    var before = try status()
    guard !isInMemory else { return (before, false) }
    for _ in 0..<3 {
      let age = SystemClock.wall() &- max(before.modified, before.changed)
      if age >= 0, age < FileStamp.tick { usleep(UInt32((FileStamp.tick - age) / 1_000) + 1) }
      before = try status()
      // A read-only file has nothing to write back.
      try? sync()
      let after = try status()
      if after.isSame(as: before) { return (after, true) }
      before = after
    }
    return (before, false)
  }
}

extension FileStamp {
  /// A stamp of the status at this moment.
  init(_ status: FileStatus) {
    self.init(
      device: status.device, inode: status.inode, size: UInt64(max(status.size, 0)), modified: status.modified,
      changed: status.changed, time: SystemClock.wall())
  }
}

extension DiskStatus {
  init(_ status: FileStatus) {
    self =
      switch status.kind {
      case .regular: .file(size: UInt64(max(status.size, 0)))
      case .directory: .directory
      case .link, .other: .other
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
