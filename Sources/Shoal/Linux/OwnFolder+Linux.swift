import Glibc

// Safety: the system reads C strings, fills locals, and the folder's entries are copied before they are closed.

/// A folder that only this user can enter, made if necessary.
package enum OwnFolder {
  /// Makes the folder, or checks the one that is there: another user may have made one of that name, which must not be
  /// used.
  package static func make(_ path: String) throws(SystemError) {
    guard unsafe mkdir(path, 0o700) == 0 || errno == EEXIST else { throw SystemError(errno, .create, path) }
    try check(path)
  }

  /// Whether it is a folder of this user's that nobody else can enter.
  package static func check(_ path: String) throws(SystemError) {
    var info = stat()
    guard unsafe lstat(path, &info) == 0 else { throw SystemError(errno, .examine, path) }
    guard info.st_mode & S_IFMT == S_IFDIR else { throw SystemError(ENOTDIR, .examine, path) }
    guard info.st_uid == geteuid(), info.st_mode & 0o077 == 0 else { throw SystemError(EPERM, .open, path) }
  }

  /// The paths of its entries, sorted by name.
  package static func entries(_ path: String) -> [String] { FileSystem.files(in: path).sorted() }

  /// The number of this process and of its user.
  package static var process: Int32 { getpid() }
  package static var user: UInt32 { geteuid() }

  /// Asks this process to end, as if from outside.
  package static func endProcess() { kill(getpid(), SIGTERM) }
}
