import ShoalBase

/// How far ACKs run ahead of the path's rate because they come in bunches: the window must hold that much more
/// (`extra_acked`, draft-ietf-ccwg-bbr §4.5.9).
struct AckAggregation {
  private var filter = WindowedMaximum(length: 10)
  private var lastAt: Instant?
  /// The bytes that have been acknowledged beyond what was expected.
  private var ahead = 0.0

  /// Bytes: the most of the last ten rounds.
  var value: Double { filter.value }

  /// Adds what an ACK acknowledges, with what was lost at random meanwhile.
  mutating func add(
    _ bytes: Double, bandwidth: Double, most: Double, at now: Instant, round: UInt64, rounds: UInt64
  ) {
    // What was expected before, was at the rate known then: the present one may be much lower.
    let expected = lastAt.map { bandwidth * Double(max(now - $0, 0)) / 1e9 } ?? 0
    lastAt = now
    ahead = max(ahead - expected, 0) + bytes
    filter.length = rounds
    filter.add(min(ahead, most), at: round)
  }
}
