import Glibc

/// A thread of the system's, for work that blocks or that must not share its thread.
enum SystemThread {
  private final class Body {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }

  /// Runs `body` on a thread of its own, of this name (15 characters at most are shown).
  static func start(_ name: String, _ body: @escaping @Sendable () -> Void) {
    var thread = pthread_t()
    let argument = Unmanaged.passRetained(Body(body)).toOpaque()
    let result = pthread_create(
      &thread, nil,
      {
        Unmanaged<Body>.fromOpaque($0!).takeRetainedValue().run(); return nil
      }, argument)
    guard result == 0 else {
      // Without a thread the work is done here, later than it should be, rather than never.
      Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
      return
    }
    pthread_setname_np(thread, String(name.prefix(15)))
    pthread_detach(thread)
  }
}
