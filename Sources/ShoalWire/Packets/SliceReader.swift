/// Reads the slice of an ACK: runs of numbers, in turn missing and received.
public struct SliceReader: ~Copyable, ~Escapable {
  /// Numbers that have arrived, or have not.
  public struct Run: Equatable, Sendable {
    /// The first, counted from the `first` of the ACK.
    public var offset: UInt32
    /// How many, at least 1.
    public var count: UInt32
    /// Whether they have arrived.
    public var isReceived: Bool
  }

  /// Where a slice ends in its datagram, and what follows it.
  public typealias Rest = (end: Int, left: UInt32?)

  private let bytes: Span<UInt8>
  private let encoding: SliceEncoding?
  private var offset: Int
  private let count: UInt32
  private let isCut: Bool
  private var position: UInt32 = 0
  private var isReceived = true
  /// Whether a fault has been met: the encoding is not known, the bytes end too soon, or the run that was read last
  /// reaches beyond the numbers that the ACK speaks of, and was cut off there.
  public private(set) var isMalformed: Bool

  /// Reads the slice of `ack`, which was read from `datagram`.
  @_lifetime(copy datagram)
  public init(_ ack: AckPacket, _ datagram: Span<UInt8>) {
    let end = min(ack.slice.end, datagram.count)
    bytes = datagram.extracting(0..<end)
    encoding = SliceEncoding(rawValue: ack.encoding)
    offset = min(ack.slice.offset, end)
    let bits = UInt64(end - offset) * 8
    // A bitmap that is cut short says no more than it has bits.
    count = encoding == .bitmap ? UInt32(min(UInt64(ack.count), bits)) : ack.count
    isCut = count < ack.count
    isMalformed = encoding == nil
  }

  /// The next run; nil at the end, or where no more can be read.
  public mutating func next() -> Run? {
    while position < count {
      isReceived.toggle()
      let start = position
      switch encoding {
      case .runs:
        guard let length = Varint.read(bytes, &offset) else {
          isMalformed = true
          return nil
        }
        if length > UInt64(count - position) { isMalformed = true }
        position += UInt32(min(length, UInt64(count - position)))
      case .bitmap: position = bitmapEnd(from: position)
      case nil: return nil
      }
      if position > start { return Run(offset: start, count: position - start, isReceived: isReceived) }
    }
    if isCut { isMalformed = true }
    return nil
  }

  /// Once `next` has returned nil: where the slice ends in the datagram, and `left`, which follows it. Nil if there is
  /// none, as from a peer of an earlier revision, or if the slice is malformed, so that its end is not known.
  public var rest: Rest? {
    guard !isMalformed else { return nil }
    let end = encoding == .bitmap ? offset + Int((UInt64(count) + 7) / 8) : offset
    guard bytes.count - end >= AckPacket.leftLength else { return (end, nil) }
    return (end, (0..<AckPacket.leftLength).reduce(0) { $0 << 8 | UInt32(bytes[end + $1]) })
  }

  /// What `rest` says of an ACK of whose runs nothing is to be known.
  public static func rest(of ack: AckPacket, _ datagram: Span<UInt8>) -> Rest? {
    var reader = SliceReader(ack, datagram)
    while reader.next() != nil {}
    return reader.rest
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
