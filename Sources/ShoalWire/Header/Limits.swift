import ShoalContent

/// Those of datagrams and connections.
extension Limits {
  /// The version of the protocol that this code speaks.
  public static let version: UInt8 = 1
  /// The bytes of the header of every datagram.
  public static let headerLength = Header.encodedSize
  /// An OPEN is padded to this many bytes of UDP payload, and every path must carry as many: RFC 9000 §14.1.
  public static let smallestDatagram = 1_200
  /// The largest UDP payload over IPv4.
  public static let largestDatagram = 65_507
  /// The packets of a window: bounds a sender's records to some 100 MB, a receiver's map to 128 KiB.
  public static let window: ClosedRange<UInt32> = 1...1_048_576
  /// The most runs of chunks in a REGISTER or UPDATE: bounds what a tracker does for one datagram.
  public static let trackedRuns = 64
  /// A reply to an address that has proven nothing is at most this many times what it sent: RFC 9000 §8.1.
  public static let amplification = 3
}
