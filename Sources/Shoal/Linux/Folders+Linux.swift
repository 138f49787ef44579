import Glibc

// Safety: the system reads C strings before each call returns; an entry's name ends with a zero, and is copied before the
// next entry is read.

extension FileSystem {
  /// The user's cache folder; nil if the environment names none.
  package static var cacheFolder: String? {
    let named = environment("XDG_CACHE_HOME")
    if named.hasPrefix("/") { return named + "/shoal" }
    let home = environment("HOME")
    return home.hasPrefix("/") ? home + "/.cache/shoal" : nil
  }

  /// Makes a folder for this user alone, and its parents, unless they exist.
  static func makeFolder(_ path: String) {
    guard unsafe mkdir(path, 0o700) != 0, errno == ENOENT else { return }
    let parent = parent(path)
    guard parent.utf8.count < path.utf8.count, parent != "/", parent != "." else { return }
    makeFolder(parent)
    _ = unsafe mkdir(path, 0o700)
  }

  /// The paths of the entries of a folder, except hidden ones.
  static func files(in folder: String) -> [String] {
    guard let stream = unsafe opendir(folder) else { return [] }
    defer { unsafe closedir(stream) }
    var paths: [String] = []
    while let entry = unsafe readdir(stream) {
      // The kernel ends the name with a zero.
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      if !name.hasPrefix(".") { paths.append(folder + "/" + name) }
    }
    return paths
  }

  /// Removes an empty folder.
  static func removeFolder(_ path: String) throws(SystemError) {
    guard unsafe rmdir(path) == 0 else { throw SystemError(errno, .remove, path) }
  }

  /// Notes that a file was used now.
  static func touch(_ path: String) { _ = unsafe utimensat(AT_FDCWD, path, nil, AT_SYMLINK_NOFOLLOW) }
}
