/// Why a connection is closed.
public enum CloseCode: UInt16, Sendable, CaseIterable, CustomStringConvertible {
  /// Nothing more is wanted.
  case done = 0
  /// The peer is stopping.
  case goingAway = 1
  /// A packet or message broke the protocol.
  case protocolError = 2
  /// Nothing was heard for the idle timeout.
  case idle = 3
  /// The peer has as many connections as it accepts.
  case busy = 4
  /// No OPEN was answered. Never on the wire.
  case unreachable = 5
  /// The other end speaks none of our versions.
  case version = 6
  /// The other end has lost the connection's state.
  case reset = 7
  /// What was sent does not match the file's id.
  case badContent = 8
  /// There is another connection with the same peer.
  case duplicate = 9

  /// Whether it is ever on the wire; the others only tell the owner of a connection why it ended.
  public var isSent: Bool { self != .unreachable && self != .version && self != .reset }

  /// The name in Protocol.md.
  public var description: String {
    switch self {
    case .done: "done"
    case .goingAway: "going_away"
    case .protocolError: "protocol_error"
    case .idle: "idle"
    case .busy: "busy"
    case .unreachable: "unreachable"
    case .version: "version"
    case .reset: "reset"
    case .badContent: "bad_content"
    case .duplicate: "duplicate"
    }
  }
}

/// CLOSE: ends a connection at once.
public struct ClosePacket: Packet, Hashable {
  /// The type byte of a CLOSE.
  public static let type = PacketType.close
  /// A `CloseCode`.
  public var code: UInt16 = 0
  /// More, for people; not to be trusted.
  public var reason = ""

  /// All fields zero or empty.
  public init() {}

  /// Visits the fields of a CLOSE, in the order of their bytes.
  public mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.u16("code", &code, .code(.closeCode))
    try v.text("reason", &reason)
  }
}

/// RESET: no connection has the id in the header, which is that of the datagram answered.
public struct ResetPacket: Packet, Hashable {
  /// The type byte of a RESET.
  public static let type = PacketType.reset

  /// It has no fields.
  public init() {}

  /// Visits the fields of a RESET, in the order of their bytes.
  public mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {}
}
