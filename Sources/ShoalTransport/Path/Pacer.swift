import ShoalBase

/// Spreads datagrams over time, in bursts that stay whole for segmentation offload.
struct Pacer {
  /// The bytes that may leave now; negative after a burst that overdrew.
  private var credit = 0.0
  private var creditAt: Instant?
  /// Whether the credit is used up: nothing leaves until there is enough for a whole burst, so that batches stay whole.
  private var isWaiting = false

  /// The bytes that leave at once.
  private var burst = 0.0

  /// What a full burst holds: a millisecond's worth, 2 to 44 datagrams.
  static func fullBurst(_ rate: Double, _ datagram: Int) -> Double {
    min(max(rate / 1_000, Double(2 * datagram)), Double(44 * datagram))
  }

  /// Whether what leaves now is in the second half of its burst.
  var isTail: Bool { credit < burst / 2 }

  /// Nil if a datagram may leave now, otherwise when the next burst may, which has this share of a full one.
  mutating func release(rate: Double, share: Double, datagram: Int, at now: Instant) -> Instant? {
    guard rate.isFinite else { return nil }
    // Nothing has changed within the burst.
    if now == creditAt, credit > 0, !isWaiting { return nil }
    burst = max(share * Pacer.fullBurst(rate, datagram), Double(2 * datagram))
    // Time that passed while the sender was busy elsewhere is made up for with at most two bursts.
    let earned = creditAt.map { rate * Double(max(now - $0, 0)) / 1e9 } ?? .infinity
    credit = min(credit + earned, 2 * burst)
    creditAt = max(now, creditAt ?? now)
    isWaiting = credit <= 0 || isWaiting && credit < burst
    guard isWaiting else { return nil }
    return now + max(Nanoseconds(saturating: (burst - credit) / rate * 1e9), 1)
  }

  mutating func sent(_ bytes: Int) { credit -= Double(bytes) }
}
