import Glibc

// Safety: the system reads C strings and fills local structures before each call returns; it keeps no pointer.

/// What tests do to files and names beyond what a `Scratch` folder offers.
public enum TestFile {
  /// Whether there is an entry at `path`, with links followed.
  public static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

  /// Whether a file may be read, written or run: `R_OK`, `W_OK`, `X_OK`.
  public static func allows(_ modes: Int32, _ path: String) -> Bool { unsafe access(path, modes) == 0 }

  /// A descriptor of a file; negative if it cannot be opened.
  public static func open(_ path: String, _ flags: Int32) -> Int32 { unsafe Glibc.open(path, flags | O_CLOEXEC) }

  /// Makes a pipe that has a name; whether that succeeded.
  public static func makePipe(_ path: String) -> Bool { unsafe mkfifo(path, 0o600) == 0 }

  /// Makes a symbolic link at `path`; whether that succeeded.
  public static func makeLink(_ path: String, to target: String) -> Bool { unsafe symlink(target, path) == 0 }

  /// Gives a file a second name; whether that succeeded.
  public static func name(_ file: String, also path: String) -> Bool { unsafe link(file, path) == 0 }

  /// Sets both times of a file to now.
  public static func touch(_ path: String) { _ = unsafe utimensat(AT_FDCWD, path, nil, 0) }

  /// Sets who may use a file.
  public static func restrict(_ path: String, to mode: mode_t) { _ = unsafe chmod(path, mode) }

  /// Who may do what with it; nil if it is not there.
  public static func mode(_ path: String) -> mode_t? {
    var info = stat()
    return unsafe lstat(path, &info) == 0 ? info.st_mode & 0o7777 : nil
  }

  /// The times of a file's last use and last change.
  public static func times(_ path: String) -> [timespec]? {
    var info = stat()
    return unsafe stat(path, &info) == 0 ? [info.st_atim, info.st_mtim] : nil
  }

  /// Sets the times of a file's last use and last change; whether that succeeded.
  public static func set(_ times: [timespec], _ path: String) -> Bool {
    precondition(times.count == 2)
    return unsafe utimensat(AT_FDCWD, path, times, 0) == 0
  }
}

/// What the system calls an error.
public func systemText(of code: Int32) -> String { unsafe String(cString: strerror(code)) }
