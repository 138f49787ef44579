import Glibc
import Shoal
import ShoalTerminal

/// The file of defaults.
enum Defaults {
  /// Its path; nil if there is no home directory.
  static var path: String? {
    let config = SystemCall.environment("XDG_CONFIG_HOME")
    let home = SystemCall.environment("HOME")
    // The XDG specification says to ignore a relative path.
    if config.hasPrefix("/") { return config + "/shoal/config" }
    return home.isEmpty ? nil : home + "/.config/shoal/config"
  }

  /// Its content; nil if there is none, or if these words say not to read it.
  static func read(for words: [String], at path: String? = path) throws(UsageError) -> ConfigFile? {
    guard let path, !words.prefix(while: { $0 != "--" }).contains("--no-config") else { return nil }
    let remedy = "; or use --no-config"
    let descriptor = SystemCall.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      if errno == ENOENT || errno == ENOTDIR { return nil }
      throw UsageError("\(SystemError(errno, .read, escaped(path)))\(remedy)")
    }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: ConfigFile.longest + 1)
    var room = bytes.mutableSpan
    let count = Descriptor.read(from: descriptor, into: &room)
    guard count >= 0 else { throw UsageError("\(SystemError(errno, .read, escaped(path)))\(remedy)") }
    guard count <= ConfigFile.longest else {
      throw UsageError("\(escaped(path)): is longer than 64 KiB\(remedy)")
    }
    return try ConfigFile(path: path, text: String(decoding: bytes[..<count], as: UTF8.self))
  }
}
