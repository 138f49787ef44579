import Glibc

// Safety: the text is copied at once.

/// The words of the last system call's error, and what can be done about it.
func systemError() -> String {
  switch errno {
  case ENOENT: "no such file or directory; check the path"
  case ENOTDIR: "part of the path is not a directory; check the path"
  case EACCES, EPERM: "permission denied; check who may use it"
  case EISDIR: "is a directory; name a file"
  case ENOSPC: "disk full; free space and repeat"
  case EFBIG: "larger than the file system takes; write elsewhere"
  case EROFS: "file system is read-only; write elsewhere"
  default: unsafe String(cString: strerror(errno))
  }
}
