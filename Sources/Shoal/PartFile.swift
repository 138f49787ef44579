import Glibc
import ShoalBase
import ShoalContent
import ShoalSwarm

/// The file that a download writes: `NAME.part` beside its target until it is whole, then the target.
struct PartFile: Sendable {
  let file: File
  let target: String
  /// The pieces that were there and are right.
  let have: BitSet
  /// The target itself was there, with the right content; there is nothing to write.
  let wasThere: Bool
  private let replacing: Bool

  /// Makes a place for a file of this manifest, and verifies what is there already.
  ///
  /// A part that holds something, and not one right piece, was not left by a download of this file, since only pieces
  /// that are right are ever written: unless `replacing`, it is an error. Zeros are nothing, as the place is claimed
  /// before the first piece comes.
  static func prepare(
    _ target: String, _ manifest: Manifest, replacing: Bool, _ progress: @escaping @Sendable (UInt64) -> Void
  ) -> Result<PartFile, ShoalError> {
    if !replacing, FileSystem.isDanglingLink(target) { return .failure(.linkToNothing(target)) }
    do throws(SystemError) {
      if let there = try existing(target, manifest, progress) {
        if there.isRight { return .success(there.part) }
        guard replacing else {
          return .failure(ShoalError(.exists, "\(target) exists and differs; use --output PATH or --force"))
        }
      }
      return try open(target, manifest, replacing: replacing, progress)
    } catch {
      return .failure(error.isDiskFull ? noRoom(error, manifest) : ShoalError(error))
    }
  }

  /// What lies at the target, and whether it is the file.
  private static func existing(
    _ target: String, _ manifest: Manifest, _ progress: @escaping @Sendable (UInt64) -> Void
  ) throws(SystemError) -> (part: PartFile, isRight: Bool)? {
    guard let status = try FileSystem.status(target) else { return nil }
    guard status.kind == .regular else {
      throw SystemError(status.kind == .directory ? EISDIR : ESPIPE, .create, target)
    }
    let file = try File.open(target)
    var have = BitSet(capacity: manifest.cut.pieces)
    let hasItsSize = status.size == Int(manifest.cut.size)
    if hasItsSize { have = try verify(file, manifest, progress) }
    let part = PartFile(file: file, target: target, have: have, wasThere: true, replacing: false)
    return (part, hasItsSize && have.count == manifest.cut.pieces)
  }

  private static func open(
    _ target: String, _ manifest: Manifest, replacing: Bool, _ progress: @escaping @Sendable (UInt64) -> Void
  ) throws(SystemError) -> Result<PartFile, ShoalError> {
    let path = partPath(of: target)
    let file: File
    let wasThere: Bool
    do throws(SystemError) {
      (file, wasThere) = try create(path)
    } catch {
      guard error.code == ELOOP else { throw error }
      return .failure(ShoalError(.exists, "\(path) is a symbolic link; remove it, or use --output PATH"))
    }
    guard try file.status().kind == .regular else { throw SystemError(ESPIPE, .create, path) }
    var have = BitSet(capacity: manifest.cut.pieces)
    do {
      try file.lock()
      if wasThere { have = try verify(file, manifest, progress) }
      if have.isEmpty, try file.hasContent() {
        guard replacing else {
          return .failure(ShoalError(.exists, "\(path) is of another file; use --output PATH or --force"))
        }
        try file.resize(0)
      }
      if try file.size() > Int(manifest.cut.size) { try file.resize(Int(manifest.cut.size)) }
      // All of it now, so that a disk that is too small is known before anything is fetched.
      try file.allocate(Int(manifest.cut.size))
    } catch {
      // Nothing is left of what was made in vain, unless another process has it now.
      if !wasThere, error.code != EWOULDBLOCK { try? FileSystem.remove(path) }
      throw error
    }
    return .success(PartFile(file: file, target: target, have: have, wasThere: false, replacing: replacing))
  }

  /// Opens the part, or makes it; whether it was there.
  private static func create(_ path: String) throws(SystemError) -> (File, wasThere: Bool) {
    do throws(SystemError) {
      return (try File.create(path, existing: .refuse, followsLinks: false), false)
    } catch {
      guard error.code == EEXIST else { throw error }
      return (try File.create(path, followsLinks: false), true)
    }
  }

  /// The pieces of a file that are right: nothing that an earlier run left is believed.
  private static func verify(
    _ file: File, _ manifest: Manifest, _ progress: @escaping @Sendable (UInt64) -> Void
  ) throws(SystemError) -> BitSet {
    var have = BitSet(capacity: manifest.cut.pieces)
    let size = UInt64(try file.size())
    // A part that is short ends within a piece, which is not here then.
    let count = size >= manifest.cut.size ? manifest.cut.pieces : Int(size >> UInt64(manifest.cut.pieceExponent))
    let isRight = try PieceScan.map(file, manifest.cut, count: count, progress: progress) {
      manifest.verify($0, $1)
    }
    for piece in isRight?.indices ?? 0..<0 where isRight![piece] { have.insert(piece) }
    return have
  }

  /// Gives the file its name, once its bytes are on the disk; nil if that succeeded.
  func finish() -> ShoalError? {
    guard !wasThere else { return nil }
    do throws(SystemError) {
      try file.sync()
      try FileSystem.rename(partPath(of: target), to: target, replacing: replacing)
      try FileSystem.syncDirectory(FileSystem.parent(target))
      return nil
    } catch {
      return error.code == EEXIST
        ? ShoalError(.exists, "\(target) has come to exist meanwhile; the file is whole in \(partPath(of: target))")
        : ShoalError(error)
    }
  }

  /// There is no room for the file, or none for us: which, as far as the file system tells.
  private static func noRoom(_ error: SystemError, _ manifest: Manifest) -> ShoalError {
    let allocated = (try? FileSystem.status(error.subject))?.allocated ?? 0
    let needed = manifest.cut.size - min(UInt64(max(allocated, 0)), manifest.cut.size)
    guard error.code == ENOSPC, let free = FileSystem.free(at: error.subject) else {
      return ShoalError(.diskFull, "\(error), \(megabytes(needed)) are needed; free space and repeat")
    }
    guard free < needed else {
      let refusal = "the file system refuses \(megabytes(needed)), though it shows \(megabytes(free)) free"
      return ShoalError(.diskFull, "\(error.subject): \(refusal); is there a quota? write elsewhere with --output PATH")
    }
    return diskFull(error.subject, short: needed - free, kept: 0)
  }

  static func diskFull(_ path: String, short: UInt64, kept: UInt64) -> ShoalError {
    let keeps = kept > 0 ? " and repeat: \(megabytes(kept)) are kept" : " and repeat"
    return ShoalError(.diskFull, "\(path): disk full, \(megabytes(short)) short; free space\(keeps)")
  }

  /// `308.3 MB`.
  static func megabytes(_ bytes: UInt64) -> String {
    let tenths = (bytes + 50_000) / 100_000
    return "\(tenths / 10).\(tenths % 10) MB"
  }
}

extension ShoalError {
  /// What has the name of the file is nothing that could be compared with it.
  package static func linkToNothing(_ path: String) -> ShoalError {
    ShoalError(.exists, "\(path) is a symbolic link to nothing; remove it, or use --output PATH or --force")
  }
}
