import Synchronization

/// A result that one task waits for; only the first answer counts.
final class Answer<Value: Sendable>: Sendable {
  typealias Outcome = Result<Value, ShoalError>

  private enum State {
    case asked(CheckedContinuation<Outcome, Never>?)
    case answered(Outcome)
  }

  private let state = Mutex(State.asked(nil))
  /// Set when nobody is waiting any longer.
  let abandoned = Flag()

  func wait(_ continuation: CheckedContinuation<Outcome, Never>) {
    let outcome = state.withLock { state -> Outcome? in
      if case .answered(let outcome) = state { return outcome }
      state = .asked(continuation)
      return nil
    }
    if let outcome { continuation.resume(returning: outcome) }
  }

  func give(_ outcome: Outcome) {
    let waiting = state.withLock { state -> CheckedContinuation<Outcome, Never>? in
      guard case .asked(let waiting) = state else { return nil }
      state = .answered(outcome)
      return waiting
    }
    waiting?.resume(returning: outcome)
  }
}
