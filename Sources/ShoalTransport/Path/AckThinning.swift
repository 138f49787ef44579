import ShoalBase

/// How far apart the peer's ACKs should be, where the path back cannot carry as many as would be useful.
///
/// An overloaded path back shows in the echoes: ACKs queue there, and arrive further apart than is of use. Their spacing
/// is what the path back carries. Twice that spacing leaves it half idle, so that the queue drains. Where ACKs do not tell
/// when they left, a queue on the way there looks the same, but stays when there are fewer ACKs: so it is tried.
struct AckThinning {
  /// The least spacing of ACKs to ask for; nil as long as the usual number of ACKs gets through.
  private(set) var interval: Nanoseconds?
  /// When this round began, and when the last ACK arrived.
  private var since: Instant?
  private var lastAt: Instant?
  /// The ACKs of this round after the first, and the least that any of them waited.
  private var acks = 0
  private var least: Nanoseconds = 0
  /// How many rounds in a row showed too many ACKs, and how many showed no queue.
  private var crowded = 0
  private var calm = 0
  /// How long ACKs waited before fewer were tried, and until when that is to have helped; nil if it has.
  private var trial: (wait: Nanoseconds, until: Instant)?
  /// The rounds until fewer ACKs are tried again, and how many they will be after one more vain attempt.
  private var pause = 0
  private var nextPause = AckThinning.patience

  /// The rounds without a queue after which slightly more ACKs are tried.
  private static let patience = 64
  /// The longest interval that DATA can ask for.
  private static let longest = Nanoseconds(UInt16.max) * Constants.thinUnit

  /// Notes an ACK that waited for this long: on the way back if `isSure`, otherwise perhaps its packet did before.
  mutating func add(waited: Nanoseconds, isSure: Bool, _ roundTrip: RoundTrip, at now: Instant) {
    // A pause says nothing about what the path back carries.
    let silence = max(roundTrip.smoothed / 2, 2 * (interval ?? 0))
    guard let since, let lastAt, let minimum = roundTrip.minimum, now - lastAt < silence else {
      return begin(waited, at: now)
    }
    acks += 1
    self.lastAt = now
    let least = min(self.least, waited)
    self.least = least
    guard acks >= 4, now - since >= minimum else { return }
    let spacing = (now - since) / Nanoseconds(acks)
    pause = max(pause - 1, 0)
    if let trial {
      let hasHelped = isSure || least < trial.wait / 2
      if hasHelped { self.trial = nil }
      if !hasHelped, now > trial.until { return giveUp(waited, at: now) }
    }
    // The smoothed round trip holds what the ACKs waited for.
    let usual = min(max(minimum / 4, .millisecond / 4), Constants.longestAckDelay)
    if spacing > max(usual, interval ?? 0) * 5 / 4, least > 4 * spacing {
      crowded += 1
      calm = 0
      // Four times the spacing until the queue is gone, then twice.
      if crowded >= 2, pause == 0 || isSure {
        if interval == nil, !isSure { trial = (least, now + 4 * (minimum + least)) }
        interval = min(max(interval ?? 0, 4 * spacing), Self.longest)
      }
    } else {
      if crowded >= 2 { interval = interval.map { $0 / 2 } }
      crowded = 0
      calm += 1
      if calm >= Self.patience, let thinned = interval {
        calm = 0
        interval = thinned > .millisecond ? thinned - thinned / 8 : nil
      }
    }
    begin(waited, at: now)
  }

  /// Fewer ACKs did not help: the queue is not theirs.
  private mutating func giveUp(_ waited: Nanoseconds, at now: Instant) {
    (trial, interval, crowded, calm) = (nil, nil, 0, 0)
    pause = nextPause
    nextPause = min(2 * nextPause, 64 * Self.patience)
    begin(waited, at: now)
  }

  private mutating func begin(_ waited: Nanoseconds, at now: Instant) {
    (since, lastAt, acks, least) = (now, now, 0, waited)
  }
}
