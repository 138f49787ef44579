import Glibc

// Safety: the system reads C strings and fills local structures before each call returns; it keeps no pointer.

/// The status of a path or an open file.
package struct FileStatus: Hashable, Sendable {
  package enum Kind: Sendable { case regular, directory, link, other }

  package var kind: Kind
  /// Bytes.
  package var size: Int
  /// Bytes of disk space that it takes up.
  package var allocated: Int
  /// The file system it is on.
  package var device: UInt64
  /// Together with `device`, identifies the file.
  package var inode: UInt64
  /// When its content last changed, in nanoseconds since 1970; together with the rest, shows whether it is unchanged.
  package var modified: Int64
  /// When its content, name or permissions last changed, in the same unit; nobody can set it back.
  package var changed: Int64

  /// Whether its owner may run it.
  package var isExecutable: Bool
  /// Whether it is this user's, and nobody else may write to it.
  package var isOwn: Bool

  /// Whether the file was not touched between `other` and this status.
  func isSame(as other: FileStatus) -> Bool {
    size == other.size && modified == other.modified && changed == other.changed
  }

  /// The status of a file of this size that the system does not know.
  init(size: Int) {
    var info = stat()
    (info.st_mode, info.st_size) = (S_IFREG, size)
    self.init(info)
  }

  init(_ info: stat) {
    kind =
      switch info.st_mode & S_IFMT {
      case S_IFREG: .regular
      case S_IFDIR: .directory
      case S_IFLNK: .link
      default: .other
      }
    size = Int(info.st_size)
    allocated = Int(info.st_blocks) * 512
    device = UInt64(info.st_dev)
    inode = UInt64(info.st_ino)
    func nanoseconds(_ time: timespec) -> Int64 { Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec) }
    modified = nanoseconds(info.st_mtim)
    changed = nanoseconds(info.st_ctim)
    isExecutable = info.st_mode & S_IXUSR != 0
    isOwn = info.st_uid == geteuid() && info.st_mode & (S_IWGRP | S_IWOTH) == 0
  }
}

/// Operations on paths.
package enum FileSystem {
  /// A variable of the environment; empty if there is none.
  static func environment(_ name: String) -> String { unsafe getenv(name).map { unsafe String(cString: $0) } ?? "" }

  /// What is at `path`, symbolic links followed; nil when nothing is.
  package static func status(_ path: String) throws(SystemError) -> FileStatus? {
    var info = stat()
    if unsafe stat(path, &info) == 0 { return FileStatus(info) }
    if errno == ENOENT || errno == ENOTDIR { return nil }
    throw SystemError(errno, .examine, path)
  }

  /// The bytes free for this user where a file is or would be; nil where the system does not say.
  package static func free(at path: String) -> UInt64? {
    var status = statvfs()
    guard unsafe statvfs(parent(path), &status) == 0 else { return nil }
    return UInt64(status.f_bavail) * UInt64(status.f_frsize)
  }

  /// Whether `path` is a symbolic link that leads nowhere.
  package static func isDanglingLink(_ path: String) -> Bool {
    var info = stat()
    return unsafe lstat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFLNK && (try? status(path)) == .some(nil)
  }

  /// Whether two paths name one regular file, which need not exist yet.
  package static func areSame(_ a: String, _ b: String) -> Bool {
    if let first = try? status(a), let second = try? status(b) {
      return first.kind == .regular && first.inode == second.inode && first.device == second.device
    }
    guard lastComponent(a) == lastComponent(b) else { return false }
    guard let first = try? status(parent(a)), let second = try? status(parent(b)) else { return a == b }
    return first.inode == second.inode && first.device == second.device
  }

  private static func lastComponent(_ path: String) -> String? {
    path.unicodeScalars.split(separator: "/").last.map { String($0) }
  }

  /// The last component of a path, with links and dots resolved if there is no other way to determine it; empty for the
  /// root.
  static func name(of path: String) -> String {
    let name = lastComponent(path) ?? ""
    guard name == "." || name == ".." else { return name }
    guard let resolved = unsafe realpath(path, nil) else { return "" }
    defer { unsafe Glibc.free(resolved) }
    return unsafe lastComponent(String(cString: resolved)) ?? ""
  }

  /// The directory that a file is in.
  package static func parent(_ path: String) -> String {
    guard let slash = path.unicodeScalars.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// Renames in one step. Unless `replacing`, fails with `EEXIST` and the new path as the subject if that path is
  /// taken.
  package static func rename(_ old: String, to new: String, replacing: Bool) throws(SystemError) {
    if replacing {
      guard unsafe Glibc.rename(old, new) == 0 else { throw SystemError(errno, .rename, old) }
      return
    }
    if unsafe renameat2(AT_FDCWD, old, AT_FDCWD, new, UInt32(RENAME_NOREPLACE)) == 0 { return }
    guard errno == EINVAL || errno == ENOSYS else { throw renameFailure(old, new) }
    try renameByLink(old, to: new)
  }

  /// Renames on file systems that cannot do so without replacing: a hard link refuses to replace, too.
  package static func renameByLink(_ old: String, to new: String) throws(SystemError) {
    if unsafe link(old, new) == 0 {
      try remove(old)
      return
    }
    // No hard links either: all one can do is look first.
    guard errno == EPERM || errno == EOPNOTSUPP || errno == ENOSYS || errno == EMLINK else {
      throw renameFailure(old, new)
    }
    var info = stat()
    if unsafe lstat(new, &info) == 0 { throw SystemError(EEXIST, .rename, new) }
    try rename(old, to: new, replacing: true)
  }

  private static func renameFailure(_ old: String, _ new: String) -> SystemError {
    SystemError(errno, .rename, errno == EEXIST ? new : old)
  }

  /// Removes a file.
  package static func remove(_ path: String) throws(SystemError) {
    guard unsafe unlink(path) == 0 else { throw SystemError(errno, .remove, path) }
  }

  /// Returns once the names in `directory` are on the disk: only then is a rename durable.
  package static func syncDirectory(_ directory: String) throws(SystemError) {
    let descriptor = unsafe open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw SystemError(errno, .sync, directory) }
    defer { close(descriptor) }
    // Some file systems have nothing to sync here and say so.
    guard fsync(descriptor) == 0 || errno == EINVAL else { throw SystemError(errno, .sync, directory) }
  }
}
