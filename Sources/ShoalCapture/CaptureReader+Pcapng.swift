extension CaptureReader {
  /// What came of trying to read a block.
  enum Step {
    case record(CaptureRecord)
    case passed
    case starved
  }

  /// What the options of a packet say.
  struct PacketOptions {
    var direction: CaptureDirection?
    var comment: Bytes?
  }

  /// Reads the next block (§3.1), in the byte order `section` or, if it is a header that starts another section, in its
  /// own.
  mutating func block(_ section: ByteOrder) throws(CaptureError) -> Step {
    if passing != nil { return try pass(section) }
    let bytes = buffer.bytes
    // No block is shorter, and a section header has its byte-order magic within.
    guard bytes.count >= 12 else {
      try starve()
      return .starved
    }
    let type = bytes.uint32(at: 0, section)
    // The type of a section header is a palindrome: it reads the same before the order is known.
    let order = type == Pcapng.sectionHeader ? try sectionOrder(bytes) : section
    let length = bytes.uint32(at: 4, order)
    guard length >= 12 && length % 4 == 0 else { throw damage(.badLength(length)) }
    guard length <= Self.maximumBlock else {
      guard !Pcapng.isRead(type) else { throw damage(.badLength(length)) }
      passing = (UInt64(length), length)
      return .passed
    }
    let size = Int(length)
    guard bytes.count >= size else {
      try starve()
      return .starved
    }
    let last = bytes.uint32(at: size - 4, order)
    guard last == length else { throw damage(.lengthsDisagree(length, last)) }
    let step = try content(bytes.slice(8..<size - 4), type, order)
    consume(size)
    return step
  }

  /// Continues skipping a block, without keeping its bytes; it must end with its length.
  private mutating func pass(_ order: ByteOrder) throws(CaptureError) -> Step {
    guard let (left, length) = passing else { return .passed }
    let isEnd = left <= 4
    let count = isEnd ? Int(left) : Int(min(left - 4, UInt64(buffer.count)))
    guard count > 0, buffer.count >= count else {
      try starve()
      return .starved
    }
    if isEnd {
      let last = buffer.bytes.uint32(at: 0, order)
      guard last == length else { throw damage(.lengthsDisagree(length, last)) }
    }
    passing = isEnd ? nil : (left - UInt64(count), length)
    consume(count)
    return .passed
  }

  private func sectionOrder(_ bytes: Bytes) throws(CaptureError) -> ByteOrder {
    switch bytes.uint32(at: 8, .big) {
    case Pcapng.byteOrderMagic: return .big
    case Pcapng.byteOrderMagic.byteSwapped: return .little
    default: throw damage(.badByteOrderMagic)
    }
  }

  private mutating func content(
    _ body: Bytes, _ type: UInt32, _ order: ByteOrder
  ) throws(CaptureError) -> Step {
    switch type {
    case Pcapng.sectionHeader:
      try sectionHeader(body, order)
    case Pcapng.interfaceDescription:
      try interfaceDescription(body, order)
    case Pcapng.enhancedPacket:
      guard body.count >= 20 else { throw damage(.blockTooShort) }
      return .record(try timedPacket(body, interface: body.uint32(at: 0, order), order))
    case Pcapng.obsoletePacket:
      guard body.count >= 20 else { throw damage(.blockTooShort) }
      return .record(try timedPacket(body, interface: UInt32(body.uint16(at: 0, order)), order))
    case Pcapng.simplePacket:
      return .record(try simplePacket(body, order))
    default:
      break
    }
    return .passed
  }

  /// §4.1. The section length is ignored: blocks say where they end.
  private mutating func sectionHeader(_ body: Bytes, _ order: ByteOrder) throws(CaptureError) {
    guard body.count >= 16 else { throw damage(.blockTooShort) }
    let major = body.uint16(at: 4, order)
    guard major == 1 else {
      throw damage(.unsupportedVersion(major: major, minor: body.uint16(at: 6, order)))
    }
    interfaces.removeAll(keepingCapacity: true)
    interfaceNames.removeAll(keepingCapacity: true)
    format = .pcapng(order)
  }

  /// §4.2.
  private mutating func interfaceDescription(_ body: Bytes, _ order: ByteOrder) throws(CaptureError) {
    guard body.count >= 8 else { throw damage(.blockTooShort) }
    guard interfaces.count < Self.maximumInterfaces else { throw damage(.tooManyInterfaces) }
    var resolution: UInt8 = 6
    var offset: Int64 = 0
    var name: String?
    var options = OptionReader(body.slice(8..<body.count), order)
    while let option = try next(&options) {
      switch option.code {
      case Pcapng.interfaceName:
        name = String(decoding: option.value.prefix(Self.maximumName), as: UTF8.self)
      case Pcapng.timestampResolution:
        guard option.value.count == 1 else { throw damage(.badOptionLength(code: option.code)) }
        resolution = option.value.uint8(at: 0)
      case Pcapng.timestampOffset:
        guard option.value.count == 8 else { throw damage(.badOptionLength(code: option.code)) }
        offset = Int64(bitPattern: option.value.uint64(at: 0, order))
      default:
        break
      }
    }
    interfaces.append(
      CaptureInterface(
        linkType: LinkType(rawValue: body.uint16(at: 0, order)), snapLength: body.uint32(at: 4, order),
        clock: CaptureClock(resolution: resolution, offset: offset)))
    interfaceNames.append(name)
    if interfaces.count > 1 || interfaces[0].linkType.isCooked { hasSeveralInterfaces = true }
  }

  /// The enhanced packet block (§4.3) and the obsolete packet block (appendix A), which differ in the interface only.
  private mutating func timedPacket(
    _ body: Bytes, interface index: UInt32, _ order: ByteOrder
  ) throws(CaptureError) -> CaptureRecord {
    guard index < interfaces.count else { throw damage(.undefinedInterface(index)) }
    let captured = body.uint32(at: 12, order)
    // A block's length is a multiple of 4, so if the packet fits, so does its padding.
    guard Int(captured) <= body.count - 20 else { throw damage(.packetOverrunsBlock(captured)) }
    let end = 20 + Int(captured)
    let options = try packetOptions(body.slice(padded(end)..<body.count), order)
    let ticks = UInt64(body.uint32(at: 4, order)) << 32 | UInt64(body.uint32(at: 8, order))
    let interface = interfaces[Int(index)]
    packets &+= 1
    return CaptureRecord(
      number: packets, offset: position, time: interface.clock.time(ticks: ticks), interface: Int(index),
      linkType: interface.linkType, originalLength: Int(body.uint32(at: 16, order)), direction: options.direction,
      bytes: body.slice(20..<end), comment: options.comment)
  }

  /// Reads a simple packet block (§4.4): of interface 0, without a time; its captured length is what the other fields
  /// leave.
  private mutating func simplePacket(
    _ body: Bytes, _ order: ByteOrder
  ) throws(CaptureError) -> CaptureRecord {
    guard body.count >= 4 else { throw damage(.blockTooShort) }
    guard let interface = interfaces.first else { throw damage(.undefinedInterface(0)) }
    let original = body.uint32(at: 0, order)
    let captured = interface.snapLength == 0 ? original : min(original, interface.snapLength)
    guard Int(captured) <= body.count - 4 else { throw damage(.packetOverrunsBlock(captured)) }
    packets &+= 1
    return CaptureRecord(
      number: packets, offset: position, time: nil, interface: 0, linkType: interface.linkType,
      originalLength: Int(original), direction: nil, bytes: body.slice(4..<4 + Int(captured)), comment: nil)
  }

  private func packetOptions(
    _ bytes: Bytes, _ order: ByteOrder
  ) throws(CaptureError) -> PacketOptions {
    var found = PacketOptions()
    var options = OptionReader(bytes, order)
    while let option = try next(&options) {
      switch option.code {
      case Pcapng.comment:
        if found.comment == nil { found.comment = option.value }
      case Pcapng.packetFlags:
        guard option.value.count == 4 else { throw damage(.badOptionLength(code: option.code)) }
        switch option.value.uint32(at: 0, order) & Pcapng.directionMask {
        case Pcapng.inbound: found.direction = .inbound
        case Pcapng.outbound: found.direction = .outbound
        default: break
        }
      default:
        break
      }
    }
    return found
  }

  private func next(_ options: inout OptionReader) throws(CaptureError) -> OptionReader.Option? {
    do {
      return try options.next()
    } catch {
      throw damage(.optionOverrunsBlock(code: error.code))
    }
  }
}
