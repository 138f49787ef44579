import ShoalBase

/// How long the socket is left unread while datagrams arrive steadily, like interrupt moderation in network cards:
/// waking up for each datagram costs several times as much as processing it.
package struct ReceiveModeration {
  /// The longest pause, and the shortest that saves anything.
  private static let most: Nanoseconds = 2 * .millisecond
  private static let least: Nanoseconds = 100 * .microsecond
  /// A pause is at most this fraction of a round trip (one in so many), so that no rate depends on it.
  private static let part: Int64 = 20
  /// How many bytes may accumulate meanwhile: well below the smallest receive buffer.
  private static let mostBytes = 32.0 * 1_024
  /// A pause is worth making only for at least this many datagrams.
  private static let leastDatagrams = 2.0
  /// The time over which rates are measured.
  private static let interval: Nanoseconds = 4 * .millisecond

  private var since = Instant.zero
  private var bytes = 0
  private var datagrams = 0
  private var length: Nanoseconds = 0

  package init() {}

  package mutating func received(_ bytes: Int) {
    self.bytes += bytes
    datagrams += 1
  }

  /// The pause to make now; 0 for none. `roundTrip` is the shortest of the round trips to peers that are sending, if
  /// one is known.
  package mutating func pause(_ roundTrip: Nanoseconds?, at now: Instant) -> Nanoseconds {
    let elapsed = now - since
    guard elapsed >= Self.interval else { return length }
    let byteRate = Double(bytes) / Double(elapsed)
    let datagramRate = Double(datagrams) / Double(elapsed)
    (since, bytes, datagrams) = (now, 0, 0)
    let room = byteRate > 0 ? Nanoseconds(min(Self.mostBytes / byteRate, 1e9)) : 0
    length = min(Self.most, (roundTrip ?? 0) / Self.part, room)
    if length < Self.least || datagramRate * Double(length) < Self.leastDatagrams { length = 0 }
    return length
  }
}
