import CShoal
import Glibc

// Safety: the kernel fills a local.

/// Ends the `EventPoll.wait` of another thread (eventfd). Add its descriptor to the poll as readable.
package final class Wake: Sendable {
  /// For `EventPoll`.
  package let descriptor: Int32

  package init() throws(SystemError) {
    descriptor = eventfd(0, Int32(SHOAL_EFD_CLOEXEC | SHOAL_EFD_NONBLOCK))
    guard descriptor >= 0 else { throw SystemError(errno, .wait, "event loop") }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Wakes the waiter, now or at its next wait. Any thread may call it; any number of calls before `clear` count as
  /// one.
  package func wake() { _ = eventfd_write(descriptor, 1) }

  /// For the waiter to call before it looks at what it was woken for, so that a wake in between is not lost.
  package func clear() {
    var count: eventfd_t = 0
    _ = unsafe eventfd_read(descriptor, &count)
  }
}
