/// What a captured frame starts with: a number of the tcpdump.org link-layer header types registry.
public struct LinkType: RawRepresentable, Hashable, Sendable {
  /// The number in the registry.
  public var rawValue: UInt16

  /// The link type of a number, known to `IPFrame` or not.
  public init(rawValue: UInt16) { self.rawValue = rawValue }

  /// BSD loopback: a 4-byte address family in the order of the machine that captured.
  public static var null: LinkType { LinkType(rawValue: 0) }
  /// Ethernet.
  public static var ethernet: LinkType { LinkType(rawValue: 1) }
  /// Raw IP, as some systems number it in their own files.
  public static var rawBSD: LinkType { LinkType(rawValue: 12) }
  /// Raw IP, as OpenBSD numbers it.
  public static var rawOpenBSD: LinkType { LinkType(rawValue: 14) }
  /// Raw IP: the frame starts with an IPv4 or IPv6 header.
  public static var raw: LinkType { LinkType(rawValue: 101) }
  /// OpenBSD loopback: a 4-byte address family in network order.
  public static var loop: LinkType { LinkType(rawValue: 108) }
  /// Linux cooked capture v1, a 16-byte header.
  public static var linuxCooked: LinkType { LinkType(rawValue: 113) }
  /// Whether frames may come from several interfaces.
  var isCooked: Bool { self == .linuxCooked || self == .linuxCooked2 }
  /// Raw IPv4.
  public static var ipv4: LinkType { LinkType(rawValue: 228) }
  /// Raw IPv6.
  public static var ipv6: LinkType { LinkType(rawValue: 229) }
  /// Linux cooked capture v2, a 20-byte header.
  public static var linuxCooked2: LinkType { LinkType(rawValue: 276) }
}
