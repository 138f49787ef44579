/// Numbers of the pcap file format (draft-ietf-opsawg-pcap §4).
enum Pcap {
  static let microseconds: UInt32 = 0xa1b2_c3d4
  static let nanoseconds: UInt32 = 0xa1b2_3c4d
  static let fileHeaderSize = 24
  static let recordHeaderSize = 16
}

extension CaptureReader {
  /// Reads the file header; false if more bytes are needed.
  mutating func pcapHeader(_ order: ByteOrder, _ clock: CaptureClock) throws(CaptureError) -> Bool {
    guard buffer.count >= Pcap.fileHeaderSize else {
      try starve()
      return false
    }
    let major = buffer.uint16(at: 4, order)
    guard major == 2 else {
      throw damage(.unsupportedVersion(major: major, minor: buffer.uint16(at: 6, order)))
    }
    // The upper half of the link type field announces a frame check sequence, which follows the IP packet.
    let linkType = LinkType(rawValue: UInt16(truncatingIfNeeded: buffer.uint32(at: 20, order)))
    let snapLength = buffer.uint32(at: 16, order)
    interfaces = [CaptureInterface(linkType: linkType, snapLength: snapLength, clock: clock)]
    interfaceNames = [nil]
    hasSeveralInterfaces = linkType.isCooked
    format = .pcap(order)
    consume(Pcap.fileHeaderSize)
    return true
  }

  /// Reads one packet record; false if more bytes are needed or none are left.
  mutating func packet(_ order: ByteOrder, _ record: inout CaptureRecord) throws(CaptureError) -> Bool {
    guard buffer.count >= Pcap.recordHeaderSize else {
      try starve()
      return false
    }
    let captured = buffer.uint32(at: 8, order)
    guard Int(captured) <= Self.maximumBlock else { throw damage(.badLength(captured)) }
    let size = Pcap.recordHeaderSize + Int(captured)
    guard buffer.count >= size else {
      try starve()
      return false
    }
    let fraction = interfaces[0].clock.time(ticks: UInt64(buffer.uint32(at: 4, order)))
    record.time = UInt64(buffer.uint32(at: 0, order)) * 1_000_000_000 + fraction
    record.originalLength = Int(buffer.uint32(at: 12, order))
    (record.direction, record.comment) = (nil, nil)
    record.bytes = buffer.slice(Pcap.recordHeaderSize..<size)
    count(&record, interface: 0)
    consume(size)
    return true
  }
}
