import ShoalBase

/// A stall, in which nothing is acknowledged, and the probes that end it (RFC 9002 §6.2).
struct Probing {
  private struct Stall {
    /// The probe timeouts that have passed in a row.
    var timeouts: Int
    /// When the last packet before the first of them left.
    var since: Instant
    /// By how much the next one comes early.
    var jitter: UInt64
  }

  private var stall: Stall?
  /// Probes that go out regardless of the congestion window.
  var due = 0
  /// The last packet that a probe has retransmitted since the probe timeout.
  var last: UInt64?
  /// Makes the jitter, which must differ between connections.
  private var generator: SeededGenerator

  init(generator: SeededGenerator) { self.generator = generator }

  /// The probe timeouts that have passed in a row.
  var timeouts: Int { stall?.timeouts ?? 0 }

  /// The probe timeout, which was `base` at first: doubled with each that passed, up to two seconds or twice what it was
  /// at first.
  func timeout(_ base: Nanoseconds) -> Nanoseconds {
    guard let stall else { return base }
    let doubled = min(base << Nanoseconds(min(stall.timeouts, 10)), max(Constants.longestProbeTimeout, 2 * base))
    // Up to a quarter less, at random, so that probes keep step neither with an outage that comes and goes nor with
    // those of other connections.
    return max(doubled - doubled / 256 * Nanoseconds(stall.jitter % 64), base)
  }

  /// Notes that nothing was acknowledged for a probe timeout; the last packet had left at `lastSentAt`. Returns since
  /// when that has been so.
  mutating func onTimeout(lastSentAt: Instant) -> Instant {
    let since = stall?.since ?? lastSentAt
    stall = Stall(timeouts: timeouts + 1, since: since, jitter: generator.next())
    // Two, so that the loss of one does not cost another timeout (RFC 9002 §6.2.4).
    due = 2
    last = nil
    return since
  }

  /// Notes that something was acknowledged.
  mutating func onProgress() {
    stall = nil
    due = 0
  }

  /// The packet that the next probe retransmits.
  mutating func next(_ window: borrowing SendWindow) -> UInt64? {
    // The lowest again if there is no other: one of the two may be lost.
    guard let number = last.flatMap({ window.outstanding(from: $0 + 1) }) ?? window.outstanding(from: window.base)
    else {
      due = 0
      return nil
    }
    last = number
    return number
  }
}
