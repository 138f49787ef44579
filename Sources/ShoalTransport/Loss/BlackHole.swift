import ShoalBase

/// Whether the path has stopped carrying packets larger than those that every path carries (RFC 8899 §4.3).
///
/// The number of losses alone is not enough: on a fast path, a receiver that is busy for some milliseconds loses as
/// many in a row. So nothing large must have got through for a while, either.
struct BlackHole {
  /// The latest-sent large packet that got through.
  private var newestOrder: UInt64?
  /// The large packets lost since, and when the first and the last of them left.
  private var lost: (count: Int, from: Instant, to: Instant)?

  mutating func onArrival(_ departure: Departure) {
    newestOrder = max(newestOrder ?? 0, departure.order)
    forget()
  }

  mutating func onLoss(_ departure: Departure) {
    if let newestOrder, departure.order < newestOrder { return }
    lost = (
      (lost?.count ?? 0) + 1, min(lost?.from ?? departure.sentAt, departure.sentAt),
      max(lost?.to ?? departure.sentAt, departure.sentAt)
    )
  }

  /// Forgets the losses so far, because they are accounted for.
  mutating func forget() { lost = nil }

  func isLikely(_ roundTrip: RoundTrip) -> Bool {
    guard let lost, lost.count >= Constants.blackHole else { return false }
    // A burst of losses is over within a round trip; a path that has become narrower is not.
    return lost.to - lost.from > max(2 * roundTrip.smoothed, Constants.blackHoleTime)
  }
}
