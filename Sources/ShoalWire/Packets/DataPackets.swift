import ShoalContent

/// DATA: a numbered packet, which is repeated until it is acknowledged. Messages follow its fields.
public struct DataPacket: Packet, Hashable {
  /// The type byte of a DATA.
  public static let type = PacketType.data
  /// The bytes of header and fields, before the first message.
  public static let overhead = DataPacket().encodedSize

  /// The packet's number, the same in every repeat.
  public var sequence: UInt32 = 0
  /// 0 in the first transmission, one more in each repeat, up to 255.
  public var attempt: UInt8 = 0
  /// The sender's clock in microseconds, modulo 2^32, when this attempt left.
  public var timestamp: UInt32 = 0
  /// The receiver is asked to acknowledge after this many packets; 0: whatever arrives, ACKs are to be at least
  /// `ackDelay` apart, which then counts in units of 16 microseconds.
  public var ackEvery: UInt8 = 2
  /// The receiver is asked to acknowledge within this many microseconds, or 16 times as many if `ackEvery` is 0.
  public var ackDelay: UInt16 = 25_000
  /// The messages.
  public var messages = ByteRange()

  /// The values that the fields are declared with.
  public init() {}

  /// Visits the fields of a DATA, in the order of their bytes.
  @inline(__always)
  public mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.u32("seq", &sequence, .sequence)
    try v.u8("attempt", &attempt)
    try v.u32("timestamp", &timestamp, .microseconds)
    try v.u8("ack_every", &ackEvery)
    try v.u16("ack_delay", &ackDelay, .microseconds)
    try v.rest("messages", &messages)
  }
}

/// How the slice of an ACK is written.
public enum SliceEncoding: UInt8, Sendable {
  /// Lengths of runs, as `Varint`s: alternately missing and received, beginning with missing.
  case runs = 0
  /// A bit for each packet, set if received, the lowest bit of each byte first.
  case bitmap = 1
}

/// ACK: which of the other end's DATA packets have arrived.
public struct AckPacket: Packet, Hashable {
  /// The type byte of an ACK.
  public static let type = PacketType.ack
  /// The bytes of header and fields, before the slice.
  public static let overhead = AckPacket().encodedSize

  /// All packets before this number have arrived.
  public var next: UInt32 = 0
  /// One more than the highest number that has arrived.
  public var top: UInt32 = 0
  /// The timestamp of the latest-sent packet of those newly arrived.
  public var echo: UInt32 = 0
  /// How long ago that packet arrived, in microseconds; 65535: `echo` says nothing.
  public var delay: UInt16 = 0
  /// How many corrupt datagrams from the other end's address have been dropped so far.
  public var corrupt: UInt32 = 0
  /// The first number that the slice describes.
  public var first: UInt32 = 0
  /// How many numbers the slice describes.
  public var count: UInt32 = 0
  /// A `SliceEncoding`.
  public var encoding: UInt8 = 0
  /// Which of the numbers `first ..< first + count` have arrived, and after that `left`: see `SliceReader`.
  public var slice = ByteRange()

  /// The bytes of `left`.
  public static let leftLength = 4

  /// Writes when the ACK leaves, by its sender's clock in microseconds modulo 2^32, behind its slice, which ends at `end`.
  public static func put(left: UInt32, _ bytes: inout MutableSpan<UInt8>, at end: Int) {
    for i in 0..<leftLength { bytes[end + i] = UInt8(truncatingIfNeeded: left >> UInt32(24 - 8 * i)) }
  }

  /// All fields zero or empty.
  public init() {}

  /// Visits the fields of an ACK, in the order of their bytes.
  @inline(__always)
  public mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.u32("next", &next, .sequence)
    try v.u32("top", &top, .sequence)
    try v.u32("echo", &echo, .microseconds)
    try v.u16("delay", &delay, .microseconds)
    try v.u32("corrupt", &corrupt)
    try v.u32("first", &first, .sequence)
    try v.u32("count", &count)
    try v.u8("encoding", &encoding, .code(.encoding))
    try v.rest("slice", &slice)
  }
}
