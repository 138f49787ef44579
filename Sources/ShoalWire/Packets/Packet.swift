import ShoalContent

/// A datagram's fields after the header.
public protocol Packet: FieldGroup {
  /// The type that the header names.
  static var type: PacketType { get }
}

extension Packet {
  /// Reads the fields that follow the header; what follows the last field that this version knows is ignored.
  @inline(__always)
  static func parse(_ bytes: Span<UInt8>) throws(WireError) -> Self {
    var packet = Self()
    var decoder = Decoder(bytes, from: Limits.headerLength)
    try packet.fields(&decoder)
    return packet
  }

  /// Writes header and fields, and returns their length. The checksum field is left zero.
  @inline(__always)
  func write(_ connection: UInt64, _ bytes: inout MutableSpan<UInt8>) throws(WireError) -> Int {
    var encoder = Encoder(bytes._mutatingExtracting(...))
    var header = Header(Self.type, connection: connection)
    try header.fields(&encoder)
    var packet = self
    try packet.fields(&encoder)
    return encoder.offset
  }

  /// The packet in a datagram whose header names its type.
  public static func decode(_ bytes: Span<UInt8>) throws(WireError) -> Self { try parse(bytes) }

  /// Writes header and fields to the front of `bytes`, and returns their length. The checksum field is left zero.
  public func encode(connection: UInt64, into bytes: inout MutableSpan<UInt8>) throws(WireError) -> Int {
    try write(connection, &bytes)
  }

  /// Header and fields, of at most `capacity` bytes. The checksum field is left zero.
  public func encoded(connection: UInt64, capacity: Int = Limits.smallestDatagram) throws(WireError) -> [UInt8] {
    let size = encodedSize
    guard size <= capacity else { throw WireError(.overflow, "packet", at: capacity) }
    var buffer = [UInt8](repeating: 0, count: size)
    var span = buffer.mutableSpan
    _ = try write(connection, &span)
    return buffer
  }

  /// A whole datagram of at most `capacity` bytes, sealed: for those who speak without a state machine.
  public func datagram(connection: UInt64, capacity: Int = Limits.smallestDatagram) throws(WireError) -> [UInt8] {
    var bytes = try encoded(connection: connection, capacity: capacity)
    Datagram.seal(&bytes)
    return bytes
  }
}
