import ShoalBase

/// The recent round trips, each with the transmission that was the latest to have arrived when it was seen: that shows
/// whether a lost transmission met a queue.
struct RoundTripHistory: ~Copyable {
  struct Entry: BitwiseCopyable {
    var order: UInt64
    var roundTrip: Nanoseconds
  }

  /// A round trip longer than this shows a queue on the path.
  var longRoundTrip: Nanoseconds?
  private var entries = Ring<Entry>()
  private static let most = 1 << 14

  var count: Int { entries.count }
  var capacity: Int { entries.capacity }

  /// Whether this transmission is later than those whose round trip is known.
  func isNews(_ order: UInt64) -> Bool { order > entries.last?.order ?? 0 }

  /// Notes that the round trip was this when a transmission was the latest to have arrived.
  mutating func add(_ roundTrip: Nanoseconds, at order: UInt64, capacity: UInt64) {
    assert(isNews(order))
    // However many ACKs a peer makes of it, one entry per packet is enough.
    if entries.count >= min(Int(capacity), Self.most) { entries.removeLast() }
    entries.append(Entry(order: order, roundTrip: roundTrip))
  }

  /// Forgets the transmissions before this one, which are no longer needed.
  mutating func forget(before order: UInt64) {
    while entries.count > 1, entries.first.order < order { _ = entries.popFirst() }
  }

  mutating func removeAll() { entries.removeAll() }
  mutating func removeMemory() { entries = Ring() }

  /// Whether the round trip was long when the transmission was first overtaken, or arrived.
  mutating func metQueue(_ order: UInt64) -> Bool {
    forget(before: order)
    guard !entries.isEmpty, let longRoundTrip else { return false }
    return entries.first.roundTrip > longRoundTrip
  }
}
