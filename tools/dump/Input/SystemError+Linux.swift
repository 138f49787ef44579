import Glibc

// Safety: the text is copied at once.

/// The last system call's error in words, and what can be done about it.
func systemError() -> String {
  switch errno {
  case ENOENT: "no such file or directory; check the path"
  case ENOTDIR: "part of the path is not a directory; check the path"
  case EACCES, EPERM: "permission denied; check its owner and permissions"
  case EISDIR: "is a directory; name a file"
  case ENOSPC: "disk full; free space and repeat"
  case EFBIG: "larger than the file system allows; write elsewhere"
  case EROFS: "file system is read-only; write elsewhere"
  default: unsafe String(cString: strerror(errno))
  }
}
