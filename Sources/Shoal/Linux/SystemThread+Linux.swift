import Glibc

/// A thread of the system's, for work that blocks or that must not share its thread.
enum SystemThread {
  private final class Body {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }

  /// Runs `body` on a thread of its own, of this name (15 characters at most are shown); fails where the system gives
  /// no thread.
  static func start(_ name: String, _ body: @escaping @Sendable () -> Void) throws(SystemError) {
    var thread = pthread_t()
    let argument = unsafe Unmanaged.passRetained(Body(body)).toOpaque()
    let result = unsafe pthread_create(
      &thread, nil,
      {
        unsafe Unmanaged<Body>.fromOpaque($0!).takeRetainedValue().run(); return nil
      }, unsafe argument)
    guard result == 0 else {
      unsafe Unmanaged<Body>.fromOpaque(argument).release()
      throw SystemError(result, .startThread, name)
    }
    unsafe pthread_setname_np(thread, String(name.prefix(15)))
    pthread_detach(thread)
  }

  /// Runs `body`, which ends, on a thread of its own; without one here, later than it should be rather than never.
  static func run(_ name: String, _ body: @escaping @Sendable () -> Void) {
    do { try start(name, body) } catch { body() }
  }
}
