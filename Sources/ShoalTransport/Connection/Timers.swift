import ShoalBase

/// Everything that a connection waits for, in one table.
struct Timers {
  enum Kind: Int, CaseIterable {
    /// Send OPEN again, or give up.
    case handshake
    /// Look for losses again.
    case loss
    /// Probe, for nothing has been acknowledged.
    case probe
    /// An ACK is due.
    case ack
    /// The pacer lets the next burst go.
    case pace
    /// A path MTU probe is due or has gone unanswered.
    case path
    /// Show that we are still here.
    case keepAlive
    /// Nothing has been heard for too long.
    case idle
    /// The state of a closed connection is dropped.
    case linger
  }

  private var at: InlineArray<9, Instant> = .init(repeating: .distantFuture)

  subscript(kind: Kind) -> Instant {
    get { at[kind.rawValue] }
    set { at[kind.rawValue] = newValue }
  }

  /// The earliest deadline.
  var next: Instant {
    var earliest = at[0]
    for i in 1..<9 where at[i] < earliest { earliest = at[i] }
    return earliest
  }

  /// Whether the timer has run out; it is then stopped.
  mutating func fired(_ kind: Kind, at now: Instant) -> Bool {
    guard at[kind.rawValue] <= now else { return false }
    at[kind.rawValue] = .distantFuture
    return true
  }
}
