import ShoalBase

/// Lets so much through each second, and so much at once after a pause.
struct TokenBucket: Sendable {
  /// How long it takes to gain a token, and to fill.
  let pause: Nanoseconds, whole: Nanoseconds
  /// When it will be full again.
  private var fullAt = Instant.zero

  /// A full bucket of `atOnce` tokens that gains `perSecond`.
  init(perSecond: Int, atOnce: Int) {
    pause = .second / Nanoseconds(max(1, perSecond))
    whole = pause * Nanoseconds(max(1, atOnce))
  }

  /// Takes a token; false if there is none.
  mutating func take(at now: Instant) -> Bool {
    let full = max(fullAt, now) + pause
    guard full - now <= whole else { return false }
    fullAt = full
    return true
  }
}
