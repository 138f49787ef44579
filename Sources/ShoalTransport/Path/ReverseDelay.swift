import ShoalBase

/// How much longer packets from the peer take than the fastest of the last minutes: the queue on the way from the peer.
///
/// Their timestamps are from another clock, so only differences say anything (RFC 6817 §3.4.2). Deducted from what a
/// round trip has grown by, this leaves the queue on the way to the peer.
struct ReverseDelay {
  /// The difference of the clocks at the first packet.
  private var first: UInt32?
  /// The least delay, relative to the first packet's, in this and in the previous stretch.
  private var (newer, older) = (Nanoseconds.max, Nanoseconds.max)
  private var since = Instant.zero
  private var smoothed: Nanoseconds = 0
  private var at = Instant.zero

  /// Notes the timestamp of a packet that has arrived.
  mutating func add(_ timestamp: UInt32, at now: Instant) {
    let difference = now.wireMicroseconds &- timestamp
    guard let first else {
      (first, newer, since, at) = (difference, 0, now, now)
      return
    }
    let delay = Nanoseconds(Int32(bitPattern: difference &- first)) * .microsecond
    // The clocks may run at slightly different speeds.
    if now - since > ReverseDelay.stretch { (older, newer, since) = (newer, delay, now) }
    newer = min(newer, delay)
    smoothed = now - at > ReverseDelay.memory ? delay : smoothed + (delay - smoothed) / 4
    at = now
  }

  /// How much longer packets have taken recently; 0 if none have come.
  func growth(at now: Instant) -> Nanoseconds {
    first == nil || now - at > ReverseDelay.memory ? 0 : max(smoothed - min(newer, older), 0)
  }

  private static let stretch: Nanoseconds = 60 * .second
  private static let memory: Nanoseconds = 2 * .second
}
