import ShoalBase

/// How much longer packets from the peer take than the fastest of late.
///
/// They tell when they left by another clock, so only differences say anything (RFC 6817 §3.4.2).
struct OneWayDelay {
  /// The difference of the clocks at the first packet; nil before it.
  private var first: UInt32?
  /// The least delay, relative to the first packet's, in this stretch and in the one before.
  private var (newer, older) = (Nanoseconds.max, Nanoseconds.max)
  private var since = Instant.zero
  /// The fastest of this long, to twice as long, is the measure: the clocks may run at slightly different speeds.
  private let stretch: Nanoseconds

  init(stretch: Nanoseconds) { self.stretch = stretch }

  /// The least delay, relative to the first packet's.
  var least: Nanoseconds { min(newer, older) }

  /// Takes when a packet left, by the peer's clock in microseconds; returns its delay, relative to the first packet's.
  mutating func add(_ left: UInt32, at now: Instant) -> Nanoseconds {
    let difference = now.wireMicroseconds &- left
    if first == nil { (first, since) = (difference, now) }
    let delay = Nanoseconds(Int32(bitPattern: difference &- (first ?? difference))) * .microsecond
    if now - since > stretch { (older, newer, since) = (newer, delay, now) }
    newer = min(newer, delay)
    return delay
  }
}
