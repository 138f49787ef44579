import Glibc

// Safety: the system reads and fills local structures; a handler's address is only compared, as a number.

/// The signals that this program waits for: all that would end it, and SIGUSR1 and SIGCHLD.
struct Signals {
  /// All except those that report a bug in this process, cannot be waited for, do not end a process, or are used by the
  /// C library.
  private static let ending = (1...64).filter { number in
    ![
      SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGSYS, SIGKILL, SIGSTOP, SIGCONT, SIGTSTP, SIGTTIN, SIGTTOU,
      SIGURG, SIGWINCH, SIGCHLD, SIGUSR1, 32, 33,
    ].contains(number)
  }
  private let awaited: sigset_t

  /// Blocks them for this thread and all that it starts from now on.
  init() {
    // `nohup` is respected.
    var action = sigaction()
    unsafe sigaction(SIGHUP, nil, &action)
    let isIgnored = unsafe unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1
    var set = sigset_t()
    unsafe sigemptyset(&set)
    for number in Signals.ending + [SIGUSR1, SIGCHLD] where number != SIGHUP || !isIgnored {
      unsafe sigaddset(&set, number)
    }
    unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
    awaited = set
  }

  /// The next of them; nil if none came within `seconds`.
  func next(within seconds: Double? = nil) -> Int32? {
    var set = awaited
    while true {
      let number: Int32
      if let seconds {
        var time = timespec(tv_sec: Int(seconds), tv_nsec: Int((seconds - seconds.rounded(.down)) * 1e9))
        number = unsafe sigtimedwait(&set, nil, &time)
      } else {
        number = unsafe sigwaitinfo(&set, nil)
      }
      if number > 0 { return number }
      if errno != EINTR { return nil }
    }
  }

  /// Ends the process as signal `number` would have, as a parent process expects.
  static func die(of number: Int32) -> Never {
    signal(number, SIG_DFL)
    var set = sigset_t()
    unsafe sigemptyset(&set)
    unsafe sigaddset(&set, number)
    unsafe pthread_sigmask(SIG_UNBLOCK, &set, nil)
    raise(number)
    _exit(128 + number)
  }
}
