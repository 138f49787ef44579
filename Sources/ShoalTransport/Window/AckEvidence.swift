import ShoalBase

/// What the peer's ACKs have shown so far about when the packets that arrived had left: loss detection rests on it.
struct AckEvidence {
  /// The latest transmission that is known to have arrived.
  private(set) var newest: Departure?
  /// When the latest-sent packet left that any ACK has echoed, or may have been acknowledging.
  private var newestEcho: Instant?
  /// Whether any ACK has echoed anything.
  private(set) var isEchoed = false
  /// When the latest-sent packet left that arrived while one before it was missing.
  private(set) var newestBeyondGap: Instant?
  /// What left before this should have been acknowledged.
  private(set) var suspectBefore: Instant?

  /// Notes that an ACK echoes a packet that left at `sentAt`; `beyondGap` if one before it had not arrived by then.
  mutating func echoed(sentAt: Instant, beyondGap: Bool) {
    isEchoed = true
    mayAnswer(sentBefore: sentAt)
    if beyondGap { newestBeyondGap = max(newestBeyondGap ?? sentAt, sentAt) }
  }

  /// Notes that what an ACK acknowledges without an echo may have left up to one least round trip ago.
  mutating func mayAnswer(sentBefore: Instant) { newestEcho = max(newestEcho ?? sentBefore, sentBefore) }

  /// Notes that what left before `sentBefore` should have been acknowledged by now.
  mutating func suspect(sentBefore: Instant) { suspectBefore = max(suspectBefore ?? sentBefore, sentBefore) }

  /// Notes that this transmission has arrived.
  mutating func arrived(_ departure: Departure) {
    if departure.order > newest?.order ?? 0 { newest = departure }
  }

  /// Whether the acknowledgement of a packet whose last attempt left then is for an earlier one, as that attempt left
  /// after whatever was echoed.
  func isTooRecent(_ sentAt: Instant) -> Bool { newestEcho.map { sentAt > $0 } ?? false }
}
