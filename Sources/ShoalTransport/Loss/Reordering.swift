import ShoalBase

/// How much reordering is taken for what it is before it is taken for loss; it adapts to the path.
///
/// A fixed threshold of three packets is what makes others collapse where packets overtake each other.
struct Reordering {
  /// The packets by which a transmission must be overtaken; nil, as counting tells nothing, once reordering was seen (RFC
  /// 8985 §6.2).
  private(set) var packetThreshold: UInt64? = Constants.packetThreshold
  private var tolerance: Nanoseconds = 0

  /// The time by which a transmission must be overtaken: an eighth of a round trip at first (RFC 9002 §6.1.2).
  func window(_ roundTrip: RoundTrip) -> Nanoseconds {
    min(max(roundTrip.smoothed / 8, tolerance, .millisecond / 4), max(roundTrip.smoothed, .millisecond / 4))
  }

  /// A loss has proven spurious: a packet came this much later than those sent after it, or, if it was repeated
  /// meanwhile, at a time that is not known.
  mutating func onSpuriousLoss(lateness: Nanoseconds?, _ roundTrip: RoundTrip) {
    packetThreshold = nil
    let late = min(lateness ?? tolerance + roundTrip.smoothed / 8, Constants.longestRoundTrip)
    tolerance = min(max(tolerance, lateness == nil ? late : late + late / 8), roundTrip.smoothed)
  }
}
