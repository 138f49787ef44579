import ShoalBase
import ShoalContent

/// The checksum of a datagram: CRC-32C over all its bytes, the field itself taken as zero.
///
/// The original's 16-bit sum, folded once, missed swapped words and many two-bit flips; CRC-32C misses neither.
public enum Checksum {
  /// Where the field lies.
  public static let field = Schema.header.first { $0.name == "checksum" }.map { $0.offset!..<$0.offset! + $0.size! }!

  /// What the checksum should be (the original's `calculate_checksum`).
  public static func compute(_ datagram: Span<UInt8>) -> UInt32 { CRC32C.datagram(datagram) }

  /// What the checksum field says; the datagram must have a header.
  public static func found(_ datagram: Span<UInt8>) -> UInt32 {
    datagram.bigEndian(at: field.lowerBound, as: UInt32.self)
  }

  /// Whether the datagram has a header and is intact (the original's `validate_checksum`).
  public static func isValid(_ datagram: Span<UInt8>) -> Bool {
    datagram.count >= Limits.headerLength && found(datagram) == compute(datagram)
  }
}
