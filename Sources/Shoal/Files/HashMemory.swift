import ShoalBase
import ShoalContent
import ShoalStore

/// The hashes of large files, kept in a folder, so that a file that nobody has touched need not be read again.
///
/// Each is a journal (Protocol.md's Appendix C) that tells all pieces of one file, under a name that follows from the
/// file's device, its inode and its cut.
struct HashMemory: Sendable {
  let folder: String

  /// Smaller files are hashed as fast as they are looked up.
  static let least: UInt64 = 16 << 20
  /// All that is kept, in bytes and files: some 30 TB of files. What was not used for longest is removed first.
  static let mostBytes = 256 << 20
  static let mostFiles = 1_000

  /// The manifest of the file that is now as `stamp` says, cut so.
  func recall(_ stamp: FileStamp, _ cut: Cut) -> Manifest? {
    guard cut.size >= HashMemory.least, case .journal(let journal) = JournalFile.read(path(stamp, cut)),
      journal.manifest.cut == cut, journal.pieces.isComplete, journal.isProven,
      journal.stamp?.isUntouched(in: stamp) == true
    else { return nil }
    FileSystem.touch(path(stamp, cut))
    return journal.manifest
  }

  /// Remembers the manifest of a file that nobody has touched since it was as `stamp` says. What cannot be kept is not.
  func remember(_ manifest: Manifest, _ stamp: FileStamp) {
    guard manifest.cut.size >= HashMemory.least, manifest.cut.pieces > 1, stamp.isUntouched(in: stamp) else { return }
    var (bytes, end) = Journal.beginning(manifest)
    let note = Journal.note(.full(capacity: manifest.cut.pieces), stamp, isProven: true, at: &end)
    bytes.append(note.span)
    guard bytes.count <= HashMemory.mostBytes / 2 else { return }
    let (path, made) = (path(stamp, manifest.cut), path(stamp, manifest.cut) + ".\(SystemClock.wall())")
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

  /// Removes what is too much.
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
