import ShoalContent

/// A datagram's fields after the header.
public protocol Packet: FieldGroup {
  /// The type that the header names.
  static var type: PacketType { get }
}

extension Packet {
  /// Reads the fields that follow the header; what follows the last field that this version knows is ignored.
  @inline(__always)
  static func parse(_ bytes: RawSpan) throws(WireError) -> Self {
    var packet = Self()
    var decoder = Decoder(bytes, from: Limits.headerLength)
    try packet.fields(&decoder)
    return packet
  }

  /// Writes header and fields; the length of both. The checksum field is left zero.
  @inline(__always)
  func write(_ connection: UInt64, _ bytes: consuming MutableRawSpan) throws(WireError) -> Int {
    var encoder = Encoder(bytes)
    var header = Header(Self.type, connection: connection)
    try header.fields(&encoder)
    var packet = self
    try packet.fields(&encoder)
    return encoder.offset
  }

  /// The packet in a datagram whose header names its type.
  public static func decode(_ bytes: RawSpan) throws(WireError) -> Self { try parse(bytes) }

  /// Header and fields, written to the front of `bytes`; their length. The checksum field is left zero.
  public func encode(connection: UInt64, into bytes: consuming MutableRawSpan) throws(WireError) -> Int {
    try write(connection, bytes)
  }

  /// A whole datagram of at most `capacity` bytes, its checksum filled in.
  public func datagram(
    connection: UInt64, capacity: Int = Limits.smallestDatagram
  ) throws(WireError) -> [UInt8] {
    var buffer = [UInt8](repeating: 0, count: capacity)
    var span = buffer.mutableSpan
    let length = try write(connection, span.mutableBytes)
    buffer.removeSubrange(length...)
    buffer.withUnsafeMutableBytes { Checksum.fill($0) }
    return buffer
  }
}
