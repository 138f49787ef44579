import ShoalBase
import ShoalStore

/// Reads and writes the files of journals. They are opened each time, every few seconds, and never through a link.
enum JournalFile {
  /// What the journal has. One that others may have written to is ignored.
  static func read(_ path: String) -> Journal.Reading {
    guard let file = try? File.regular(path), let status = try? file.status() else { return .none }
    guard status.isOwn else { return .foreign }
    guard let bytes = bytes(of: file, upTo: Journal.mostBytes) else { return .damaged }
    // The journal of a folder comes after its mark.
    return Journal.read(FolderMark.length(bytes).map { Array(bytes[$0...]) } ?? bytes)
  }

  /// The bytes of a file, if it is this user's and nobody else may write to it.
  static func bytes(_ path: String, upTo most: Int) -> [UInt8]? {
    guard let file = try? File.regular(path), (try? file.status().isOwn) == true else { return nil }
    return bytes(of: file, upTo: most)
  }

  private static func bytes(of file: File, upTo most: Int) -> [UInt8]? {
    guard let size = try? file.status().size, size <= most else { return nil }
    var bytes = [UInt8](repeating: 0, count: size)
    var room = bytes.mutableSpan
    guard let count = try? file.read(into: &room, at: 0) else { return nil }
    bytes.removeLast(bytes.count - count)
    return bytes
  }

  /// Creates the file, replacing any that is there.
  static func begin(_ path: String, _ bytes: [UInt8]) throws(SystemError) {
    try? FileSystem.remove(path)
    try File.private(path).write(bytes.span, at: 0)
  }

  /// Appends after the first `offset` bytes, and returns when the data is on the disk.
  static func append(_ path: String, _ bytes: [UInt8], at offset: Int) throws(SystemError) {
    let file = try File.regular(path, writing: true)
    // Whatever a crash left behind the last whole record must go.
    try file.resize(offset)
    try file.write(bytes.span, at: offset)
    try file.sync()
  }
}
