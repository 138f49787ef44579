import ShoalBase

/// How far apart the peer's ACKs should be, where the path back cannot carry as many as would be useful.
///
/// An overloaded path back shows in the echoes: ACKs queue there, and arrive further apart than any delay that was
/// asked for. Their spacing is what the path back carries. Twice that spacing leaves it half idle, so that the queue
/// drains.
struct AckThinning {
  /// The least spacing of ACKs to ask for; nil as long as the usual number of ACKs gets through.
  private(set) var interval: Nanoseconds?
  /// When this round began, and when the last ACK arrived.
  private var since: Instant?
  private var lastAt: Instant?
  /// The ACKs of this round after the first, and the least round trip that they showed.
  private var acks = 0
  private var least: Nanoseconds = 0
  /// How many rounds in a row showed too many ACKs, and how many showed no queue.
  private var crowded = 0
  private var calm = 0

  /// The rounds without a queue after which slightly more ACKs are tried.
  private static let patience = 64
  /// The longest interval that DATA can ask for.
  private static let longest = Nanoseconds(UInt16.max) * Constants.thinUnit

  /// Notes the round trip that an ACK showed.
  mutating func add(_ sample: Nanoseconds, _ roundTrip: RoundTrip, at now: Instant) {
    // A pause says nothing about what the path back carries.
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
      // Four times the spacing until the queue is gone, then twice.
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
