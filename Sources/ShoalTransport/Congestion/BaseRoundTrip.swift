import ShoalBase

/// The round trip of the path without any queue.
///
/// Where many senders share a bottleneck, its queue may never be empty, and the least round trip of ten seconds holds
/// some of it: measured against that, the queue would not show, and what it drops would pass for random loss. So this
/// one is remembered for longer. It follows a longer least round trip slowly, unless that is so steady that it must be
/// that of another path: a queue that others fill too never is so steady.
struct BaseRoundTrip {
  /// The round trip; nil before the first sample.
  var value: Nanoseconds? { known?.value }
  private var known: (value: Nanoseconds, renewedAt: Instant)?

  private static let interval: Nanoseconds = 10 * .second

  mutating func add(_ sample: Nanoseconds, at now: Instant) {
    guard sample < known?.value ?? .max else { return }
    known = (sample, now)
  }

  /// `least` is the least recent round trip, `queueing` the most by which any recent one exceeded this one.
  mutating func follow(_ least: Nanoseconds, queueing: Nanoseconds, at now: Instant) {
    guard let (value, renewedAt) = known, now - renewedAt > Self.interval else { return }
    let rise = max(least - value, 0)
    known = (value + (queueing < rise + rise / 8 ? rise : rise / 4), now)
  }
}
