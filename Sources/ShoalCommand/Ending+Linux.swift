import Glibc
import Synchronization

// Safety: the system reads and fills local structures; a handler's address is only compared, as a number. The
// continuation is dropped unresumed, as it stands for waiting for ever.

/// How the process ends: with its command's result, or by a signal.
///
/// The first SIGINT, SIGTERM or SIGHUP ends it in an orderly way, within three seconds; the second, at once. In either
/// case the process dies of the signal, as a parent process expects.
final class Ending: Sendable {
  private enum State { case running, claimed, failed, interrupted }
  private struct Shared {
    var state = State.running
    var message: (@Sendable () -> Void)?
    var farewell: (@Sendable () async -> Void)?
  }
  private let shared = Mutex(Shared())
  private let awaited: [Int32]

  /// Blocks the signals for this thread and all that it starts from now on, so make it before there are any others.
  init() {
    // `nohup` is obeyed. An ignored SIGINT is not: a shell script that starts the process in the background ignores it
    // without being asked to, and could then not stop the process in an orderly way.
    var action = sigaction()
    unsafe sigaction(SIGHUP, nil, &action)
    let isIgnored = unsafe unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1
    awaited = [SIGINT, SIGTERM] + (isIgnored ? [] : [SIGHUP])
    var set = awaitedSet
    unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
  }

  /// Sets what is printed when a signal comes.
  func onSignal(_ message: @escaping @Sendable () -> Void) { shared.withLock { $0.message = message } }

  /// Sets what is done before the process ends, however it ends, in place of any earlier closure.
  func atEnd(_ farewell: @escaping @Sendable () async -> Void) { shared.withLock { $0.farewell = farewell } }

  /// Does what was set by `atEnd`.
  func takeLeave() async { await shared.withLock { $0.farewell }?() }

  /// Runs `body` unless a signal has come or the command has failed; no signal interferes meanwhile.
  func unlessOver(_ body: () -> Void) {
    shared.withLock { if $0.state == .running || $0.state == .claimed { body() } }
  }

  /// Called when the command has its result and is about to print it. Never returns if a signal came first, which then
  /// has the last word.
  ///
  /// With `failed`, the result is an error; only the farewells follow it, about which nothing is printed.
  func claim(failed: Bool = false) async {
    let isOurs = shared.withLock { shared in
      guard shared.state != .interrupted else { return false }
      shared.state = failed ? .failed : .claimed
      return true
    }
    if !isOurs { await waitForEnd() }
  }

  /// Called when the result has been printed and work continues until a signal comes.
  func release() { shared.withLock { $0.state = .running } }

  /// Waits for signals and acts on them.
  func waitForSignals() -> Never {
    guard let first = wait(seconds: nil) else { die(of: SIGTERM) }
    guard let (state, message) = interrupt() else { die(of: first) }
    // A command that has its result will end soon by itself.
    if state == .running {
      Task.detached {
        message?()
        await self.takeLeave()
        self.die(of: first)
      }
    }
    die(of: wait(seconds: 3) ?? first)
  }

  /// Lets only the signal handler print from now on; returns the previous state, or nil if a writer is blocked because
  /// nobody reads.
  private func interrupt() -> (State, (@Sendable () -> Void)?)? {
    for _ in 0..<50 {
      let found = shared.withLockIfAvailable { shared in
        defer { if shared.state == .running { shared.state = .interrupted } }
        return (shared.state, shared.message)
      }
      if let found { return found }
      usleep(10_000)
    }
    return nil
  }

  /// The next signal; nil if none came in time.
  private func wait(seconds: Int?) -> Int32? {
    var set = awaitedSet
    while true {
      var limit = timespec(tv_sec: seconds ?? 0, tv_nsec: 0)
      let signal = unsafe seconds == nil ? sigwaitinfo(&set, nil) : sigtimedwait(&set, nil, &limit)
      if signal > 0 { return signal }
      if errno != EINTR { return nil }
    }
  }

  private func die(of number: Int32) -> Never {
    signal(number, SIG_DFL)
    var set = awaitedSet
    unsafe pthread_sigmask(SIG_UNBLOCK, &set, nil)
    raise(number)
    _exit(128 + number)
  }

  private var awaitedSet: sigset_t {
    var set = sigset_t()
    unsafe sigemptyset(&set)
    for signal in awaited { unsafe sigaddset(&set, signal) }
    return set
  }
}

/// Waits until the process is ended.
func waitForEnd() async -> Never {
  while true { unsafe await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in } }
}
