import ShoalWire

extension ByteWriter {
  private static var hopLimit: UInt8 { 64 }

  /// Writes an IPv4 header (RFC 791) without options; `packet` is the length of the whole packet.
  mutating func ipv4Header(from: Address, to: Address, packet: Int) {
    let start = offset
    big(UInt16(0x4500))
    big(UInt16(truncatingIfNeeded: packet))
    // "Don't fragment" is set, so the identification means nothing (RFC 6864 §4.1).
    big(UInt32(0x4000))
    byte(Self.hopLimit)
    byte(IPFrame.udp)
    big(UInt16(0))
    big(from.ipv4)
    big(to.ipv4)
    var sum = InternetSum()
    sum.add(written.extracting(start...))
    patch(big: ~sum.folded, at: start + 10)
  }

  /// Writes an IPv6 header (RFC 8200).
  mutating func ipv6Header(from: Address, to: Address, udpLength: Int) {
    big(UInt32(0x6000_0000))
    big(UInt16(truncatingIfNeeded: udpLength))
    byte(IPFrame.udp)
    byte(Self.hopLimit)
    big(from.high)
    big(from.low)
    big(to.high)
    big(to.low)
  }

  /// A UDP header (RFC 768) and its payload.
  mutating func udp(from: Address, to: Address, payload: Span<UInt8>) {
    let start = offset
    let length = 8 + payload.count
    big(from.port)
    big(to.port)
    big(UInt16(truncatingIfNeeded: length))
    big(UInt16(0))
    bytes(payload)
    var sum = InternetSum(pseudoHeaderFrom: from, to: to, udpLength: length)
    sum.add(written.extracting(start...))
    let checksum = ~sum.folded
    // Zero would mean that there is no checksum.
    patch(big: checksum == 0 ? 0xffff : checksum, at: start + 6)
  }
}
