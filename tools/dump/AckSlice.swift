import ShoalWire

extension RunText {
  /// The numbers that the slice of an ACK tells to be missing; nil if it is in no encoding that is known.
  init?(missingIn ack: AckPacket, _ bytes: RawSpan) {
    self.init()
    switch SliceEncoding(rawValue: ack.encoding) {
    case .runs: addRuns(ack, bytes)
    case .bitmap: addBits(ack, bytes)
    case nil: return nil
    }
  }

  private mutating func addRuns(_ ack: AckPacket, _ bytes: RawSpan) {
    var offset = ack.slice.offset
    var position: UInt32 = 0
    var isMissing = true
    while position < ack.count, offset < ack.slice.end, let length = Varint.read(bytes, &offset) {
      let count = UInt32(min(length, UInt64(ack.count - position)))
      if isMissing, count > 0 { add(first: ack.first &+ position, count: count) }
      position += count
      isMissing.toggle()
    }
  }

  private mutating func addBits(_ ack: AckPacket, _ bytes: RawSpan) {
    let count = UInt32(min(UInt64(ack.count), UInt64(ack.slice.count) * 8))
    var run: UInt32 = 0
    for position in 0..<count {
      let byte = bytes.unsafeLoad(fromByteOffset: ack.slice.offset + Int(position / 8), as: UInt8.self)
      if byte >> UInt8(position % 8) & 1 == 0 {
        run += 1
      } else if run > 0 {
        add(first: ack.first &+ position &- run, count: run)
        run = 0
      }
    }
    if run > 0 { add(first: ack.first &+ count &- run, count: run) }
  }
}
