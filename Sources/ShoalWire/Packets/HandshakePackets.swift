import ShoalContent

/// How lost packets are repeated.
public enum RepeatMode: UInt8, Sendable, CaseIterable, CustomStringConvertible {
  /// The receiver keeps what arrives out of order; the sender repeats only what is missing.
  case selectiveRepeat = 0
  /// The receiver keeps only what it expects next; the sender goes back to the gap and repeats everything since.
  case goBackN = 1

  /// The name that flags and the inspector use.
  public var description: String { self == .selectiveRepeat ? "sr" : "gbn" }
}

/// VERSION: answers an OPEN of a version that the sender does not speak.
public struct VersionPacket: Packet, Hashable {
  /// The type byte of a VERSION.
  public static let type = PacketType.version
  /// The lowest version that the sender speaks.
  public var lowest: UInt8 = Limits.version
  /// The highest.
  public var highest: UInt8 = Limits.version

  /// The values that the fields are declared with.
  public init() {}

  /// Visits the fields of a VERSION, in the order of their bytes.
  public mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.u8("lowest", &lowest)
    try v.u8("highest", &highest)
  }
}

/// OPEN: begins a connection. The header carries the id by which the opener will know it.
public struct OpenPacket: Packet, Hashable {
  /// The type byte of an OPEN.
  public static let type = PacketType.open
  /// The number of the opener's first DATA packet.
  public var initialSequence: UInt32 = 0
  /// The largest window that the opener wants, in packets, in both directions.
  public var window: UInt32 = 1
  /// A `RepeatMode`.
  public var arq: UInt8 = 0
  /// The largest UDP payload that the opener accepts, in bytes.
  public var maxDatagram: UInt16 = UInt16(Limits.smallestDatagram)
  /// The opener forgets the connection after this many seconds without a datagram.
  public var idleTimeout: UInt16 = 0
  /// The token of the RETRY that this OPEN answers; 0 if it answers none.
  public var token: UInt64 = 0

  /// The bytes of header and fields, before the first message.
  public static let overhead =
    Schema.packets.first { $0.value == type.rawValue }?.rows.first { $0.name == "messages" }?.offset ?? 0
  /// The most bytes of messages in an OPEN.
  public static let earlyRoom = Limits.smallestDatagram - overhead

  /// The values that the fields are declared with.
  public init() {}

  /// Visits the fields of an OPEN, in the order of their bytes.
  public mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.u32("initial_seq", &initialSequence, .sequence)
    try v.u32("window", &window)
    try v.u8("arq", &arq, .code(.arq))
    try v.u16("max_datagram", &maxDatagram)
    try v.u16("idle_timeout", &idleTimeout)
    try v.u64("token", &token, .hex)
    try v.early("messages", to: Limits.smallestDatagram)
  }
}

extension OpenPacket {
  /// The place of the messages in an OPEN; fails if one of them is cut off. There are none in an OPEN of a revision before
  /// the third, whose padding begins here. Whoever encodes an OPEN writes its messages over the padding.
  public static func early(in bytes: Span<UInt8>) throws(WireError) -> ByteRange {
    var reader = MessageReader(bytes, from: overhead)
    while !reader.isAtPadding { _ = try reader.next() }
    return ByteRange(offset: overhead, count: reader.offset - overhead)
  }
}

/// What the third revision appended to ACCEPT.
public struct EarlyNote: FieldGroup, Hashable {
  /// 1 if the responder has the messages in OPEN, so that they are not repeated; otherwise 0.
  public var early: UInt8 = 0

  /// All fields zero or empty.
  public init() {}
  /// A note that the messages were taken, or that they were not.
  public init(early: UInt8) { self.early = early }

  /// Visits the fields, in the order of their bytes.
  public mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.u8("early", &early)
  }
}

/// ACCEPT: answers an OPEN, with what holds for both ends.
public struct AcceptPacket: Packet, Hashable {
  /// The type byte of an ACCEPT.
  public static let type = PacketType.accept
  /// The id by which the responder knows the connection; later packets to it carry this one.
  public var responder: UInt64 = 0
  /// The number of the responder's first DATA packet.
  public var initialSequence: UInt32 = 0
  /// The window of both directions: the smaller of the two requested.
  public var window: UInt32 = 1
  /// A `RepeatMode`: go-back-N if either end asked for it.
  public var arq: UInt8 = 0
  /// The largest UDP payload that the responder accepts, in bytes.
  public var maxDatagram: UInt16 = UInt16(Limits.smallestDatagram)
  /// Both ends forget the connection after this many seconds without a datagram.
  public var idleTimeout: UInt16 = 0
  /// What became of the messages in OPEN; nil from a responder of an earlier revision, which did not see them.
  public var note: EarlyNote?

  /// The values that the fields are declared with.
  public init() {}

  /// Visits the fields of an ACCEPT, in the order of their bytes.
  public mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.u64("responder", &responder, .hex)
    try v.u32("initial_seq", &initialSequence, .sequence)
    try v.u32("window", &window)
    try v.u8("arq", &arq, .code(.arq))
    try v.u16("max_datagram", &maxDatagram)
    try v.u16("idle_timeout", &idleTimeout)
    try v.later(&note)
  }
}

/// RETRY: the responder keeps nothing until the OPEN comes again with this token. The header carries the opener's id.
public struct RetryPacket: Packet, Hashable {
  /// The type byte of a RETRY.
  public static let type = PacketType.retry
  /// What the opener must send back; not 0.
  public var token: UInt64 = 0

  /// The values that the fields are declared with.
  public init() {}

  /// Visits the fields of a RETRY, in the order of their bytes.
  public mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.u64("token", &token, .hex)
  }
}
