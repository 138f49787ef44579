import ShoalBase

/// The attempts to get an answer to OPEN or ACCEPT.
struct Handshake {
  let initialSequence: UInt32
  /// Whether an OPEN or ACCEPT is to be sent.
  var isDue = true
  /// How many were sent.
  private(set) var sent = 0
  private var sentAt: Instant?
  private var firstSentAt: Instant?
  /// The longest that the round trip can be, once there was an answer.
  private(set) var longest: Nanoseconds = 0
  /// Whether the owner was told that there is no answer; a late one is still accepted.
  private(set) var isGivenUp = false
  /// The token that the last RETRY brought, and how many came.
  private(set) var token: UInt64 = 0
  private(set) var retries = 0
  /// Whether an answer may be to any one of several.
  private var isAmbiguous = false
  /// The messages in OPEN: those that we send, or those that came and wait for the owner.
  var early: [UInt8] = []
  /// Whether the owner knows of a connection that a peer opens, although the peer has not yet seen our ACCEPT.
  var isAnnounced = false

  init(initialSequence: UInt32) { self.initialSequence = initialSequence }

  /// All waits together.
  private static let waits = 13 * Constants.openTimeout

  /// How long to wait for an answer to the one that leaves now.
  var wait: Nanoseconds { [1, 3, 9][min(sent, 2)] * Constants.openTimeout }

  mutating func left(at now: Instant) {
    sent += 1
    sentAt = now
    firstSentAt = firstSentAt ?? now
  }

  /// Notes that there was no answer for as long as most paths take.
  mutating func giveUp() { isGivenUp = true }

  /// Notes that there was an answer, however late.
  mutating func taken() { isGivenUp = false }

  /// Starts again, because the owner tries again: the answer may be to any of the attempts.
  mutating func again() {
    (isGivenUp, isAmbiguous, isDue, sent) = (false, true, true, 0)
  }

  /// Notes that the wait is over without an answer; returns whether there is to be another attempt.
  mutating func onTimeout() -> Bool {
    isDue = sent < Constants.opens
    return isDue
  }

  /// Takes what the answer says about the round trip.
  mutating func onAnswer(_ roundTrip: inout RoundTrip, at now: Instant) {
    guard let sentAt, let firstSentAt else { return }
    longest = now - firstSentAt
    if sent == 1, !isAmbiguous { return roundTrip.add(now - sentAt) }
    // On a path that takes longer than all waits, it is the first that was answered.
    roundTrip.assume(longest > Handshake.waits ? longest : now - sentAt)
  }

  /// Takes a RETRY: the responder keeps nothing about our OPEN until it is repeated with this token. Anyone who sees
  /// the OPEN can forge a RETRY, which costs one more OPEN; an ACCEPT is still accepted.
  mutating func onRetry(_ token: UInt64) {
    guard token != 0, token != self.token, retries < Constants.retries else { return }
    retries += 1
    self.token = token
    isAmbiguous = isAmbiguous || sent > 1
    // The address has answered: the OPENs and their waits start again.
    sent = 0
    isDue = true
  }
}
