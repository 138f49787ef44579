import Synchronization

/// Events on their way from the loop to a reader that may be slower. When the buffer is full, a last event says how
/// many were left out.
final class EventBuffer<Event: Sendable>: Sendable {
  private struct State {
    var events: [Event] = []
    var omitted = 0
    var readers: [CheckedContinuation<Event?, Never>] = []
    var isOver = false
  }

  private let state = Mutex(State())
  private let limit: Int
  private let omission: @Sendable (Int) -> Event

  /// A buffer for `limit` events; `omission` makes the event that says how many were left out.
  init(limit: Int, omission: @escaping @Sendable (Int) -> Event) {
    self.limit = limit
    self.omission = omission
  }

  /// The events, for one reader.
  var stream: AsyncStream<Event> {
    AsyncStream(unfolding: { await self.next() }, onCancel: { self.finish() })
  }

  func push(_ event: Event) {
    let reader = state.withLock { state -> CheckedContinuation<Event?, Never>? in
      if !state.readers.isEmpty { return state.readers.removeFirst() }
      guard state.events.count + (state.omitted > 0 ? 1 : 0) < limit else {
        state.omitted += 1
        return nil
      }
      if state.omitted > 0 { state.events.append(omission(state.omitted)) }
      state.omitted = 0
      state.events.append(event)
      return nil
    }
    reader?.resume(returning: event)
  }

  private func next() async -> Event? {
    await withCheckedContinuation { reader in
      let event = state.withLock { state -> Event?? in
        if !state.events.isEmpty { return .some(state.events.removeFirst()) }
        if state.omitted > 0 {
          defer { state.omitted = 0 }
          return .some(omission(state.omitted))
        }
        if state.isOver { return .some(nil) }
        state.readers.append(reader)
        return nil
      }
      if let event { reader.resume(returning: event) }
    }
  }

  /// Ends the stream after what is in it.
  func finish() {
    let readers = state.withLock { state in
      state.isOver = true
      defer { state.readers = [] }
      return state.readers
    }
    for reader in readers { reader.resume(returning: nil) }
  }
}
