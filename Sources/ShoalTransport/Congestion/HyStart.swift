import ShoalBase

/// HyStart++ (RFC 9406): slow start ends when round trips grow, after some rounds of slower growth that may show that
/// it was a false alarm.
struct HyStart {
  private var roundEnd: UInt64 = 0
  /// The least round trip of the last round and of this.
  private var lastLeast: Nanoseconds?
  private var least: Nanoseconds?
  private var samples = 0
  /// The least round trip when conservative slow start began; nil outside of it.
  private var baseline: Nanoseconds?
  private var conservativeRounds = 0
  private(set) var isDone = false

  /// RFC 9406 §4.3.
  private static let leastThreshold: Nanoseconds = 4 * .millisecond
  private static let mostThreshold: Nanoseconds = 16 * .millisecond
  private static let samplesNeeded = 8
  private static let divisor = 4.0
  private static let rounds = 5

  var isConservative: Bool { baseline != nil }

  /// The factor by which the acknowledged bytes are multiplied to grow the window.
  mutating func growth(_ sample: CongestionSample) -> Double {
    if sample.rate.isValid, sample.rate.priorDelivered >= roundEnd { beginRound(sample.delivered) }
    guard let roundTrip = sample.roundTrip else { return isConservative ? 1 / HyStart.divisor : 1 }
    let least = min(self.least ?? roundTrip, roundTrip)
    self.least = least
    samples += 1
    if let base = baseline {
      // The round trip has become short again: it was a false alarm.
      if samples >= HyStart.samplesNeeded, least < base { baseline = nil }
    } else if samples >= HyStart.samplesNeeded, let lastLeast {
      let threshold = max(HyStart.leastThreshold, min(lastLeast / 8, HyStart.mostThreshold))
      if least >= lastLeast + threshold {
        baseline = least
        conservativeRounds = 0
      }
    }
    return isConservative ? 1 / HyStart.divisor : 1
  }

  private mutating func beginRound(_ delivered: UInt64) {
    roundEnd = delivered
    lastLeast = least
    least = nil
    samples = 0
    guard isConservative else { return }
    conservativeRounds += 1
    if conservativeRounds >= HyStart.rounds { isDone = true }
  }
}
