import ShoalWire

/// What the UDP header's reader needs to know of the IP header.
struct IPContext {
  var source: Address
  var destination: Address
  /// Where the IP packet begins in the frame.
  var start: Int
  /// Where in the frame the IP packet ends according to its header; nil if the header does not say.
  var end: Int?
  /// Whether `destination` is the address that the checksum covers: false if a routing header has yet to replace it.
  var isFinal = true

  /// Whether, according to its header, the packet continues for `count` bytes from `offset`.
  func holds(_ count: Int, from offset: Int) -> Bool { end.map { $0 - offset >= count } ?? true }
  /// Where the captured part of the packet ends.
  func end(in bytes: Span<UInt8>) -> Int { min(end ?? bytes.count, bytes.count) }
}

extension IPFrame {
  static let udp: UInt8 = 17

  /// The datagram in an IPv4 packet (RFC 791), whose header may have options.
  static func ipv4(_ bytes: Span<UInt8>, at start: Int, _ verifying: Bool) throws(NotUDP) -> IPFrame {
    guard bytes.count - start >= 20 else { throw .truncated(.network) }
    let first = bytes.uint8(at: start)
    let header = Int(first & 15) * 4
    let total = Int(bytes.uint16(at: start + 2))
    // With segmentation offload, large packets are captured with a total length of 0.
    guard first >> 4 == 4, header >= 20, total == 0 || total >= header else { throw .malformed(.network) }
    guard bytes.count - start >= header else { throw .truncated(.network) }
    let ip = IPContext(
      source: Address(ipv4: bytes.uint32(at: start + 12), port: 0),
      destination: Address(ipv4: bytes.uint32(at: start + 16), port: 0), start: start,
      end: total == 0 ? nil : start + total)
    let number = bytes.uint8(at: start + 9)
    let flags = bytes.uint16(at: start + 6)
    guard flags & 0x3fff == 0 else {
      let end = ip.end(in: bytes)
      throw .fragment(
        IPFragment(
          source: ip.source, destination: ip.destination, identification: UInt32(bytes.uint16(at: start + 4)),
          offset: Int(flags & 0x1fff) * 8, more: flags & 0x2000 != 0, protocolNumber: number,
          length: (ip.end ?? end) - start - header, packet: start..<end, payload: start + header..<end))
    }
    guard number == udp else { throw .otherProtocol(number) }
    return try datagram(bytes, at: start + header, ip, verifying)
  }

  /// The datagram in an IPv6 packet (RFC 8200), which may have extension headers.
  static func ipv6(_ bytes: Span<UInt8>, at start: Int, _ verifying: Bool) throws(NotUDP) -> IPFrame {
    guard bytes.count - start >= 40 else { throw .truncated(.network) }
    guard bytes.uint8(at: start) >> 4 == 6 else { throw .malformed(.network) }
    let length = Int(bytes.uint16(at: start + 4))
    var ip = IPContext(
      source: Address(high: bytes.uint64(at: start + 8), low: bytes.uint64(at: start + 16), port: 0),
      destination: Address(high: bytes.uint64(at: start + 24), low: bytes.uint64(at: start + 32), port: 0),
      start: start, end: length == 0 ? nil : start + 40 + length)
    var number = bytes.uint8(at: start + 6)
    var offset = start + 40
    // Every extension header has at least 8 bytes, so the loop ends with the frame at the latest.
    while number != udp {
      guard isExtension(number) else { throw .otherProtocol(number) }
      guard ip.holds(8, from: offset) else { throw .malformed(.network) }
      guard bytes.count - offset >= 8 else { throw .truncated(.network) }
      let size = extensionSize(number, length: bytes.uint8(at: offset + 1))
      if number == 44 { try refuseFragment(bytes, at: offset, ip) }
      if number == 43 && bytes.uint8(at: offset + 3) != 0 { ip.isFinal = false }
      guard ip.holds(size, from: offset) else { throw .malformed(.network) }
      guard bytes.count - offset >= size else { throw .truncated(.network) }
      number = bytes.uint8(at: offset)
      offset += size
    }
    return try datagram(bytes, at: offset, ip, verifying)
  }

  /// Whether this is hop-by-hop, routing, fragment, authentication, destination options, mobility, HIP or Shim6.
  private static func isExtension(_ number: UInt8) -> Bool {
    switch number {
    case 0, 43, 44, 51, 60, 135, 139, 140: true
    default: false
    }
  }

  private static func extensionSize(_ number: UInt8, length: UInt8) -> Int {
    switch number {
    case 44: 8
    // RFC 4302 §2.2: in words of 4 bytes, minus 2.
    case 51: (Int(length) + 2) * 4
    default: (Int(length) + 1) * 8
    }
  }

  /// Throws for a fragment, unless it is an atomic one (RFC 6946), which is a whole packet.
  private static func refuseFragment(
    _ bytes: Span<UInt8>, at offset: Int, _ ip: IPContext
  ) throws(NotUDP) {
    let field = bytes.uint16(at: offset + 2)
    guard field & 0xfff9 != 0 else { return }
    let end = ip.end(in: bytes)
    throw .fragment(
      IPFragment(
        source: ip.source, destination: ip.destination, identification: bytes.uint32(at: offset + 4),
        offset: Int(field & 0xfff8), more: field & 1 != 0, protocolNumber: bytes.uint8(at: offset),
        length: (ip.end ?? end) - offset - 8, packet: ip.start..<end, payload: offset + 8..<end))
  }
}
