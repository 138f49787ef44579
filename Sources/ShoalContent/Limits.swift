import ShoalBase

/// The limits that are part of the protocol: Protocol.md §10 gives the reason for each. Here those of a file.
public enum Limits {
  /// The chunks of a file, and its pieces: bounds every chunk map to 512 KiB.
  public static var chunks: Int { BitSet.largestCapacity }
  /// The largest file: with pieces of 4 MiB it has `chunks` of them.
  public static let fileSize: UInt64 = 1 << 44
  /// The exponents of a piece's size in bytes: 1 KiB to 4 MiB.
  public static let pieceExponents: ClosedRange<UInt8> = 10...22
  /// The bytes of a file's name.
  public static let nameLength = 255
}
