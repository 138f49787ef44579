/// The types of datagram. Odd types of the tracker are requests, each followed by its reply.
public enum PacketType: UInt8, Sendable, CaseIterable {
  case version = 0x01
  case open = 0x02
  case accept = 0x03
  case data = 0x04
  case ack = 0x05
  case probe = 0x06
  case probed = 0x07
  case challenge = 0x08
  case response = 0x09
  case close = 0x0a
  case reset = 0x0b
  case retry = 0x0c

  case connect = 0x21
  case connected = 0x22
  case register = 0x23
  case registered = 0x24
  case update = 0x25
  case updated = 0x26
  case find = 0x27
  case found = 0x28
  case lookup = 0x29
  case peers = 0x2a
  case map = 0x2b
  case mapped = 0x2c
  case deregister = 0x2d
  case deregistered = 0x2e
  case error = 0x2f
  case list = 0x31
  case listed = 0x32

  /// The flag in the type byte that is reserved for a message authentication code at the datagram's end.
  public static let authenticated: UInt8 = 0x80

  /// Whether the datagram is between a peer and a tracker; its `connection` is then a transaction id.
  public var isTracker: Bool { rawValue >= 0x20 }
  /// Whether the datagram asks a tracker for something.
  public var isTrackerRequest: Bool { isTracker && rawValue & 1 == 1 && self != .error }
  /// The name that Protocol.md and the inspector give it.
  public var name: String { "\(self)".uppercased() }
}
