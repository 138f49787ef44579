import Glibc

// Safety: the system reads C strings and fills locals, whose sizes it is told or knows, before each call returns.

/// System calls that take paths; they return what the system does, and leave `errno` as it was set.
package enum SystemCall {
  /// Opens a file.
  package static func open(_ path: String, _ flags: Int32, _ mode: mode_t = 0o666) -> Int32 {
    unsafe Glibc.open(path, flags, mode)
  }

  /// Makes a directory; returns whether it exists now.
  package static func makeDirectory(_ path: String) -> Bool { unsafe mkdir(path, 0o777) == 0 || errno == EEXIST }

  /// Removes an empty directory.
  package static func removeDirectory(_ path: String) { unsafe _ = rmdir(path) }

  /// Removes a file's name.
  package static func remove(_ path: String) { unsafe _ = unlink(path) }

  /// Renames a file; returns whether that succeeded.
  package static func rename(_ old: String, to new: String, replacing: Bool) -> Bool {
    unsafe renameat2(AT_FDCWD, old, AT_FDCWD, new, replacing ? 0 : UInt32(RENAME_NOREPLACE)) == 0
  }

  /// The target of a symbolic link; empty if it is not one.
  package static func target(ofLink path: String) -> String {
    var target = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = unsafe readlink(path, &target, target.count)
    return String(decoding: target.prefix(max(count, 0)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Whether this process may write there.
  package static func isWritable(_ path: String) -> Bool { unsafe access(path, W_OK) == 0 }

  /// A variable of the environment; empty if there is none.
  package static func environment(_ name: String) -> String {
    unsafe getenv(name).map { unsafe String(cString: $0) } ?? ""
  }

  /// Makes a directory whose name begins with `prefix`; nil if it cannot be made.
  package static func makeTemporaryDirectory(_ prefix: String) -> String? {
    var template = Array("\(prefix)XXXXXX".utf8CString)
    guard unsafe mkdtemp(&template) != nil else { return nil }
    return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Opens a new file that has no name.
  package static func openTemporary(_ prefix: String) -> Int32 {
    var template = Array("\(prefix)XXXXXX".utf8CString)
    let descriptor = unsafe mkostemp(&template, O_CLOEXEC)
    if descriptor >= 0 { unsafe unlink(template) }
    return descriptor
  }

  /// Parses an IPv4 address; nil if it is none.
  package static func ipv4(_ text: String) -> UInt32? {
    var address = in_addr()
    return unsafe inet_pton(AF_INET, text, &address) == 1 ? UInt32(bigEndian: address.s_addr) : nil
  }

  /// Parses an IPv6 address into two halves; nil if it is none.
  package static func ipv6(_ text: String) -> (high: UInt64, low: UInt64)? {
    var address = in6_addr()
    guard unsafe inet_pton(AF_INET6, text, &address) == 1 else { return nil }
    let words = unsafe address.__in6_u.__u6_addr32
    let (a, b) = (UInt32(bigEndian: words.0), UInt32(bigEndian: words.1))
    let (c, d) = (UInt32(bigEndian: words.2), UInt32(bigEndian: words.3))
    return (UInt64(a) << 32 | UInt64(b), UInt64(c) << 32 | UInt64(d))
  }
}
