/// The limits that are part of the protocol: Protocol.md §10 gives the reason for each.
public enum Limits {
  /// The version of the protocol that this code speaks.
  public static let version: UInt8 = 1
  /// The bytes of the header of every datagram.
  public static let headerLength = 16
  /// An OPEN is padded to this many bytes of UDP payload, and every path must carry as many: RFC 9000 §14.1.
  public static let smallestDatagram = 1_200
  /// The largest UDP payload over IPv4.
  public static let largestDatagram = 65_507
  /// The chunks of a file, and its pieces: bounds every chunk map to 512 KiB.
  public static let chunks = 1 << 22
  /// The largest file: with pieces of 4 MiB it has `chunks` of them.
  public static let fileSize: UInt64 = 1 << 44
  /// The exponents of a piece's size in bytes: 1 KiB to 4 MiB.
  public static let pieceExponents: ClosedRange<UInt8> = 10...22
  /// The packets of a window: bounds a sender's records to some 100 MB, a receiver's map to 128 KiB.
  public static let window: ClosedRange<UInt32> = 1...1_048_576
  /// The bytes of a file's name.
  public static let nameLength = 255
  /// A reply to an address that has proven nothing is at most this many times what it sent: RFC 9000 §8.1.
  public static let amplification = 3
}
