/// How and why a connection ends.
struct Closing {
  var code: UInt16 = 0
  var reason = ""
  /// A CLOSE is to be sent.
  var isDue = false
  /// How many were sent.
  private(set) var sent = 0
  /// The reason is the peer's, and not sent back.
  var isByPeer = false
  /// Lowest and highest version of a peer that speaks none of ours.
  var versions: ClosedRange<UInt8>?

  mutating func left() {
    isDue = false
    sent += 1
  }

  /// Whether a peer that goes on sending is told once more.
  var mayRepeat: Bool { sent < Constants.closes }

  /// The peer is never told.
  mutating func keepQuiet() { sent = Constants.closes }
}
