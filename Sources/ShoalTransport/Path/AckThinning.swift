import ShoalBase

/// How far apart the peer's ACKs are to be, where the way back does not take as many as we would like.
///
/// A way back that is overrun shows in the echoes: ACKs queue there, and come further apart than any delay that was asked
/// for. How far is what the way back takes. Twice that leaves it half idle, and the queue is soon gone.
struct AckThinning {
  /// How far apart ACKs are to be at least; nil as long as nothing is known against the usual number.
  private(set) var interval: Nanoseconds?
  /// When this round began, and when the last ACK came.
  private var since: Instant?
  private var lastAt: Instant?
  /// The ACKs of this round after the first, and the least round trip that they showed.
  private var acks = 0
  private var least: Nanoseconds = 0
  /// How many rounds in a row showed that too many come, and how many that few enough do.
  private var crowded = 0
  private var calm = 0

  /// Rounds after which a little more is tried.
  private static let patience = 64
  /// The longest interval that DATA can ask for.
  private static let longest = Nanoseconds(UInt16.max) * Constants.thinUnit

  /// Notes the round trip that an ACK showed.
  mutating func add(_ sample: Nanoseconds, _ roundTrip: RoundTrip, at now: Instant) {
    // A pause says nothing about what the way back takes.
    let pause = max(roundTrip.smoothed / 2, 2 * (interval ?? 0))
    guard let since, let lastAt, let minimum = roundTrip.minimum, now - lastAt < pause else {
      return begin(sample, at: now)
    }
    acks += 1
    self.lastAt = now
    let least = min(self.least, sample)
    self.least = least
    guard acks >= 4, now - since >= minimum else { return }
    let spacing = (now - since) / Nanoseconds(acks)
    let usual = min(max(roundTrip.smoothed / 4, .millisecond / 4), Constants.longestAckDelay)
    if spacing > max(usual, interval ?? 0) * 5 / 4, least - minimum > 4 * spacing {
      crowded += 1
      calm = 0
      // Four times as long until the queue is gone, then twice.
      if crowded >= 2 { interval = min(max(interval ?? 0, 4 * spacing), Self.longest) }
    } else {
      if crowded >= 2 { interval = interval.map { $0 / 2 } }
      crowded = 0
      calm += 1
      if calm >= Self.patience, let thinned = interval {
        calm = 0
        interval = thinned > .millisecond ? thinned - thinned / 8 : nil
      }
    }
    begin(sample, at: now)
  }

  private mutating func begin(_ sample: Nanoseconds, at now: Instant) {
    (since, lastAt, acks, least) = (now, now, 0, sample)
  }
}
