import ShoalBase

/// How much longer packets from the peer take than the fastest of the last minutes: the queue on the way from the peer.
///
/// Deducted from what a round trip has grown by, it leaves the queue on the way to the peer.
struct ReverseDelay {
  /// Over minutes, as an uplink may be full for so long.
  private var delay = OneWayDelay(stretch: 60 * .second)
  private var smoothed: Nanoseconds = 0
  /// When the last packet came; nil before the first.
  private var at: Instant?

  private static let memory: Nanoseconds = 2 * .second

  /// Notes the timestamp of a packet that has arrived.
  mutating func add(_ timestamp: UInt32, at now: Instant) {
    let delay = delay.add(timestamp, at: now)
    let isRecent = at.map { now - $0 <= Self.memory } ?? false
    smoothed = isRecent ? smoothed + (delay - smoothed) / 4 : delay
    at = now
  }

  /// How much longer packets have taken recently; 0 if none have come.
  func growth(at now: Instant) -> Nanoseconds {
    guard let at, now - at <= Self.memory else { return 0 }
    return max(smoothed - delay.least, 0)
  }
}
