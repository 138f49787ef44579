/// The Internet checksum after a change (RFC 1624).
enum InternetChecksum {
  /// What `checksum` becomes when a 16-bit word changes from `old` to `new`: HC' = ~(~HC + ~m + m'), equation 3.
  static func mended(_ checksum: UInt16, old: UInt16, new: UInt16) -> UInt16 {
    var sum = UInt32(~checksum) + UInt32(~old) + UInt32(new)
    sum = (sum & 0xffff) + (sum >> 16)
    sum = (sum & 0xffff) + (sum >> 16)
    return ~UInt16(truncatingIfNeeded: sum)
  }
}
