import ShoalWire

extension IPFrame {
  /// The UDP datagram (RFC 768) that starts at an offset.
  static func datagram(
    _ bytes: Span<UInt8>, at start: Int, _ ip: IPContext, _ verifying: Bool
  ) throws(NotUDP) -> IPFrame {
    guard ip.holds(8, from: start) else { throw .malformed(.transport) }
    guard bytes.count - start >= 8 else { throw .truncated(.transport) }
    let length = Int(bytes.uint16(at: start + 4))
    guard length >= 8 && ip.holds(length, from: start) else { throw .malformed(.transport) }
    let end = min(start + length, bytes.count)
    return IPFrame(
      source: ip.source.with(port: bytes.uint16(at: start)),
      destination: ip.destination.with(port: bytes.uint16(at: start + 2)),
      packet: ip.start..<ip.end(in: bytes), payload: start + 8..<end, udpLength: length,
      checksum: verifying ? verdict(bytes.extracting(start..<end), length: length, ip) : .unknown, direction: nil)
  }

  private static func verdict(
    _ datagram: Span<UInt8>, length: Int, _ ip: IPContext
  ) -> ChecksumVerdict {
    let field = datagram.uint16(at: 6)
    guard field != 0 else { return .absent }
    guard datagram.count == length && ip.isFinal else { return .unknown }
    var sum = InternetSum(pseudoHeaderFrom: ip.source, to: ip.destination, udpLength: length)
    let pseudo = sum.folded
    sum.add(datagram)
    // Together with its checksum, an intact datagram sums to all ones (RFC 1071 §1).
    if sum.folded == 0xffff { return .ok }
    return field == pseudo ? .offloaded : .bad
  }
}

extension InternetSum {
  /// The sum of the pseudo-header of UDP (RFC 768; RFC 8200 §8.1).
  ///
  /// IPv4 addresses count as mapped ones do in IPv6: `::ffff:` adds 0xffff, which is zero in ones' complement, so one
  /// sum serves both.
  init(pseudoHeaderFrom source: Address, to destination: Address, udpLength: Int) {
    self.init()
    add(source.high)
    add(source.low)
    add(destination.high)
    add(destination.low)
    add(UInt32(truncatingIfNeeded: udpLength))
    add(UInt16(IPFrame.udp))
  }
}
