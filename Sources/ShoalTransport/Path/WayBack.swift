import ShoalBase

/// How long ACKs wait on the way back, as the peer's clock shows: longer than the fastest of the last ten to twenty
/// seconds, since only differences between two clocks say anything.
///
/// Deducted, it leaves the way there alone. A thin way back must not pass for a queue before the bottleneck, nor the
/// bunches in which it delivers ACKs for the bottleneck's rate.
struct WayBack {
  /// When the last ACK would have come if it had not waited; never goes back.
  private(set) var arrivedAt = Instant.zero
  /// Over stretches so short that clocks do not drift far apart.
  private var delay = OneWayDelay(stretch: 10 * .second)

  /// A shorter wait is ignored: clocks drift, and hosts are busy.
  private static let least: Nanoseconds = 2 * .millisecond

  /// Takes when an ACK left by its sender's clock, or nil if it does not say; returns how long it waited.
  mutating func add(_ left: UInt32?, at now: Instant) -> Nanoseconds? {
    let wait = left.map { delay.add($0, at: now) - delay.least }
    arrivedAt = max(arrivedAt, now - (wait ?? 0))
    return wait
  }

  /// What a round trip would have been without such a wait.
  static func deduct(_ wait: Nanoseconds?, from sample: Nanoseconds, _ roundTrip: RoundTrip) -> Nanoseconds {
    guard let wait, let minimum = roundTrip.minimum, wait > max(least, minimum / 8) else { return sample }
    return max(sample - wait, min(minimum, sample))
  }
}
