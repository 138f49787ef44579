extension IPFrame {
  /// Finds the UDP datagram in a frame.
  ///
  /// - Parameters:
  ///   - linkType: which header the frame starts with.
  ///   - bytes: the captured bytes of the frame.
  ///   - verifying: whether to compute the UDP checksum, which takes a pass over the bytes; if not, `checksum` is
  ///     `.unknown`.
  package static func parse(
    linkType: LinkType, bytes: Span<UInt8>, verifying: Bool = true
  ) throws(NotUDP) -> IPFrame {
    switch linkType {
    case .ethernet:
      guard bytes.count >= 14 else { throw .truncated(.link) }
      return try network(bytes, at: 14, etherType: bytes.uint16(at: 12), verifying)
    case .linuxCooked:
      guard bytes.count >= 16 else { throw .truncated(.link) }
      var frame = try network(bytes, at: 16, etherType: bytes.uint16(at: 14), verifying)
      frame.direction = cookedDirection(bytes.uint16(at: 0))
      return frame
    case .linuxCooked2:
      guard bytes.count >= 20 else { throw .truncated(.link) }
      var frame = try network(bytes, at: 20, etherType: bytes.uint16(at: 0), verifying)
      frame.direction = cookedDirection(UInt16(bytes.uint8(at: 10)))
      frame.interface = bytes.uint32(at: 4)
      return frame
    case .raw, .rawBSD, .rawOpenBSD:
      guard bytes.count >= 1 else { throw .truncated(.network) }
      switch bytes.uint8(at: 0) >> 4 {
      case 4: return try ipv4(bytes, at: 0, verifying)
      case 6: return try ipv6(bytes, at: 0, verifying)
      default: throw .malformed(.network)
      }
    case .ipv4:
      return try ipv4(bytes, at: 0, verifying)
    case .ipv6:
      return try ipv6(bytes, at: 0, verifying)
    case .null, .loop:
      return try loopback(bytes, verifying)
    default:
      throw .unsupportedLinkType(linkType)
    }
  }

  /// The IP packet after an EtherType and any VLAN tags: 802.1Q, 802.1ad (QinQ) and its predecessor 0x9100.
  private static func network(
    _ bytes: Span<UInt8>, at start: Int, etherType: UInt16, _ verifying: Bool
  ) throws(NotUDP) -> IPFrame {
    var type = etherType
    var offset = start
    while type == 0x8100 || type == 0x88a8 || type == 0x9100 {
      guard bytes.count - offset >= 4 else { throw .truncated(.link) }
      type = bytes.uint16(at: offset + 2)
      offset += 4
    }
    switch type {
    case 0x0800: return try ipv4(bytes, at: offset, verifying)
    case 0x86dd: return try ipv6(bytes, at: offset, verifying)
    default: throw .notIP(UInt32(type))
    }
  }

  /// The direction by the packet type of a cooked header: 4 is sent by this machine; 0 to 3 are sent to it, broadcast,
  /// multicast, and sent to others.
  private static func cookedDirection(_ type: UInt16) -> CaptureDirection? {
    type == 4 ? .outbound : type < 4 ? .inbound : nil
  }

  private static func loopback(_ bytes: Span<UInt8>, _ verifying: Bool) throws(NotUDP) -> IPFrame {
    guard bytes.count >= 4 else { throw .truncated(.link) }
    // Families are small numbers, so the byte order that gives the smaller one is the file's.
    let family = min(bytes.uint32(at: 0, .big), bytes.uint32(at: 0, .little))
    switch family {
    case 2: return try ipv4(bytes, at: 4, verifying)
    // IPv6 on Linux, NetBSD and OpenBSD, FreeBSD, and Darwin.
    case 10, 24, 28, 30: return try ipv6(bytes, at: 4, verifying)
    default: throw .notIP(family)
    }
  }
}
