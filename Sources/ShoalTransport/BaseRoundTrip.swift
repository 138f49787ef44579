import ShoalWire

/// The round trip of the path without any queue.
///
/// Where many senders share a bottleneck, its queue may never be empty, and the least round trip of ten seconds holds
/// some of it: measured against that, the queue would not show, and what it drops would pass for random loss. So this
/// one is remembered for longer, and follows a longer least round trip slowly, unless that is so steady that it must be
/// another path: a queue that others fill too never is.
struct BaseRoundTrip {
  /// `.max` before the first sample.
  private(set) var value: Nanoseconds = .max
  private var renewedAt = Instant.zero

  private static let interval: Nanoseconds = 10 * .second

  mutating func add(_ sample: Nanoseconds, at now: Instant) {
    guard sample < value else { return }
    (value, renewedAt) = (sample, now)
  }

  /// `least` is the least round trip of late, `queueing` the most by which any of late exceeded this one.
  mutating func follow(_ least: Nanoseconds, queueing: Nanoseconds, at now: Instant) {
    guard now - renewedAt > Self.interval else { return }
    renewedAt = now
    let rise = max(least - value, 0)
    value += queueing < rise + rise / 8 ? rise : rise / 4
  }
}
