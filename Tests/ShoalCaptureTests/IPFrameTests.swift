import ShoalBase
import ShoalCapture
import ShoalWire
import Testing

func parse(_ linkType: LinkType, _ bytes: [UInt8]) throws(NotUDP) -> IPFrame {
  try IPFrame.parse(linkType: linkType, bytes: bytes.span)
}

func refusal(_ linkType: LinkType, _ bytes: [UInt8]) -> NotUDP? {
  do {
    _ = try parse(linkType, bytes)
    return nil
  } catch {
    return error
  }
}

@Suite struct IPFrameTests {
  static let payload: [UInt8] = [11, 22, 33, 44, 55]
  static let four = Packets.ipv4(Packets.udp(payload, addresses: Packets.four))
  static let six = Packets.ipv6(Packets.udp(payload, addresses: Packets.six))
  static let sourceFour = Address(ipv4: 0xc000_0201, port: 1000)
  static let sourceSix = Address(high: 0x2001_0db8_0000_0000, low: 1, port: 1000)

  /// Expects the payload behind a link header, for the packet of a family.
  func expect(_ linkType: LinkType, _ header: [UInt8], isIPv4: Bool, _ direction: CaptureDirection? = nil) throws {
    // Ethernet pads short frames: what follows the IP packet is not its own.
    let packet = (isIPv4 ? Self.four : Self.six)
    let bytes = header + packet + [0, 0, 0]
    let frame = try parse(linkType, bytes)
    #expect(frame.source == (isIPv4 ? Self.sourceFour : Self.sourceSix))
    #expect(frame.destination.port == 2000)
    #expect(frame.checksum == .ok)
    #expect(frame.udpLength == 13)
    #expect(frame.direction == direction)
    #expect(Array(bytes[frame.payload]) == Self.payload)
    for length in 0..<header.count + packet.count - 5 {
      guard case .truncated = refusal(linkType, Array(bytes[..<length])) else {
        Issue.record("link type \(linkType.rawValue) cut to \(length)")
        continue
      }
    }
  }

  @Test func ethernet() throws {
    let addresses = [UInt8](repeating: 2, count: 12)
    try expect(.ethernet, addresses + [0x08, 0], isIPv4: true)
    try expect(.ethernet, addresses + [0x86, 0xdd], isIPv4: false)
    try expect(.ethernet, addresses + [0x81, 0, 0x20, 5, 0x08, 0], isIPv4: true)
    try expect(.ethernet, addresses + [0x88, 0xa8, 0, 7, 0x81, 0, 0, 5, 0x86, 0xdd], isIPv4: false)
    try expect(.ethernet, addresses + [0x91, 0, 0, 7, 0x81, 0, 0, 5, 0x08, 0], isIPv4: true)
    #expect(refusal(.ethernet, addresses + [0x08, 6, 0, 1]) == .notIP(0x0806))
  }

  @Test func cooked() throws {
    let rest: [UInt8] = [0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0]
    try expect(.linuxCooked, [0, 4] + rest + [0x08, 0], isIPv4: true, .outbound)
    try expect(.linuxCooked, [0, 0] + rest + [0x86, 0xdd], isIPv4: false, .inbound)
    try expect(.linuxCooked, [0, 9] + rest + [0x81, 0, 0, 1, 0x08, 0], isIPv4: true)
    let second: [UInt8] = [0, 0, 0, 0, 0, 2, 0, 1]
    try expect(.linuxCooked2, [0x08, 0] + second + [4, 6] + rest.suffix(8), isIPv4: true, .outbound)
    try expect(.linuxCooked2, [0x86, 0xdd] + second + [3, 6] + rest.suffix(8), isIPv4: false, .inbound)
  }

  @Test func rawAndLoopback() throws {
    for linkType in [LinkType.raw, .rawBSD, .rawOpenBSD] {
      try expect(linkType, [], isIPv4: true)
      try expect(linkType, [], isIPv4: false)
      #expect(refusal(linkType, [0x50]) == .malformed(.network))
    }
    try expect(.ipv4, [], isIPv4: true)
    try expect(.ipv6, [], isIPv4: false)
    #expect(refusal(.ipv4, Self.six) == .malformed(.network))
    #expect(refusal(.ipv6, Self.four + Self.four) == .malformed(.network))
    for linkType in [LinkType.null, .loop] {
      try expect(linkType, [0, 0, 0, 2], isIPv4: true)
      for family: UInt8 in [10, 24, 28, 30] { try expect(linkType, [0, 0, 0, family], isIPv4: false) }
    }
    try expect(.null, [2, 0, 0, 0], isIPv4: true)
    try expect(.null, [30, 0, 0, 0], isIPv4: false)
    #expect(refusal(.null, [7, 0, 0, 0]) == .notIP(7))
    #expect(refusal(LinkType(rawValue: 147), Self.four) == .unsupportedLinkType(LinkType(rawValue: 147)))
  }

  @Test func ipv4Options() throws {
    let options: [UInt8] = [1, 1, 1, 1, 0x94, 4, 0, 0]
    let packet = Packets.ipv4(Packets.udp(Self.payload, addresses: Packets.four), options: options)
    let frame = try parse(.raw, packet)
    #expect(frame.checksum == .ok)
    #expect(Array(packet[frame.payload]) == Self.payload)
    var broken = packet
    broken[0] = 0x44
    #expect(refusal(.raw, broken) == .malformed(.network))
  }

  @Test func extensionHeaders() throws {
    let udp = Packets.udp(Self.payload, addresses: Packets.six)
    let hopByHop: [UInt8] = [60, 0, 1, 4, 0, 0, 0, 0]
    let options: [UInt8] = [43, 1] + [UInt8](repeating: 0, count: 14)
    let routing: [UInt8] = [51, 0, 4, 0, 0, 0, 0, 0]
    let authentication: [UInt8] = [44, 4] + [UInt8](repeating: 0, count: 22)
    let atomic: [UInt8] = [17, 0, 0, 0, 1, 2, 3, 4]
    let chain = hopByHop + options + routing + authentication + atomic
    let packet = Packets.ipv6(chain + udp, next: 0)
    let frame = try parse(.raw, packet)
    #expect(frame.checksum == .ok)
    #expect(frame.source == Self.sourceSix)
    #expect(Array(packet[frame.payload]) == Self.payload)
    for length in 40..<40 + chain.count {
      #expect(refusal(.raw, Array(packet[..<length])) == .truncated(.network))
    }
    #expect(refusal(.raw, Packets.ipv6(chain + udp, next: 0, length: 12)) == .malformed(.network))
    // With segments left, the destination that the checksum covers is in the routing header.
    let onTheWay: [UInt8] = [17, 0, 4, 1, 0, 0, 0, 0]
    #expect(try parse(.raw, Packets.ipv6(onTheWay + udp, next: 43)).checksum == .unknown)
    #expect(refusal(.raw, Packets.ipv6([], next: 59)) == .otherProtocol(59))
    #expect(refusal(.raw, Packets.ipv6([50, 0, 0, 0, 0, 0, 0, 0], next: 0)) == .otherProtocol(50))
  }

  @Test func fragments() {
    let udp = Packets.udp(Self.payload, addresses: Packets.four)
    func fragment(_ refusal: NotUDP?) -> IPFragment? {
      if case .fragment(let fragment) = refusal { return fragment }
      return nil
    }
    let first = fragment(refusal(.raw, Packets.ipv4(udp, fragment: 0x2000)))
    #expect(first?.offset == 0)
    #expect(first?.more == true)
    #expect(first?.identification == 77)
    #expect(first?.protocolNumber == 17)
    #expect(first?.source == Self.sourceFour.with(port: 0))
    let last = fragment(refusal(.raw, Packets.ipv4(udp, fragment: 185)))
    #expect(last?.offset == 1480)
    #expect(last?.more == false)
    let six = fragment(refusal(.raw, Packets.ipv6([17, 0, 5, 0xa9, 9, 8, 7, 6] + udp, next: 44)))
    #expect(six?.offset == 1448)
    #expect(six?.more == true)
    #expect(six?.identification == 0x0908_0706)
    #expect(six?.destination == Address(high: 0xfe80 << 48, low: 9, port: 0))
  }

  @Test func lengthsOfUDP() throws {
    let udp = Packets.udp(Self.payload, addresses: Packets.four)
    #expect(refusal(.raw, Packets.ipv4(udp, number: 6)) == .otherProtocol(6))
    #expect(refusal(.raw, Packets.ipv4(udp, total: 19)) == .malformed(.network))
    #expect(refusal(.raw, Packets.ipv4(udp, total: 27)) == .malformed(.transport))
    #expect(refusal(.raw, Packets.ipv4(udp, total: 32)) == .malformed(.transport))
    var short = udp
    short.replaceSubrange(4..<6, with: [0, 7])
    #expect(refusal(.raw, Packets.ipv4(short)) == .malformed(.transport))
    // Offload leaves the total length 0, and UDP options (RFC 9868) follow the datagram.
    #expect(try parse(.raw, Packets.ipv4(udp, total: 0)).checksum == .ok)
    #expect(try parse(.raw, Packets.ipv6(Packets.udp([1], addresses: Packets.six), length: 0)).checksum == .ok)
    #expect(try parse(.raw, Packets.ipv4(udp + [1, 2, 3])).payload.count == 5)
  }

  @Test func verdicts() throws {
    let packet = Self.four
    for index in packet.indices.dropFirst(20) where index != 24 && index != 25 {
      var broken = packet
      broken[index] ^= 0x40
      #expect(try parse(.raw, broken).checksum == .bad)
    }
    let cut = try parse(.raw, Array(packet.dropLast(2)))
    #expect(cut.checksum == .unknown)
    #expect(cut.isTruncated)
    #expect(cut.payload.count == 3)
    #expect(cut.udpLength == 13)
    let absent = Packets.ipv4(Packets.udp(Self.payload, addresses: Packets.four, checksum: 0))
    #expect(try parse(.raw, absent).checksum == .absent)
    let pseudo = onesComplementSum(Packets.four + [0, 17, 0, 13])
    let offloaded = Packets.ipv4(Packets.udp(Self.payload, addresses: Packets.four, checksum: Int(pseudo)))
    #expect(try parse(.raw, offloaded).checksum == .offloaded)
  }
}
