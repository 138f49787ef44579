import Glibc

// Safety: the system reads C strings and fills local structures and arrays, whose lengths it is given, before each call
// returns; an entry's name ends with a zero, and is copied before the next entry is read.

/// An open directory. Its entries are named by single components and no symbolic link is followed, so that nothing
/// outside it can be reached through it, whatever other programs move about meanwhile.
final class Directory: Sendable {
  /// The path that it was opened by, for messages.
  let path: String
  private let descriptor: Int32

  private init(_ descriptor: Int32, _ path: String, _ action: SystemError.Action = .open) throws(SystemError) {
    (self.descriptor, self.path) = (descriptor, path)
    // A link in place of a directory is reported as "not a directory", whichever error the system gives.
    guard descriptor >= 0 else { throw SystemError(errno == ELOOP ? ENOTDIR : errno, action, path) }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  private static let flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC

  /// Opens a directory; a link in its place is followed only if that is allowed.
  static func open(_ path: String, followsLinks: Bool) throws(SystemError) -> Directory {
    unsafe try Directory(Glibc.open(path, flags | (followsLinks ? 0 : O_NOFOLLOW)), path)
  }

  /// Makes a directory, unless something has its path.
  static func make(_ path: String) throws(SystemError) {
    guard unsafe mkdir(path, 0o777) == 0 || errno == EEXIST else { throw SystemError(errno, .create, path) }
  }

  func path(of name: String) -> String { path + "/" + name }

  private func failure(_ action: SystemError.Action, _ name: String) -> SystemError {
    SystemError(errno, action, path(of: name))
  }

  // MARK: What is in it

  /// A directory in it.
  func directory(_ name: String) throws(SystemError) -> Directory {
    unsafe try Directory(openat(descriptor, name, Directory.flags | O_NOFOLLOW), path(of: name))
  }

  /// Makes a directory in it, unless something has the name.
  func makeDirectory(_ name: String) throws(SystemError) {
    guard unsafe mkdirat(descriptor, name, 0o777) == 0 || errno == EEXIST else { throw failure(.create, name) }
  }

  /// Opens a regular file in it for reading.
  func file(_ name: String) throws(SystemError) -> File {
    try open(name, O_RDONLY, .open)
  }

  /// Opens a regular file in it for reading and writing, and makes it if there is none.
  func create(_ name: String, isExecutable: Bool) throws(SystemError) -> File {
    try open(name, O_RDWR | O_CREAT, .create, mode: isExecutable ? 0o777 : 0o666)
  }

  private func open(
    _ name: String, _ flags: Int32, _ action: SystemError.Action, mode: mode_t = 0
  ) throws(SystemError) -> File {
    let all = flags | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC
    var result: Int32
    repeat { result = unsafe openat(descriptor, name, all, mode) } while result < 0 && errno == EINTR
    guard result >= 0 else { throw failure(action, name) }
    let file = try File(path(of: name), owning: result, in: path)
    guard try file.status().kind == .regular else { throw SystemError(ESPIPE, action, path(of: name)) }
    return file
  }

  /// The status of the entry of that name; nil if there is none.
  func status(_ name: String) throws(SystemError) -> FileStatus? {
    var info = stat()
    if unsafe fstatat(descriptor, name, &info, AT_SYMLINK_NOFOLLOW) == 0 { return FileStatus(info) }
    guard errno == ENOENT else { throw failure(.examine, name) }
    return nil
  }

  /// The target of a symbolic link; nil if there is no link, or its target is not UTF-8.
  func target(_ name: String) -> String? {
    var bytes = [UInt8](repeating: 0, count: 4_096)
    let count = unsafe bytes.withUnsafeMutableBytes { room in
      unsafe room.withMemoryRebound(to: CChar.self) { unsafe readlinkat(descriptor, name, $0.baseAddress!, $0.count) }
    }
    guard count > 0, count < bytes.count else { return nil }
    return String(validating: bytes[..<count], as: UTF8.self)
  }

  /// Makes a symbolic link.
  func makeLink(_ name: String, to target: String) throws(SystemError) {
    guard unsafe symlinkat(target, descriptor, name) == 0 || errno == EEXIST else { throw failure(.create, name) }
  }

  /// Moves an entry to the same name in another directory; fails with `EEXIST` if that is taken, unless `replacing`.
  func move(_ name: String, to other: Directory, replacing: Bool) throws(SystemError) {
    if replacing {
      guard unsafe renameat(descriptor, name, other.descriptor, name) == 0 else { throw failure(.rename, name) }
      return
    }
    if unsafe renameat2(descriptor, name, other.descriptor, name, UInt32(RENAME_NOREPLACE)) == 0 { return }
    guard errno == EINVAL || errno == ENOSYS else {
      throw SystemError(errno, .rename, errno == EEXIST ? other.path(of: name) : path(of: name))
    }
    // On such file systems, all one can do is look first.
    guard try other.status(name) == nil else { throw SystemError(EEXIST, .rename, other.path(of: name)) }
    try move(name, to: other, replacing: true)
  }

  /// Removes a file or link, or an empty directory.
  func remove(_ name: String, isDirectory: Bool = false) throws(SystemError) {
    guard unsafe unlinkat(descriptor, name, isDirectory ? AT_REMOVEDIR : 0) == 0 else { throw failure(.remove, name) }
  }

  /// Sets the modification time of a directory in it, in nanoseconds since 1970. Errors are ignored.
  func setModified(_ name: String, _ time: Int64) {
    var times = timespec.both(time)
    _ = unsafe utimensat(descriptor, name, &times, AT_SYMLINK_NOFOLLOW)
  }

  /// The names of its entries, as bytes.
  func names() throws(SystemError) -> [[UInt8]] {
    let copy = unsafe openat(descriptor, ".", Directory.flags)
    guard copy >= 0, let stream = unsafe fdopendir(copy) else {
      let error = SystemError(errno, .read, path)
      if copy >= 0 { close(copy) }
      throw error
    }
    defer { unsafe closedir(stream) }
    var names: [[UInt8]] = []
    while true {
      errno = 0
      guard let entry = unsafe readdir(stream) else {
        guard errno == 0 else { throw SystemError(errno, .read, path) }
        return names
      }
      // The kernel ends the name with a zero.
      let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { unsafe Array($0.prefix { $0 != 0 }) }
      if name != [UInt8(ascii: ".")], name != Array("..".utf8) { names.append(name) }
    }
  }

  /// Whether the file system distinguishes names that differ only by case or normal form.
  func tellsNamesApart() throws(SystemError) -> Bool {
    let name = ".shoal-caf\u{E9}"
    _ = try create(name, isExecutable: false)
    defer { try? remove(name) }
    for other in [".SHOAL-caf\u{E9}", ".shoal-cafe\u{301}"] where try status(other) != nil { return false }
    return true
  }

  // MARK: The whole

  /// Returns when everything that was written to its file system is on the disk.
  func syncFileSystem() throws(SystemError) {
    guard syncfs(descriptor) == 0 else { throw SystemError(errno, .sync, path) }
  }

  /// Claims it against other processes: see `File.lock`.
  func lock() throws(SystemError) {
    guard flock(descriptor, LOCK_EX | LOCK_NB) != 0 else { return }
    guard errno == ENOSYS || errno == EOPNOTSUPP || errno == ENOLCK else { throw SystemError(errno, .lock, path) }
  }

  /// The bytes that are free for this user on its file system; nil where the system does not say.
  var free: UInt64? {
    var status = statvfs()
    guard unsafe fstatvfs(descriptor, &status) == 0 else { return nil }
    return UInt64(status.f_bavail) * UInt64(status.f_frsize)
  }
}

extension File {
  /// Returns when everything that was written to its file system is on the disk.
  func syncFileSystem() throws(SystemError) {
    guard syncfs(descriptor) == 0 else { throw SystemError(errno, .sync, path) }
  }

  /// Sets its modification time, in nanoseconds since 1970. Errors are ignored.
  func setModified(_ time: Int64) {
    var times = timespec.both(time)
    _ = unsafe futimens(descriptor, &times)
  }
}

extension timespec {
  /// The time of last access, which is left as it is, and that of the last change.
  fileprivate static func both(_ time: Int64) -> [timespec] {
    let (seconds, rest) = (time / 1_000_000_000, time % 1_000_000_000)
    let change =
      rest < 0
      ? timespec(tv_sec: Int(seconds) - 1, tv_nsec: Int(rest) + 1_000_000_000)
      : timespec(tv_sec: Int(seconds), tv_nsec: Int(rest))
    return [timespec(tv_sec: 0, tv_nsec: omit), change]
  }

  /// `UTIME_OMIT`, which Swift does not see.
  private static let omit = (1 << 30) - 2
}
