import ShoalBase
import ShoalStore

/// The files that journals are in. They are opened anew each time, a few seconds apart, and never through a link.
enum JournalFile {
  /// What is there. What others may have written tells nothing.
  static func read(_ path: String) -> Journal.Reading {
    guard let file = try? File.regular(path), let status = try? file.status() else { return .none }
    guard status.isOwn else { return .foreign }
    guard status.size <= Journal.mostBytes else { return .damaged }
    var bytes = [UInt8](repeating: 0, count: status.size)
    var room = bytes.mutableSpan
    guard let count = try? file.read(into: &room, at: 0) else { return .damaged }
    bytes.removeLast(bytes.count - count)
    return Journal.read(bytes)
  }

  /// Puts a new file there.
  static func begin(_ path: String, _ bytes: [UInt8]) throws(SystemError) {
    try? FileSystem.remove(path)
    try File.private(path).write(bytes.span, at: 0)
  }

  /// Adds to what is there, behind the first `offset` bytes, and returns when the disk has it.
  static func append(_ path: String, _ bytes: [UInt8], at offset: Int) throws(SystemError) {
    let file = try File.regular(path, writing: true)
    // What a crash tore must not follow.
    try file.resize(offset)
    try file.write(bytes.span, at: offset)
    try file.sync()
  }
}
