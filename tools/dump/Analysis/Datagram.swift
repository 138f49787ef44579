import ShoalBase
import ShoalCapture
import ShoalContent
import ShoalWire

/// A captured UDP datagram, and whether it is intact.
struct Datagram {
  /// What the checksum says.
  enum Verdict: Equatable {
    case ok
    case corrupt
    /// Not all of the datagram is here, or it has no header.
    case unknown
  }

  /// The decoded content, as far as the analysis of flows needs it.
  enum Content {
    case data(DataPacket)
    case ack(AckPacket)
    /// Another type that is known; its fields are decoded where they are wanted.
    case other
    /// Nothing that can be trusted or understood.
    case none
  }

  /// The place of the frame among those of the capture.
  var number: UInt64
  /// Its place in a frame that held several datagrams (segmentation offload), counted from 1; 0 if the frame held one.
  var part = 0
  /// The number of the frame that has the same datagram, on another interface; 0 if this one is the first, and counts.
  var copyOf: UInt64 = 0
  /// Nanoseconds since 1970 in UTC, if the capture says: as if its clock had not been set during the capture.
  var time: UInt64?
  /// How far that clock had been set ahead by then, in nanoseconds.
  var shift: Int64 = 0
  var source: Address
  var destination: Address
  /// Which way it went, as the machine that captured it saw it, if the capture says.
  var direction: CaptureDirection?
  /// The same, or what the flow's timing shows if the capture does not say: only the ends of the path can be told,
  /// nothing in between.
  var way: CaptureDirection?
  /// The bytes of UDP payload that were sent.
  var length: Int
  /// The bytes of UDP payload that were captured.
  var bytes: Bytes
  var verdict: Verdict
  /// Whether it begins as every Shoal datagram does, or is known by its flow to be one that was damaged there.
  var isOurs: Bool
  /// The type, if the header is intact and of a version and type that are known.
  private(set) var type: PacketType?
  /// The header's `connection`; 0 where there is no type.
  private(set) var connection: UInt64 = 0
  private(set) var content = Content.none

  /// An empty datagram: room for what is read.
  init() {
    let nobody = Address(high: 0, low: 0, port: 0)
    self.init(from: nobody, to: nobody, payload: Bytes(), length: 0)
  }

  /// The datagram at `payload` in a record, which is the frame's or a part of it.
  init(_ record: CaptureRecord, _ frame: IPFrame, payload: Range<Int>, length: Int) {
    self.init(from: frame.source, to: frame.destination, in: record.bytes, payload, length: length)
    (number, time, direction) = (record.number, record.time, record.direction ?? frame.direction)
    way = direction
  }

  /// The datagram `payload`, of which `length` bytes were sent.
  init(from source: Address, to destination: Address, payload: Bytes, length: Int) {
    self.init(from: source, to: destination, in: payload, 0..<payload.count, length: length)
  }

  private init(from source: Address, to destination: Address, in whole: Bytes, _ range: Range<Int>, length: Int) {
    number = 0
    (self.source, self.destination) = (source, destination)
    let payload = whole.slice(range)
    self.length = length
    isOurs = Header.peek(payload.span).magic == Header.magic
    if length > payload.count || length < Limits.headerLength {
      verdict = .unknown
    } else {
      verdict = Checksum.isValid(payload.span) ? .ok : .corrupt
    }
    bytes = payload
    if isOurs, verdict != .corrupt { decode() }
  }

  private mutating func decode() {
    guard let (header, type) = try? Header.decode(bytes.span) else { return }
    self.type = type
    connection = header.connection
    switch type {
    case .data: content = (try? DataPacket.read(bytes.span)).map(Content.data) ?? .none
    case .ack: content = (try? AckPacket.read(bytes.span)).map(Content.ack) ?? .none
    default: content = .other
    }
  }

  /// The time as the capture has it.
  var wallTime: UInt64? { shift == 0 ? time : time.map { UInt64(clamping: Int64(clamping: $0) &+ shift) } }
  /// Whether part of it was not captured.
  var isTruncated: Bool { bytes.count < length }
  /// Whether it fails its checksum, so that nothing it says may be believed.
  var isCorrupt: Bool { verdict == .corrupt }
  /// How the checksum is wrong; nil if it is right, or cannot be checked.
  var corruption: Corruption? { isCorrupt ? Corruption(bytes.span) : nil }
  /// The datagram decoded even if it is corrupt, for display to people who know that it is.
  var asItReads: Datagram {
    guard isCorrupt else { return self }
    var copy = self
    copy.decode()
    return copy
  }
  /// The type that a corrupt datagram claims, which may be the damage.
  var claimedType: PacketType? { Header.peek(bytes.span).packetType }
  /// The value of a type that is not known, as text.
  var unknownType: String {
    let value = Header.peek(bytes.span).type
    return value == 0 && bytes.count < Limits.headerLength ? "?" : "0x" + hex(UInt64(value), 2)
  }
}

extension Datagram {
  /// A message in a DATA packet.
  struct MessagePart {
    /// Nil if this version does not know it.
    var type: MessageType?
    /// The value of its type byte.
    var value: UInt8
    /// Where its fields lie.
    var body: ByteRange
  }

  /// The messages in an OPEN that was captured whole. Malformed ones are padding to their receiver, so they are none.
  func earlyMessages(_ visit: (Span<UInt8>, MessagePart) throws(WireError) -> Void) throws(WireError) {
    guard type == .open, !isTruncated, let range = try? OpenPacket.early(in: bytes.span) else { return }
    try Self.messages(in: bytes.span.extracting(0..<range.end), captured: range.end, from: range.offset, visit)
  }

  /// The messages of a DATA packet that begin at `offset`, as far as they were captured.
  ///
  /// Calls `visit` with the datagram's bytes, with zeros for those that were not captured: the content of a BLOCK that
  /// the capture cut off still has a position and a length.
  func messages(
    from offset: Int, _ visit: (Span<UInt8>, MessagePart) throws(WireError) -> Void
  ) throws(WireError) {
    let captured = bytes.count
    if isTruncated {
      let whole = [UInt8](bytes) + [UInt8](repeating: 0, count: length - bytes.count)
      try Self.messages(in: whole.span, captured: captured, from: offset, visit)
    } else {
      try Self.messages(in: bytes.span, captured: captured, from: offset, visit)
    }
  }

  private static func messages(
    in span: Span<UInt8>, captured: Int, from offset: Int, _ visit: (Span<UInt8>, MessagePart) throws(WireError) -> Void
  ) throws(WireError) {
    var reader = MessageReader(span, from: offset)
    while let (type, body) = try reader.next() {
      let fields = type == .block ? min(body.count, Block.overhead - MessageType.overhead) : body.count
      guard body.offset + fields <= captured else { return }
      try visit(span, MessagePart(type: type, value: reader.typeByte, body: body))
    }
  }
}
