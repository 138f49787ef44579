import ShoalBase
import ShoalContent
import ShoalStore

/// The hashes of large files, kept in a folder, so that a file that has not been touched since need not be read again.
///
/// Each is a journal (Protocol.md, appendix C) that lists all pieces of one file, under a name derived from the file's
/// device, inode and cut.
struct HashMemory: Sendable {
  let folder: String

  /// The least size of such a file: hashing a smaller one takes no longer than looking it up.
  static let least: UInt64 = 16 << 20
  /// The most that is kept, in bytes and in files: enough for some 30 TB. The least recently used goes first.
  static let mostBytes = 256 << 20
  static let mostFiles = 1_000

  /// The manifest, for this cut, of the file that `stamp` describes; nil if it is not known.
  func recall(_ stamp: FileStamp, _ cut: Cut) -> Manifest? {
    guard cut.size >= HashMemory.least, case .journal(let journal) = JournalFile.read(path(stamp, cut)),
      journal.manifest.cut == cut, journal.pieces.isComplete, journal.isProven,
      journal.stamp?.isUntouched(in: stamp) == true
    else { return nil }
    FileSystem.touch(path(stamp, cut))
    return journal.manifest
  }

  /// Keeps the manifest of a file that has not been touched since `stamp`. Errors are ignored.
  func remember(_ manifest: Manifest, _ stamp: FileStamp) {
    guard manifest.cut.size >= HashMemory.least, manifest.cut.pieces > 1, stamp.isUntouched(in: stamp) else { return }
    var (bytes, end) = Journal.beginning(manifest)
    let note = Journal.note(.full(capacity: manifest.cut.pieces), stamp, isProven: true, at: &end)
    bytes.append(note.span)
    guard bytes.count <= HashMemory.mostBytes / 2 else { return }
    keep(bytes, as: path(stamp, manifest.cut))
  }

  /// Writes a file, in one step. If that fails, nothing is remembered.
  func keep(_ bytes: [UInt8], as path: String) {
    let made = path + ".\(SystemClock.wall())"
    FileSystem.makeFolder(folder)
    do throws(SystemError) {
      try JournalFile.begin(made, bytes)
      try FileSystem.rename(made, to: path, replacing: true)
    } catch { try? FileSystem.remove(made) }
    bound()
  }

  private func path(_ stamp: FileStamp, _ cut: Cut) -> String {
    let name = [stamp.device, stamp.inode, UInt64(cut.pieceExponent), UInt64(cut.chunks)]
    return folder + "/" + name.map { String($0, radix: 16) }.joined(separator: "-")
  }

  /// Removes what exceeds the limits.
  private func bound() {
    var files = FileSystem.files(in: folder).compactMap { path in
      (try? FileSystem.status(path)).map { (path: path, size: $0.size, used: $0.modified) }
    }
    files.sort { $0.used > $1.used }
    var bytes = 0
    for (i, file) in files.enumerated() {
      bytes += file.size
      if i >= HashMemory.mostFiles || bytes > HashMemory.mostBytes { try? FileSystem.remove(file.path) }
    }
  }
}
