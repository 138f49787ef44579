import ShoalBase

/// What the peer's ACKs have shown so far of when the packets that arrived had left: loss detection rests on it.
struct AckEvidence {
  /// The latest transmission that is known to have arrived.
  private(set) var newest: Departure?
  /// When the latest-sent packet left that an ACK ever echoed, or that may have been what one acknowledged.
  private var newestEcho: Instant?
  /// Whether an ACK ever echoed anything.
  private(set) var isEchoed = false
  /// When the latest-sent packet left that arrived while one before it was missing.
  private(set) var newestBeyondGap: Instant?
  /// What left before this should have been acknowledged.
  private(set) var suspectBefore: Instant?

  /// An ACK echoes a packet that left at `sentAt`; `beyondGap` if one before it had not arrived then.
  mutating func echoed(sentAt: Instant, beyondGap: Bool) {
    isEchoed = true
    mayAnswer(sentBefore: sentAt)
    if beyondGap { newestBeyondGap = max(newestBeyondGap ?? sentAt, sentAt) }
  }

  /// What an ACK acknowledges without an echo may have left up to a least round trip ago.
  mutating func mayAnswer(sentBefore: Instant) { newestEcho = max(newestEcho ?? sentBefore, sentBefore) }

  /// What left before `sentBefore` should have been acknowledged by now.
  mutating func suspect(sentBefore: Instant) { suspectBefore = max(suspectBefore ?? sentBefore, sentBefore) }

  /// This transmission has arrived.
  mutating func arrived(_ departure: Departure) {
    if departure.order > newest?.order ?? 0 { newest = departure }
  }

  /// Whether a packet whose last attempt left then was acknowledged for an earlier one: it left after whatever was echoed.
  func isTooRecent(_ sentAt: Instant) -> Bool { newestEcho.map { sentAt > $0 } ?? false }
}
