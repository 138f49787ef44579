import ShoalContent

/// The first 16 bytes of every datagram, of every version.
public struct Header: FieldGroup, Hashable {
  /// What the first two bytes are: "Sh".
  public static let magic: UInt16 = 0x5368

  /// 0x5368, the ASCII letters "Sh".
  public var magic: UInt16 = Header.magic
  /// The protocol's version; 0 in a VERSION packet, which belongs to all of them.
  public var version: UInt8 = Limits.version
  /// A `PacketType`.
  public var type: UInt8 = 0
  /// CRC-32C over the whole datagram with this field zero.
  public var checksum: UInt32 = 0
  /// The id that the receiver gave this connection; in tracker packets the transaction's id.
  public var connection: UInt64 = 0

  /// A header of zeros, but for magic and version.
  public init() {}

  /// The header of a packet of this type; the checksum is left zero for whoever completes the datagram.
  public init(_ type: PacketType, connection: UInt64) {
    self.type = type.rawValue
    self.version = type == .version ? 0 : Limits.version
    self.connection = connection
  }

  /// Visits the fields of the header, in the order of their bytes.
  @inline(__always)
  public mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.u16("magic", &magic, .hex)
    try v.u8("version", &version)
    try v.u8("type", &type, .code(.packetType))
    try v.u32("checksum", &checksum, .hex)
    try v.u64("connection", &connection, .hex)
  }

  /// The header as it reads, nothing in it being checked, neither magic nor version; what the datagram is too short for
  /// is zero.
  public static func peek(_ bytes: Span<UInt8>) -> Header {
    var header = Header()
    (header.magic, header.version) = (0, 0)
    var decoder = Decoder(bytes)
    try? header.fields(&decoder)
    return header
  }

  /// The type, if it is one of this version.
  public var packetType: PacketType? { PacketType(rawValue: type) }

  /// The header of a datagram, if it is one of ours in a version that we speak.
  ///
  /// The checksum must have been verified before anything else in the header is believed.
  public static func decode(_ bytes: Span<UInt8>) throws(WireError) -> (header: Header, type: PacketType) {
    var header = Header()
    var decoder = Decoder(bytes)
    try header.fields(&decoder)
    guard header.magic == Header.magic else { throw WireError(.magic, "magic", at: 0) }
    guard let type = header.packetType, (type == .version) == (header.version == 0) else {
      let ours = header.version == Limits.version
      throw ours ? WireError(.unknownType, "type", at: 3) : WireError(.version, "version", at: 2)
    }
    guard header.version == Limits.version || type == .version else { throw WireError(.version, "version", at: 2) }
    return (header, type)
  }
}
