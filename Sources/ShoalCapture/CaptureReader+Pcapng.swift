extension CaptureReader {
  /// The outcome of trying to read a block.
  enum Step {
    case found
    case passed
    case starved
  }

  /// What the options of a packet say.
  struct PacketOptions {
    var direction: CaptureDirection?
    /// Where the comment lies.
    var comment: Range<Int>?
  }

  /// Reads the next block (§3.1): in the byte order `section` or, if it is the header of another section, in that
  /// section's. A packet goes to `record`.
  mutating func block(_ section: ByteOrder, _ record: inout CaptureRecord) throws(CaptureError) -> Step {
    if passing != nil { return try pass(section) }
    // No block is shorter, and a section header's byte-order magic lies within these bytes.
    guard buffer.count >= 12 else {
      try starve()
      return .starved
    }
    let type = buffer.uint32(at: 0, section)
    // The type of a section header is a palindrome: it reads the same before the order is known.
    let order = type == Pcapng.sectionHeader ? try sectionOrder() : section
    let length = buffer.uint32(at: 4, order)
    guard length >= 12 && length % 4 == 0 else { throw damage(.badLength(length)) }
    guard length <= Self.maximumBlock else {
      guard !Pcapng.isRead(type) else { throw damage(.badLength(length)) }
      passing = (UInt64(length), length)
      return .passed
    }
    let size = Int(length)
    guard buffer.count >= size else {
      try starve()
      return .starved
    }
    let last = buffer.uint32(at: size - 4, order)
    guard last == length else { throw damage(.lengthsDisagree(length, last)) }
    let step = try content(8..<size - 4, type, order, &record)
    consume(size)
    return step
  }

  /// Continues to skip a block, without keeping its bytes; it must end with its length.
  private mutating func pass(_ order: ByteOrder) throws(CaptureError) -> Step {
    guard let (left, length) = passing else { return .passed }
    let isEnd = left <= 4
    let count = isEnd ? Int(left) : Int(min(left - 4, UInt64(buffer.count)))
    guard count > 0, buffer.count >= count else {
      try starve()
      return .starved
    }
    if isEnd {
      let last = buffer.uint32(at: 0, order)
      guard last == length else { throw damage(.lengthsDisagree(length, last)) }
    }
    passing = isEnd ? nil : (left - UInt64(count), length)
    consume(count)
    return .passed
  }

  private func sectionOrder() throws(CaptureError) -> ByteOrder {
    switch buffer.uint32(at: 8, .big) {
    case Pcapng.byteOrderMagic: return .big
    case Pcapng.byteOrderMagic.byteSwapped: return .little
    default: throw damage(.badByteOrderMagic)
    }
  }

  private mutating func content(
    _ body: Range<Int>, _ type: UInt32, _ order: ByteOrder, _ record: inout CaptureRecord
  ) throws(CaptureError) -> Step {
    switch type {
    case Pcapng.sectionHeader:
      try sectionHeader(body, order)
    case Pcapng.interfaceDescription:
      try interfaceDescription(body, order)
    case Pcapng.enhancedPacket:
      guard body.count >= 20 else { throw damage(.blockTooShort) }
      try timedPacket(body, interface: buffer.uint32(at: body.lowerBound, order), order, &record)
      return .found
    case Pcapng.obsoletePacket:
      guard body.count >= 20 else { throw damage(.blockTooShort) }
      try timedPacket(body, interface: UInt32(buffer.uint16(at: body.lowerBound, order)), order, &record)
      return .found
    case Pcapng.simplePacket:
      try simplePacket(body, order, &record)
      return .found
    default:
      break
    }
    return .passed
  }

  /// §4.1. The section length is ignored: blocks say where they end.
  private mutating func sectionHeader(_ body: Range<Int>, _ order: ByteOrder) throws(CaptureError) {
    guard body.count >= 16 else { throw damage(.blockTooShort) }
    let major = buffer.uint16(at: body.lowerBound + 4, order)
    guard major == 1 else {
      throw damage(.unsupportedVersion(major: major, minor: buffer.uint16(at: body.lowerBound + 6, order)))
    }
    interfaces.removeAll(keepingCapacity: true)
    interfaceNames.removeAll(keepingCapacity: true)
    format = .pcapng(order)
  }

  /// §4.2.
  private mutating func interfaceDescription(_ body: Range<Int>, _ order: ByteOrder) throws(CaptureError) {
    guard body.count >= 8 else { throw damage(.blockTooShort) }
    guard interfaces.count < Self.maximumInterfaces else { throw damage(.tooManyInterfaces) }
    var resolution: UInt8 = 6
    var offset: Int64 = 0
    var name: String?
    var options = OptionReader(body.lowerBound + 8..<body.upperBound, order)
    while let option = try next(&options) {
      switch option.code {
      case Pcapng.interfaceName:
        name = String(decoding: buffer.slice(option.value.prefix(Self.maximumName)), as: UTF8.self)
      case Pcapng.timestampResolution:
        guard option.value.count == 1 else { throw damage(.badOptionLength(code: option.code)) }
        resolution = buffer.uint8(at: option.value.lowerBound)
      case Pcapng.timestampOffset:
        guard option.value.count == 8 else { throw damage(.badOptionLength(code: option.code)) }
        offset = Int64(bitPattern: buffer.uint64(at: option.value.lowerBound, order))
      default:
        break
      }
    }
    interfaces.append(
      CaptureInterface(
        linkType: LinkType(rawValue: buffer.uint16(at: body.lowerBound, order)),
        snapLength: buffer.uint32(at: body.lowerBound + 4, order),
        clock: CaptureClock(resolution: resolution, offset: offset)))
    interfaceNames.append(name)
    if interfaces.count > 1 || interfaces[0].linkType.isCooked { hasSeveralInterfaces = true }
  }

  /// The enhanced packet block (§4.3) and the obsolete packet block (appendix A), which differ only in the interface.
  private mutating func timedPacket(
    _ body: Range<Int>, interface index: UInt32, _ order: ByteOrder, _ record: inout CaptureRecord
  ) throws(CaptureError) {
    guard index < interfaces.count else { throw damage(.undefinedInterface(index)) }
    let start = body.lowerBound
    let captured = buffer.uint32(at: start + 12, order)
    // A block's length is a multiple of 4, so if the packet fits, so does its padding.
    guard Int(captured) <= body.count - 20 else { throw damage(.packetOverrunsBlock(captured)) }
    let end = start + 20 + Int(captured)
    let options = try packetOptions(start + padded(end - start)..<body.upperBound, order)
    let ticks = UInt64(buffer.uint32(at: start + 4, order)) << 32 | UInt64(buffer.uint32(at: start + 8, order))
    record.time = interfaces[Int(index)].clock.time(ticks: ticks)
    record.originalLength = Int(buffer.uint32(at: start + 16, order))
    record.direction = options.direction
    record.bytes = buffer.slice(start + 20..<end)
    record.comment = options.comment.map { buffer.slice($0) }
    count(&record, interface: Int(index))
  }

  /// Reads a simple packet block (§4.4). It belongs to interface 0 and has no time; its captured length is the original
  /// one, cut to the interface's snap length.
  private mutating func simplePacket(
    _ body: Range<Int>, _ order: ByteOrder, _ record: inout CaptureRecord
  ) throws(CaptureError) {
    guard body.count >= 4 else { throw damage(.blockTooShort) }
    guard let interface = interfaces.first else { throw damage(.undefinedInterface(0)) }
    let original = buffer.uint32(at: body.lowerBound, order)
    let captured = interface.snapLength == 0 ? original : min(original, interface.snapLength)
    guard Int(captured) <= body.count - 4 else { throw damage(.packetOverrunsBlock(captured)) }
    let start = body.lowerBound + 4
    (record.time, record.originalLength, record.direction) = (nil, Int(original), nil)
    (record.bytes, record.comment) = (buffer.slice(start..<start + Int(captured)), nil)
    count(&record, interface: 0)
  }

  private func packetOptions(
    _ range: Range<Int>, _ order: ByteOrder
  ) throws(CaptureError) -> PacketOptions {
    var found = PacketOptions()
    var options = OptionReader(range, order)
    while let option = try next(&options) {
      switch option.code {
      case Pcapng.comment:
        if found.comment == nil { found.comment = option.value }
      case Pcapng.packetFlags:
        guard option.value.count == 4 else { throw damage(.badOptionLength(code: option.code)) }
        switch buffer.uint32(at: option.value.lowerBound, order) & Pcapng.directionMask {
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
      return try options.next(in: buffer)
    } catch {
      throw damage(.optionOverrunsBlock(code: error.code))
    }
  }
}
