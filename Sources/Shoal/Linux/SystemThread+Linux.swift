import Glibc

// Safety: the body is retained once, and released once: by its thread, or here if there is no thread.

/// Starts threads of the system, for work that blocks or that must not share its thread.
package enum SystemThread {
  private final class Body {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }

  /// Runs `body` on a thread of its own with this name (at most 15 characters are shown); fails if the system gives no
  /// thread.
  static func start(_ name: String, _ body: @escaping @Sendable () -> Void) throws(SystemError) {
    var thread = pthread_t()
    let argument = unsafe Unmanaged.passRetained(Body(body)).toOpaque()
    let result = unsafe pthread_create(
      &thread, nil,
      {
        SystemThread.takePriority()
        unsafe Unmanaged<Body>.fromOpaque($0!).takeRetainedValue().run(); return nil
      }, unsafe argument)
    guard result == 0 else {
      unsafe Unmanaged<Body>.fromOpaque(argument).release()
      throw SystemError(result, .startThread, name)
    }
    unsafe pthread_setname_np(thread, String(name.prefix(15)))
    pthread_detach(thread)
  }

  /// Gives this thread the process's priority, as `nice` set it: those of the Swift runtime, from which it may have been
  /// started, have one of their own.
  private static func takePriority() {
    let priority = getpriority(PRIO_PROCESS, id_t(getpid()))
    if getpriority(PRIO_PROCESS, 0) != priority { _ = setpriority(PRIO_PROCESS, 0, priority) }
  }

  /// Runs `body`, which must end, on a thread of its own; if there is none to be had, runs it here: better late than
  /// never.
  package static func run(_ name: String, _ body: @escaping @Sendable () -> Void) {
    do { try start(name, body) } catch { body() }
  }
}
