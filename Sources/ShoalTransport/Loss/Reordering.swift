import ShoalBase

/// How much overtaking counts as reordering rather than loss; it adapts to the path.
///
/// A fixed threshold of three packets is what makes other protocols collapse where packets overtake each other.
struct Reordering {
  /// By how many packets a transmission must be overtaken; nil once reordering was seen, as counting then tells nothing
  /// (RFC 8985 §6.2).
  private(set) var packetThreshold: UInt64? = Constants.packetThreshold
  private var tolerance: Nanoseconds = 0

  /// For how long a transmission must be overtaken: an eighth of a round trip at first (RFC 9002 §6.1.2).
  func window(_ roundTrip: RoundTrip) -> Nanoseconds {
    min(max(roundTrip.smoothed / 8, tolerance, .millisecond / 4), max(roundTrip.smoothed, .millisecond / 4))
  }

  /// Notes that a loss has proven spurious: a packet came this much later than those sent after it, or at an unknown
  /// time, if it was retransmitted meanwhile.
  mutating func onSpuriousLoss(lateness: Nanoseconds?, _ roundTrip: RoundTrip) {
    packetThreshold = nil
    let late = min(lateness ?? tolerance + roundTrip.smoothed / 8, Constants.longestRoundTrip)
    tolerance = min(max(tolerance, lateness == nil ? late : late + late / 8), roundTrip.smoothed)
  }
}
