import ShoalCapture
import ShoalWire

/// A captured UDP datagram, and whether it is intact.
struct Datagram {
  /// What the checksum says.
  enum Verdict: Equatable {
    case ok
    case corrupt(Corruption)
    /// Not all of the datagram is here, or it has no header.
    case unknown
  }

  /// The place among the packets of the capture.
  let number: UInt64
  /// Nanoseconds since 1970 in UTC, if the capture tells.
  let time: UInt64?
  let source: Address
  let destination: Address
  /// The bytes of UDP payload that were sent.
  let length: Int
  /// The bytes of UDP payload that were captured.
  let bytes: [UInt8]
  let verdict: Verdict
  /// Whether it begins as every Shoal datagram does, or is known by its flow to be one that was damaged there.
  var isOurs: Bool

  init(_ record: CaptureRecord) throws(NotUDP) {
    let frame = try IPFrame.parse(linkType: record.linkType, bytes: record.bytes)
    number = record.number
    time = record.time
    (source, destination) = (frame.source, frame.destination)
    length = max(frame.udpLength - 8, frame.payload.count)
    bytes = [UInt8](record.bytes[frame.payload])
    isOurs = bytes.count >= 2 && UInt16(bytes[0]) << 8 | UInt16(bytes[1]) == Header.magic
    if length > bytes.count || length < Limits.headerLength {
      verdict = .unknown
    } else {
      verdict = bytes.withUnsafeBytes { Corruption($0) }.map { .corrupt($0) } ?? .ok
    }
  }

  /// Whether part of it was not captured.
  var isTruncated: Bool { bytes.count < length }
  /// Whether what it says may be believed.
  var isCorrupt: Bool { if case .corrupt = verdict { true } else { false } }

  /// The header, if it is one of a version and type that are known.
  func header() throws(WireError) -> (header: Header, type: PacketType) { try Header.decode(bytes.span.bytes) }

  /// A message in a DATA packet.
  struct MessagePart {
    /// Nil if this version does not know it.
    var type: MessageType?
    /// The value of its type byte.
    var value: UInt8
    /// Where its fields lie.
    var body: ByteRange
  }

  /// The messages of a DATA packet that begin at `offset`, as far as they were captured.
  ///
  /// Calls `visit` with the datagram's bytes, those that were not captured as zeros: the content of a BLOCK that the
  /// capture cut is a place and a length all the same.
  func messages(
    from offset: Int, _ visit: (RawSpan, MessagePart) throws(WireError) -> Void
  ) throws(WireError) {
    let whole = isTruncated ? bytes + [UInt8](repeating: 0, count: length - bytes.count) : bytes
    let span = whole.span.bytes
    var reader = MessageReader(span, from: offset)
    while let (type, body) = try reader.next() {
      let fields = type == .block ? min(body.count, Block.overhead - MessageType.overhead) : body.count
      guard body.offset + fields <= bytes.count else { return }
      try visit(span, MessagePart(type: type, value: whole[body.offset - MessageType.overhead], body: body))
    }
  }
}
