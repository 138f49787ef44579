import ShoalWire

/// The runs of numbers that the slice of an ACK describes, in turn missing and received.
struct AckRuns {
  struct Run {
    /// From the `first` of the ACK.
    var offset: UInt32
    var count: UInt32
    var isReceived: Bool
  }

  private let bytes: UnsafeRawBufferPointer
  private let encoding: SliceEncoding?
  private var offset: Int
  private let end: Int
  private var position: UInt32 = 0
  private let count: UInt32
  private var isReceived = true

  /// No runs at all where the encoding is not known.
  init(_ ack: AckPacket, _ datagram: UnsafeRawBufferPointer) {
    bytes = datagram
    encoding = SliceEncoding(rawValue: ack.encoding)
    (offset, end) = (ack.slice.offset, min(ack.slice.end, bytes.count))
    // A slice that is cut short says no more than it has bits.
    let bits = UInt64(max(0, end - offset)) * 8
    count = encoding == .bitmap ? UInt32(min(UInt64(ack.count), bits)) : ack.count
  }

  /// The next run, of one number at least; nil at the end.
  mutating func next() -> Run? {
    while position < count {
      isReceived.toggle()
      let start = position
      switch encoding {
      case .runs:
        guard offset < end, let length = Varint.read(bytes.bytes.extracting(0..<end), &offset) else { return nil }
        position += UInt32(min(length, UInt64(count - position)))
      case .bitmap: position = bitmapEnd(from: position)
      case nil: return nil
      }
      if position > start { return Run(offset: start, count: position - start, isReceived: isReceived) }
    }
    return nil
  }

  /// The first position from `start` on whose bit is not that of the run.
  private func bitmapEnd(from start: UInt32) -> UInt32 {
    var position = start
    while position < count {
      var byte = bytes[offset + Int(position >> 3)]
      if isReceived { byte = ~byte }
      let rest = byte >> UInt8(position & 7)
      if rest != 0 { return min(count, position + UInt32(rest.trailingZeroBitCount)) }
      position = (position | 7) + 1
    }
    return count
  }
}
