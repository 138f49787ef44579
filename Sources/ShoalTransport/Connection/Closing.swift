/// How and why a connection ends.
struct Closing {
  var code: UInt16 = 0
  var reason = ""
  /// Whether a CLOSE is to be sent.
  var isDue = false
  /// How many were sent.
  private(set) var sent = 0
  /// Whether the reason is the peer's, which is not sent back.
  var isByPeer = false
  /// Lowest and highest version of a peer that speaks none of ours.
  var versions: ClosedRange<UInt8>?

  mutating func left() {
    isDue = false
    sent += 1
  }

  /// Whether CLOSE may be sent once more to a peer that keeps sending.
  var mayRepeat: Bool { sent < Constants.closes }

  /// Makes sure that the peer is sent no CLOSE.
  mutating func keepQuiet() { sent = Constants.closes }
}
