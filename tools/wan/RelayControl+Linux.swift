import CShoalWan
import Glibc
import Synchronization

// Safety: the system reads or fills eight bytes, which is the size of a local.

/// How the program communicates with the thread of a relay.
final class RelayControl: Sendable {
  private struct State {
    var isOver = false
    var counters = RelayCounters()
  }

  /// Readable when the program wants something.
  let wake: Int32
  private let answered: Int32
  private let wanted = Atomic(false)
  private let state = Mutex(State())

  init() throws(Failure) {
    wake = eventfd(0, Int32(SHOAL_EFD_CLOEXEC | SHOAL_EFD_NONBLOCK))
    answered = eventfd(0, Int32(SHOAL_EFD_CLOEXEC))
    guard wake >= 0, answered >= 0 else { throw Failure(system: "eventfd") }
  }

  // MARK: The relay's side

  /// Whether ``answer(_:)`` is due.
  var isWanted: Bool { wanted.load(ordering: .acquiring) }

  /// Reports what has happened so far; false if it is over.
  func answer(_ counters: RelayCounters) -> Bool {
    wanted.store(false, ordering: .releasing)
    var count: UInt64 = 0
    _ = unsafe read(wake, &count, 8)
    let isOver = state.withLock { state in
      state.counters = counters
      return state.isOver
    }
    count = 1
    _ = unsafe write(answered, &count, 8)
    return !isOver
  }

  // MARK: The program's side

  /// What has happened so far; the relay ends if it `isOver`.
  func counters(isOver: Bool) -> RelayCounters {
    state.withLock { $0.isOver = isOver }
    wanted.store(true, ordering: .releasing)
    var count: UInt64 = 1
    _ = unsafe write(wake, &count, 8)
    while unsafe read(answered, &count, 8) < 0, errno == EINTR {}
    return state.withLock { $0.counters }
  }

  deinit {
    close(wake)
    close(answered)
  }
}
