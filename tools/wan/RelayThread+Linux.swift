import CShoalWan
import Glibc

// Safety: the body is retained once, and released once: by its thread, or here if there is no thread.

/// A high-priority thread that runs a relay: a late packet would look like a delay of the link.
enum RelayThread {
  private final class Body {
    let name: String
    let run: @Sendable () -> Void

    init(_ name: String, _ run: @escaping @Sendable () -> Void) { (self.name, self.run) = (name, run) }
  }

  /// Runs `body` on a thread of this name, of which 15 characters are shown.
  static func start(_ name: String, _ body: @escaping @Sendable () -> Void) throws(Failure) {
    var thread = pthread_t()
    let argument = unsafe Unmanaged.passRetained(Body(name, body)).toOpaque()
    let code = unsafe pthread_create(
      &thread, nil,
      { argument in
        let body = unsafe Unmanaged<Body>.fromOpaque(argument!).takeRetainedValue()
        unsafe pthread_setname_np(pthread_self(), String(body.name.prefix(15)))
        RelayThread.hurry()
        body.run()
        return nil
      }, unsafe argument)
    guard code == 0 else {
      unsafe Unmanaged<Body>.fromOpaque(argument).release()
      throw Failure(system: "thread", code: code)
    }
    pthread_detach(thread)
  }

  /// Raises the priority; where the system refuses that, at least the slack of sleeps is removed.
  private static func hurry() {
    var priority = sched_param()
    priority.sched_priority = 1
    _ = unsafe sched_setscheduler(0, SCHED_FIFO, &priority)
    _ = shoal_timer_slack(1)
  }
}
