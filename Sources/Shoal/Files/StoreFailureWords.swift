import Glibc
import ShoalContent
import ShoalStore

extension JournalFault {
  /// The fault, as the end of a sentence about the journal.
  var words: String {
    switch self {
    case .damaged: "is damaged"
    case .foreign: "may belong to somebody else"
    case .otherVersion(let version): "is of version \(version), and this is version \(Journal.version)"
    case .disagrees: "does not match the part, which has been changed since"
    }
  }
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
      self.init(.exists, "\(path) belongs to another file", remedy: .otherDestinationOrForce)
    case .partTouched(let path):
      self.init(.changed, "\(path) was changed by another program; try again, and it is checked and repaired")
    case .nameTaken(let path, let part):
      self.init(.exists, "\(path) has been created meanwhile; the complete file is in \(part)")
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
      self.init(.file, "\(path): its size is not what the system says; \(remedy)")
    case .tooLarge(let path): self.init(.file, "\(path): larger than 16 TiB")
    case .changed(let path):
      self.init(.changed, "\(path) was changed while it was read; try again when nothing writes to it")
    case .noFile(let path, let isDirectory): self.init(SystemError(isDirectory ? EISDIR : ESPIPE, .open, path))
    case .reading(let error), .preparing(let error), .writing(let error): self.init(error.systemError)
    case .differs(let path), .linkToNothing(let path), .partIsLink(let path), .partIsNoFile(let path),
      .partOfAnother(let path), .partTouched(let path), .nameTaken(let path, _):
      self.init(.file, "\(path) cannot be shared")
    }
  }

  /// Tells apart, as far as the file system does, a full disk and a user who may not use the free space.
  private static func noRoom(_ error: SystemError, _ manifest: Manifest) -> ShoalError {
    let allocated = (try? FileSystem.status(error.subject))?.allocated ?? 0
    let needed = manifest.cut.size - min(UInt64(max(allocated, 0)), manifest.cut.size)
    guard error.code == ENOSPC, let free = FileSystem.free(at: error.subject) else {
      return ShoalError(.diskFull, "\(error), \(megabytes(needed)) are needed; free space and try again")
    }
    guard free < needed else {
      let refusal = "the file system refuses \(megabytes(needed)), though it shows \(megabytes(free)) free"
      return ShoalError(
        .diskFull, "\(error.subject): \(refusal); is there a quota?", remedy: .otherDestination)
    }
    return diskFull(error.subject, short: needed - free, kept: 0)
  }

  private static func diskFull(_ path: String, short: UInt64, kept: UInt64) -> ShoalError {
    let keeps = kept > 0 ? " and try again: \(megabytes(kept)) are kept" : " and try again"
    return ShoalError(.diskFull, "\(path): disk full, \(megabytes(short)) short; free space\(keeps)")
  }

  /// The file's name is taken by a dangling link, with which it cannot be compared.
  package static func linkToNothing(_ path: String) -> ShoalError {
    ShoalError(.exists, "\(path) is a symbolic link to nothing", remedy: .removeOtherDestinationOrForce)
  }

  /// `308.3 MB`.
  static func megabytes(_ bytes: UInt64) -> String {
    let tenths = (bytes + 50_000) / 100_000
    return "\(tenths / 10).\(tenths % 10) MB"
  }
}
