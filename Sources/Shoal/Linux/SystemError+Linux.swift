import Glibc

// Safety: the text is copied at once.

/// A refusal by the operating system: what it was asked to do, to what, and the `errno` that it answered with.
package struct SystemError: Error, Hashable, Sendable {
  /// What was being done, as a verb that follows "cannot".
  package enum Action: String, Sendable {
    case open, create, read, write, allocate, sync, rename, remove, examine, lock, bind, wait
    case openSocket = "open a socket"
    case startThread = "start a thread"
  }

  /// The `errno`.
  package var code: Int32
  /// What was being done.
  package var action: Action
  /// The thing it was done to: a path, an address or "UDP port 7400".
  package var subject: String

  package init(_ code: Int32, _ action: Action, _ subject: String) {
    self.code = code
    self.action = action
    self.subject = subject
  }

  /// The reason alone, in people's words: "disk full".
  package var cause: String {
    switch code {
    case ENOENT: "no such file or directory"
    case EACCES, EPERM: "permission denied"
    case EISDIR: "is a directory"
    case ENOTDIR: "part of the path is not a directory"
    case EEXIST: "exists already"
    case ENOTEMPTY: "directory is not empty"
    case ENOSPC: "disk full"
    case EDQUOT: "disk quota used up"
    case EROFS: "file system is read-only"
    case EFBIG: "too large for this file system"
    case ENAMETOOLONG: "name too long"
    case EILSEQ: "the name is not UTF-8; rename it"
    case ELOOP: "too many symbolic links"
    case ETXTBSY: "is a running program"
    case ESPIPE: "is not a regular file"
    case EXDEV: "is on another file system"
    case EIO: "input/output error; the disk may be failing"
    case ESTALE: "the file server no longer has it"
    case EMFILE: "too many open files; raise the limit with ulimit -n"
    case ENFILE: "too many open files on this machine"
    case ENOMEM, ENOBUFS: "out of memory"
    case EADDRINUSE: "in use"
    case EADDRNOTAVAIL: "not an address of this machine"
    case EAFNOSUPPORT: "this machine does not support such addresses"
    case ENETUNREACH, EHOSTUNREACH: "no route"
    case EWOULDBLOCK where action == .lock: "in use by another process"
    default: unsafe "cannot \(action.rawValue): \(String(cString: strerror(code)))"
    }
  }
}

extension SystemError: CustomStringConvertible {
  /// The thing and the cause: "film.mkv.part: disk full". The caller, who knows the options, adds the remedy.
  package var description: String {
    code == EADDRINUSE ? "\(subject) is in use" : "\(subject): \(cause)"
  }
}

extension SystemError {
  /// What the user can do, as the end of a sentence; empty where that is not known.
  var remedy: String {
    switch code {
    case ENOENT, ENOTDIR: "; check the path"
    case EACCES, EPERM: "; check its owner and permissions"
    case EISDIR, ESPIPE: "; name a regular file"
    case EAGAIN where action == .startThread: "; end other programs, or raise the limit with ulimit -u"
    default: ""
    }
  }

  /// Whether there is nothing of that name.
  package var isMissing: Bool { code == ENOENT || code == ENOTDIR }
  /// Whether there was no room.
  var isDiskFull: Bool { code == ENOSPC || code == EDQUOT }
  /// Whether another program has claimed the file.
  var isLocked: Bool { code == EWOULDBLOCK && action == .lock }
  /// Whether somebody else has the port.
  var isInUse: Bool { code == EADDRINUSE }
}
