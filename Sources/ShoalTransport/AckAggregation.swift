import ShoalWire

/// How far ACKs run ahead of the path's rate because they come in bunches: the window must hold that much more
/// (`extra_acked`, draft-ietf-ccwg-bbr §4.5.9).
struct AckAggregation {
  private var filter = WindowedMaximum(length: 10)
  private var start = Instant.zero
  private var acked = 0.0

  /// Bytes: the most of the last ten rounds.
  var value: Double { filter.value }

  mutating func add(
    _ bytes: Int, bandwidth: Double, most: Double, at now: Instant, round: UInt64, rounds: UInt64
  ) {
    let expected = bandwidth * Double(max(now - start, 0)) / 1e9
    if acked <= expected {
      acked = 0
      start = now
    }
    acked += Double(bytes)
    let since = bandwidth * Double(max(now - start, 0)) / 1e9
    filter.length = rounds
    filter.add(min(max(acked - since, 0), most), at: round)
  }
}
