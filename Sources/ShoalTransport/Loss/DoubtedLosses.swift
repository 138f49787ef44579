import ShoalBase

/// The losses for which a controller has slowed down, until it is clear that they were losses: when half of them have
/// arrived after all, reordering or a late ACK was taken for loss, and what was given up is to be put back (RFC 9438
/// §4.9).
struct DoubtedLosses {
  enum Verdict { case open, spurious, real }

  private var losses: Int
  private var spurious = 0
  private let until: Instant

  /// `losses` packets were declared lost, on a path of this round trip.
  init(_ losses: Int, roundTrip: Nanoseconds, at now: Instant) {
    self.losses = losses
    until = now + 4 * min(roundTrip, .second) + 100 * .millisecond
  }

  /// More were declared lost, without slowing down further.
  mutating func add(_ losses: Int) { self.losses += losses }

  /// So many more that had been declared lost have arrived.
  mutating func arrived(_ packets: Int, at now: Instant) -> Verdict {
    spurious += packets
    if now > until { return .real }
    return spurious * 2 >= losses ? .spurious : .open
  }
}
