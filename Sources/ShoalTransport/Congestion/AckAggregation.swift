import ShoalBase

/// How far ACKs run ahead of the path's rate because they come in bunches: the window must hold that much more
/// (`extra_acked`, draft-ietf-ccwg-bbr §4.5.9).
struct AckAggregation {
  private var filter = WindowedMaximum(length: 10)
  private var start: Instant?
  private var lastAt = Instant.zero
  /// The bytes acknowledged since the start, and those that were expected at the rates known meanwhile.
  private var acked = 0.0
  private var expected = 0.0

  /// Bytes: the most of the last ten rounds.
  var value: Double { filter.value }

  /// Adds what an ACK acknowledges, with what was lost at random meanwhile.
  mutating func add(
    _ bytes: Double, bandwidth: Double, most: Double, at now: Instant, round: UInt64, rounds: UInt64
  ) {
    // At a rate that has grown, more was to be expected from the start; one that has fallen was once expected.
    expected += bandwidth * Double(max(now - lastAt, 0)) / 1e9
    var since = start.map { max(bandwidth * Double(max(now - $0, 0)) / 1e9, expected) } ?? 0
    if start == nil || acked <= since {
      (start, acked, expected, since) = (now, 0, 0, 0)
    }
    lastAt = now
    acked += bytes
    filter.length = rounds
    filter.add(min(max(acked - since, 0), most), at: round)
  }
}
