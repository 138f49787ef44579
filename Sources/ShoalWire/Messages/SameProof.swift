import ShoalContent

/// The ids of a connection: what the end that opened it chose in OPEN, and the other in ACCEPT.
public struct ConnectionIDs: Hashable, Sendable {
  /// The id in the headers of what the opener receives.
  public var opener: UInt64
  /// The id in the headers of what the responder receives.
  public var responder: UInt64

  /// The ids of a connection.
  public init(opener: UInt64, responder: UInt64) {
    self.opener = opener
    self.responder = responder
  }
}

extension Same {
  /// The proof that whoever is at an end of the connection `ended` is also at an end of `kept`: the first eight bytes of
  /// the BLAKE3 hash of the four ids.
  ///
  /// It needs the ids of both connections, and of each only its two ends know both; and it says nothing to others, who
  /// cannot turn it into the proof for another pair.
  public static func proof(kept: ConnectionIDs, ended: ConnectionIDs) -> UInt64 {
    var bytes: [UInt8] = []
    for id in [kept.opener, kept.responder, ended.opener, ended.responder] {
      for shift in stride(from: 56, through: 0, by: -8) { bytes.append(UInt8(truncatingIfNeeded: id >> UInt64(shift))) }
    }
    return Blake3.hash(bytes.span)[word: 0]
  }
}
