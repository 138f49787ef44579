import Glibc
import Synchronization

// Safety: the system reads and fills a local structure; the handler only sets a lock-free flag, and the previous
// handler's address is only compared.

/// Whether the user has asked to stop, with Ctrl-C or kill, or has closed the terminal.
enum Interruption {
  private static let requested = Atomic<Bool>(false)

  static var isRequested: Bool { requested.load(ordering: .relaxed) }

  /// Makes the first such signal a request to stop; the second ends the process. `nohup` is respected.
  static func watch() {
    for signal in [SIGINT, SIGTERM, SIGHUP] {
      var action = sigaction()
      unsafe sigaction(signal, nil, &action)
      let isIgnored = unsafe unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1
      guard signal != SIGHUP || !isIgnored else { continue }
      unsafe action.__sigaction_handler.sa_handler = { _ in Interruption.requested.store(true, ordering: .relaxed) }
      action.sa_flags = Int32(bitPattern: UInt32(SA_RESETHAND))
      unsafe sigaction(signal, &action, nil)
    }
  }
}
