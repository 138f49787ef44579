import ShoalBase

/// CRC32C: the Castagnoli polynomial, reflected, as in iSCSI (RFC 3720 §12.1) and SCTP (RFC 9260 appendix A).
/// The CRC of the nine bytes `123456789` is `e3069283`.
public enum CRC32C {
  /// `checksum` in plain Swift, eight bytes a step by tables; the other paths are tested against it.
  public static func portable(_ bytes: Span<UInt8>) -> UInt32 {
    let tables = tables.span
    var crc = UInt32.max
    var offset = 0
    while bytes.count - offset >= 8 {
      let word = bytes.bigEndian(at: offset, as: UInt64.self).byteSwapped ^ UInt64(crc)
      crc = 0
      for byte in 0..<8 {
        crc ^= tables[(7 - byte) << 8 | Int(truncatingIfNeeded: word >> UInt64(8 * byte) & 255)]
      }
      offset += 8
    }
    while offset < bytes.count {
      crc = crc >> 8 ^ tables[Int((crc ^ UInt32(bytes[offset])) & 255)]
      offset += 1
    }
    return ~crc
  }

  /// Element `256 k + b` is the register after the byte b and k zero bytes.
  private static let tables: [UInt32] = {
    var tables = [UInt32](repeating: 0, count: 8 * 256)
    for byte in 0..<256 {
      tables[byte] = (0..<8).reduce(UInt32(byte)) { crc, _ in crc >> 1 ^ (crc & 1 == 1 ? 0x82f6_3b78 : 0) }
    }
    for index in 256..<tables.count {
      let previous = tables[index - 256]
      tables[index] = previous >> 8 ^ tables[Int(previous & 255)]
    }
    return tables
  }()
}
