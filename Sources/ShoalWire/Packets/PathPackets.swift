/// PROBE: asks whether the path carries a datagram of this size (RFC 8899). Never repeated as such.
public struct ProbePacket: Packet, Hashable {
  /// The type byte of a PROBE.
  public static let type = PacketType.probe
  /// The bytes of UDP payload of this datagram, padding included.
  public var size: UInt16 = 0

  /// All fields zero or empty.
  public init() {}

  /// Visits the fields of a PROBE, in the order of their bytes.
  public mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.u16("size", &size)
    try v.padding(to: Int(size))
  }
}

/// PROBED: the PROBE of this size has arrived.
public struct ProbedPacket: Packet, Hashable {
  /// The type byte of a PROBED.
  public static let type = PacketType.probed
  /// The size that the PROBE named and had.
  public var size: UInt16 = 0

  /// All fields zero or empty.
  public init() {}

  /// Visits the fields of a PROBED, in the order of their bytes.
  public mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.u16("size", &size)
  }
}

/// CHALLENGE: asks an address to prove that it receives what is sent to it.
public struct ChallengePacket: Packet, Hashable {
  /// The type byte of a CHALLENGE.
  public static let type = PacketType.challenge
  /// A number that cannot be guessed.
  public var token: UInt64 = 0

  /// All fields zero or empty.
  public init() {}

  /// Visits the fields of a CHALLENGE, in the order of their bytes.
  public mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.u64("token", &token, .hex)
  }
}

/// RESPONSE: proves that the address receives what is sent to it.
public struct ResponsePacket: Packet, Hashable {
  /// The type byte of a RESPONSE.
  public static let type = PacketType.response
  /// The number in the CHALLENGE.
  public var token: UInt64 = 0

  /// All fields zero or empty.
  public init() {}

  /// Visits the fields of a RESPONSE, in the order of their bytes.
  public mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.u64("token", &token, .hex)
  }
}
