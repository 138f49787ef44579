import Glibc
import ShoalTerminal

// Safety: at the end of the scope, everything initialised is destroyed and every duplicated word is freed; the list of
// words ends with nil.

/// A program in one of the namespaces.
struct ChildProcess {
  private let id: pid_t
  private let hasGroup: Bool

  /// Starts `words` in `namespace`; if `hasGroup`, in a process group of its own and with its output going to standard
  /// error.
  init(_ words: [String], in namespace: Namespace, hasGroup: Bool = false) throws(Failure) {
    self.hasGroup = hasGroup
    id = try namespace.inside { () throws(Failure) in try ChildProcess.spawn(words, hasGroup) }
  }

  private static func spawn(_ words: [String], _ hasGroup: Bool) throws(Failure) -> pid_t {
    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    // It must not inherit the blocked signals.
    var none = sigset_t()
    unsafe sigemptyset(&none)
    unsafe posix_spawnattr_setsigmask(&attributes, &none)
    unsafe posix_spawnattr_setpgroup(&attributes, 0)
    unsafe posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGMASK) | (hasGroup ? Int16(POSIX_SPAWN_SETPGROUP) : 0))
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    if hasGroup {
      unsafe posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
      unsafe posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO)
    }
    var arguments = unsafe words.map { unsafe strdup($0) } + [nil]
    defer { unsafe arguments.forEach { unsafe free($0) } }
    var id: pid_t = 0
    let code = unsafe posix_spawnp(&id, words[0], &actions, &attributes, &arguments, environ)
    // The exit statuses that a shell uses for these errors.
    switch code {
    case 0: return id
    case ENOENT: throw Failure("\(escaped(words[0])): no such command; is it in PATH?", status: 127)
    default: throw Failure(system: escaped(words[0]), code: code, status: 126)
    }
  }

  /// Its exit status, or 128 plus the number of the signal that ended it; nil while it is still running.
  func status() -> Int32? {
    var status: Int32 = 0
    guard unsafe waitpid(id, &status, WNOHANG) == id else { return nil }
    let signal = status & 0x7f
    return signal == 0 ? (status >> 8) & 0xff : 128 + signal
  }

  func send(_ number: Int32) { kill(hasGroup ? -id : id, number) }

  /// Ends it and its whole group, if it is still running.
  func end() {
    send(SIGTERM)
    for _ in 0..<200 {
      if status() != nil { break }
      usleep(10_000)
    }
    send(SIGKILL)
  }

  /// Whether a TCP or UDP socket is waiting for peers in the namespace where it runs.
  var hasListener: Bool {
    ["tcp", "tcp6", "udp", "udp6"].contains { table in
      // Row, two addresses with their ports, state: 0A is LISTEN; a UDP socket without a peer has 07.
      SystemTable("/proc/\(id)/net/\(table)").contains { row in
        row.count > 5 && row[5] == (table.hasPrefix("tcp") ? "0A" : "07")
      }
    }
  }
}
