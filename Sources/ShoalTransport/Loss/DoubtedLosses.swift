import ShoalBase

/// The losses for which a controller has slowed down, until it is clear whether they were losses: if half of them have
/// arrived after all, reordering or a late ACK was mistaken for loss, and what was given up is restored (RFC 9438
/// §4.9).
struct DoubtedLosses {
  enum Verdict { case open, spurious, real }

  private var losses: Int
  private var spurious = 0
  private let until: Instant

  /// Begins when `losses` packets were declared lost, on a path with this round trip.
  init(_ losses: Int, roundTrip: Nanoseconds, at now: Instant) {
    self.losses = losses
    until = now + 4 * min(roundTrip, 600 * .second) + 100 * .millisecond
  }

  /// Adds packets that were declared lost without slowing down further.
  mutating func add(_ losses: Int) { self.losses += losses }

  /// Notes that this many more packets that had been declared lost have arrived.
  mutating func arrived(_ packets: Int, at now: Instant) -> Verdict {
    spurious += packets
    if now > until { return .real }
    return spurious * 2 >= losses ? .spurious : .open
  }
}
