import ShoalBase

/// The round-trip time: RFC 9002 §5, from timestamps that the peer echoes, so a retransmission is never ambiguous.
struct RoundTrip {
  /// The last sample; nil before the first.
  private(set) var latest: Nanoseconds?
  /// The smoothed time.
  private(set) var smoothed: Nanoseconds = Constants.initialRoundTrip
  /// The mean deviation.
  private(set) var variation: Nanoseconds = Constants.initialRoundTrip / 2
  /// The least sample so far; nil before the first.
  private(set) var minimum: Nanoseconds?

  var hasSample: Bool { minimum != nil }
  /// How long an answer may well take: the last sample or the smoothed time, whichever is longer.
  var expected: Nanoseconds { max(latest ?? smoothed, smoothed) }

  mutating func add(_ sample: Nanoseconds) {
    // An echo is only the peer's word, and a host may have slept.
    let sample = min(max(sample, .microsecond), Constants.longestRoundTrip)
    latest = sample
    guard let least = minimum else {
      minimum = sample
      smoothed = sample
      variation = sample / 2
      return
    }
    minimum = min(least, sample)
    variation += (abs(smoothed - sample) - variation) / 4
    smoothed += (sample - smoothed) / 8
  }

  /// Takes the answer to one of several packets, the last of which left this long ago: until there is a sample, this is
  /// the best guess, since being wrong costs a probe too early rather than a wait that is too long.
  mutating func assume(_ guess: Nanoseconds) {
    guard !hasSample else { return }
    smoothed = min(max(guess, .millisecond), Constants.longestRoundTrip)
    variation = smoothed / 2
  }

  /// The time after which an unanswered packet is probed (RFC 9002 §6.2.1), before any doubling.
  func probeTimeout(ackDelay: Nanoseconds) -> Nanoseconds {
    smoothed + max(4 * variation, Constants.granularity) + ackDelay
  }
}
