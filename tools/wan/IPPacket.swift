import ShoalLink

/// Where an IP packet has what corruption needs: the bytes that it may damage, and the checksum to repair.
struct IPPacket: Equatable {
  /// The bytes that may be damaged.
  private(set) var payload: Range<Int>
  /// Where TCP's or UDP's checksum is; nil if there is none to repair.
  private(set) var checksum: Int?
  /// Whether a checksum field of zero means that there is no checksum, and a checksum that is zero is written as its
  /// complement (RFC 768).
  private(set) var isUDP = false

  private static let tcp: UInt8 = 6, udp: UInt8 = 17

  /// Finds the payload of TCP or UDP in an IPv4 (RFC 791) or IPv6 (RFC 8200) packet; nil if there is none, or the
  /// packet is a fragment, of another protocol, or malformed.
  ///
  /// With `brokenChecksums`, the payload is everything after the IP headers, and no checksum is repaired.
  init?(_ bytes: Span<UInt8>, brokenChecksums: Bool = false) {
    guard let (number, start, end) = IPPacket.transport(bytes) else { return nil }
    if brokenChecksums {
      guard start < end else { return nil }
      payload = start..<end
      return
    }
    switch number {
    case IPPacket.udp:
      guard end - start > 8 else { return nil }
      // Bytes after the length that UDP declares are outside its checksum.
      let length = Int(bytes.uint16(start + 4))
      guard length == 0 || length > 8 && length <= end - start else { return nil }
      payload = start + 8..<(length == 0 ? end : start + length)
      checksum = start + 6
      isUDP = true
    case IPPacket.tcp:
      guard end - start >= 20 else { return nil }
      let header = Int(bytes[start + 12] >> 4) * 4
      guard header >= 20, header < end - start else { return nil }
      payload = start + header..<end
      checksum = start + 16
    default: return nil
    }
  }

  /// The protocol number after all IP headers, where it starts and where the packet ends; nil for fragments.
  private static func transport(_ bytes: Span<UInt8>) -> (number: UInt8, start: Int, end: Int)? {
    guard !bytes.isEmpty else { return nil }
    return switch bytes[0] >> 4 {
    case 4: ipv4(bytes)
    case 6: ipv6(bytes)
    default: nil
    }
  }

  private static func ipv4(_ bytes: Span<UInt8>) -> (number: UInt8, start: Int, end: Int)? {
    guard bytes.count >= 20 else { return nil }
    let header = Int(bytes[0] & 15) * 4
    let end = min(Int(bytes.uint16(2)), bytes.count)
    guard header >= 20, header <= end, bytes.uint16(6) & 0x3fff == 0 else { return nil }
    return (bytes[9], header, end)
  }

  private static func ipv6(_ bytes: Span<UInt8>) -> (number: UInt8, start: Int, end: Int)? {
    guard bytes.count >= 40 else { return nil }
    let end = min(40 + Int(bytes.uint16(4)), bytes.count)
    var number = bytes[6]
    var start = 40
    while true {
      switch number {
      // Hop-by-hop, routing and destination options; each advances by at least 8 bytes, so the loop ends.
      case 0, 43, 60:
        guard end - start >= 8 else { return nil }
        number = bytes[start]
        start += (Int(bytes[start + 1]) + 1) * 8
      case 44: return nil
      default: return start <= end ? (number, start, end) : nil
      }
    }
  }

  /// Flips bits of the payload in `bytes`, and repairs the checksum.
  func damage(_ bytes: inout MutableSpan<UInt8>, _ corruption: Corruption) {
    let before = checksum.map { bytes.span.uint16($0) } ?? 0
    var sum = before
    for index in 0..<corruption.count {
      let bit = corruption.bit(index)
      let place = payload.lowerBound + bit >> 3
      guard place < payload.upperBound else { continue }
      let old = bytes[place]
      bytes[place] = old ^ (1 << UInt8(bit & 7))
      // Words start at even offsets of the transport header, and the payload does too.
      let shift = UInt16((place - payload.lowerBound) & 1 == 0 ? 8 : 0)
      sum = InternetChecksum.mended(sum, old: UInt16(old) << shift, new: UInt16(bytes[place]) << shift)
    }
    guard let checksum, !(isUDP && before == 0) else { return }
    if isUDP, sum == 0 { sum = 0xffff }
    bytes[checksum] = UInt8(truncatingIfNeeded: sum >> 8)
    bytes[checksum + 1] = UInt8(truncatingIfNeeded: sum)
  }
}

extension Span<UInt8> {
  fileprivate func uint16(_ offset: Int) -> UInt16 { UInt16(self[offset]) << 8 | UInt16(self[offset + 1]) }
}
