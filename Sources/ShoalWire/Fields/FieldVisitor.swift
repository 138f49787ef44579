import ShoalContent

/// How a number is shown to people; on the wire all numbers are big-endian.
public enum FieldStyle: Sendable, Hashable {
  /// A count or a size.
  case decimal
  /// An identifier or a checksum.
  case hex
  /// A sequence number, compared with serial arithmetic.
  case sequence
  /// A duration in microseconds.
  case microseconds
  /// A code whose names `CodeNames` lists.
  case code(CodeNames)
}

/// What visits the fields of a packet, in the order of their bytes: encoder, decoder, `SizeVisitor`, layout.
///
/// Each packet and message declares its fields once, in one `fields` function; everything that must agree about
/// the bytes is a visitor of it.
public protocol FieldVisitor: ~Copyable, ~Escapable {
  /// One byte.
  mutating func u8(_ name: StaticString, _ value: inout UInt8, _ style: FieldStyle) throws(WireError)
  /// Two bytes.
  mutating func u16(_ name: StaticString, _ value: inout UInt16, _ style: FieldStyle) throws(WireError)
  /// Four bytes.
  mutating func u32(_ name: StaticString, _ value: inout UInt32, _ style: FieldStyle) throws(WireError)
  /// Eight bytes.
  mutating func u64(_ name: StaticString, _ value: inout UInt64, _ style: FieldStyle) throws(WireError)
  /// 32 bytes: a BLAKE3 hash.
  mutating func digest(_ name: StaticString, _ value: inout Digest) throws(WireError)
  /// A family byte (4 or 6), 4 or 16 bytes of address, and the port.
  mutating func address(_ name: StaticString, _ value: inout Address) throws(WireError)
  /// A length byte and that many bytes of UTF-8.
  mutating func text(_ name: StaticString, _ value: inout String) throws(WireError)
  /// A two-byte count and, for each run, two variable-length integers (`Varint`): how many chunks lie between the end of
  /// the run before it (0 for the first) and its own first, and how many it has. So runs ascend and never overlap.
  mutating func runs(_ name: StaticString, _ value: inout [ChunkRun]) throws(WireError)
  /// A one-byte count and that many entries.
  mutating func list<Element: FieldGroup>(_ name: StaticString, _ value: inout [Element]) throws(WireError)
  /// Fields that a later revision of the protocol appended: nil if the datagram ends before them.
  mutating func later<Group: FieldGroup>(_ value: inout Group?) throws(WireError)
  /// Everything that is left, as a place in the datagram; the caller reads or sends its bytes.
  mutating func rest(_ name: StaticString, _ value: inout ByteRange) throws(WireError)
  /// Zeros up to `length` bytes of datagram; a receiver demands the length and ignores the content.
  mutating func padding(to length: Int) throws(WireError)
  /// Messages, and zeros up to `length` bytes of datagram. To those that read or write fields, all of it is padding.
  mutating func early(_ name: StaticString, to length: Int) throws(WireError)
}

extension FieldVisitor where Self: ~Copyable, Self: ~Escapable {
  mutating func u8(_ name: StaticString, _ value: inout UInt8) throws(WireError) { try u8(name, &value, .decimal) }
  mutating func u16(_ name: StaticString, _ value: inout UInt16) throws(WireError) { try u16(name, &value, .decimal) }
  mutating func u32(_ name: StaticString, _ value: inout UInt32) throws(WireError) { try u32(name, &value, .decimal) }
  mutating func u64(_ name: StaticString, _ value: inout UInt64) throws(WireError) { try u64(name, &value, .decimal) }
  /// As padding.
  public mutating func early(_ name: StaticString, to length: Int) throws(WireError) { try padding(to: length) }
}

/// Fields that are declared together: a packet, a message, or an entry of a list.
public protocol FieldGroup: Sendable {
  /// The values that the fields are declared with: zero or empty, except for a few.
  init()
  /// Visits every field, in the order of their bytes.
  mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError)
}

/// A place in a datagram, in bytes from its beginning.
public struct ByteRange: Hashable, Sendable, BitwiseCopyable {
  /// The first byte.
  public var offset: Int
  /// How many bytes.
  public var count: Int
  /// The byte after the last.
  public var end: Int { offset + count }

  /// A place; empty by default.
  public init(offset: Int = 0, count: Int = 0) {
    self.offset = offset
    self.count = count
  }
}

/// The names of the values of a code field, for people and for the tables of Protocol.md.
public enum CodeNames: Sendable, CaseIterable {
  case packetType, arq, closeCode, refusal, trackerError, encoding, space, messageType

  /// The name of `value`, or nil if this version gives it none.
  public func name(of value: UInt64) -> String? {
    guard let byte = UInt16(exactly: value) else { return nil }
    switch self {
    case .packetType: return UInt8(exactly: byte).flatMap(PacketType.init(rawValue:)).map { "\($0)" }
    case .arq: return UInt8(exactly: byte).flatMap(RepeatMode.init(rawValue:)).map { $0.description }
    case .closeCode: return CloseCode(rawValue: byte).map { $0.description }
    case .refusal: return Refusal(rawValue: byte).map { $0.description }
    case .trackerError: return TrackerError(rawValue: byte).map { $0.description }
    case .encoding: return UInt8(exactly: byte).flatMap(SliceEncoding.init(rawValue:)).map { "\($0)" }
    case .space: return UInt8(exactly: byte).flatMap(ContentSpace.init(rawValue:)).map { "\($0)" }
    case .messageType: return UInt8(exactly: byte).flatMap(MessageType.init(rawValue:)).map { "\($0)" }
    }
  }
}
