import ShoalBase

/// How long ACKs wait on the way back, as the peer's clock shows: longer than the fastest of the last ten to twenty
/// seconds, since only differences between two clocks say anything.
///
/// Deducted, it leaves the way there alone. A thin way back must not pass for a queue before the bottleneck, nor the
/// bunches in which it delivers ACKs for the bottleneck's rate.
struct WayBack {
  /// When the last ACK would have come if it had not waited; never goes back.
  private(set) var arrivedAt = Instant.zero
  /// The difference of the clocks at the first ACK.
  private var first: UInt32?
  /// The least delay, relative to the first ACK's, in this stretch and in the one before.
  private var (newer, older) = (Nanoseconds.max, Nanoseconds.max)
  private var since = Instant.zero

  private static let stretch: Nanoseconds = 10 * .second
  /// A shorter wait is ignored: clocks drift, and hosts are busy.
  private static let least: Nanoseconds = 2 * .millisecond

  /// Takes the time at which an ACK left by its sender's clock, or nil if it does not say; returns how long it waited.
  mutating func add(_ time: UInt32?, at now: Instant) -> Nanoseconds? {
    guard let time else {
      arrivedAt = max(arrivedAt, now)
      return nil
    }
    let difference = now.wireMicroseconds &- time
    if first == nil { (first, since) = (difference, now) }
    let delay = Nanoseconds(Int32(bitPattern: difference &- (first ?? difference))) * .microsecond
    // The clocks may run at slightly different speeds.
    if now - since > WayBack.stretch { (older, newer, since) = (newer, delay, now) }
    newer = min(newer, delay)
    let wait = delay - min(newer, older)
    arrivedAt = max(arrivedAt, now - wait)
    return wait
  }

  /// What a round trip would have been without such a wait.
  static func deduct(_ wait: Nanoseconds?, from sample: Nanoseconds, _ roundTrip: RoundTrip) -> Nanoseconds {
    guard let wait, let minimum = roundTrip.minimum, wait > max(least, minimum / 8) else { return sample }
    return max(sample - wait, min(minimum, sample))
  }
}
