/// Which header a captured frame starts with: a number from tcpdump.org's registry of link-layer header types.
package struct LinkType: RawRepresentable, Hashable, Sendable {
  /// The number in the registry.
  package var rawValue: UInt16

  /// The link type with this number, whether or not `IPFrame` can read it.
  package init(rawValue: UInt16) { self.rawValue = rawValue }

  /// BSD loopback: a 4-byte address family in the byte order of the capturing machine.
  package static var null: LinkType { LinkType(rawValue: 0) }
  /// Ethernet.
  package static var ethernet: LinkType { LinkType(rawValue: 1) }
  /// Raw IP, under the number that some systems use in their own files.
  package static var rawBSD: LinkType { LinkType(rawValue: 12) }
  /// Raw IP, under the number that OpenBSD uses.
  package static var rawOpenBSD: LinkType { LinkType(rawValue: 14) }
  /// Raw IP: the frame starts with an IPv4 or IPv6 header.
  package static var raw: LinkType { LinkType(rawValue: 101) }
  /// OpenBSD loopback: a 4-byte address family in network order.
  package static var loop: LinkType { LinkType(rawValue: 108) }
  /// Linux cooked capture v1, a 16-byte header.
  package static var linuxCooked: LinkType { LinkType(rawValue: 113) }
  /// Whether frames may come from several interfaces.
  var isCooked: Bool { self == .linuxCooked || self == .linuxCooked2 }
  /// Raw IPv4.
  package static var ipv4: LinkType { LinkType(rawValue: 228) }
  /// Raw IPv6.
  package static var ipv6: LinkType { LinkType(rawValue: 229) }
  /// Linux cooked capture v2, a 20-byte header.
  package static var linuxCooked2: LinkType { LinkType(rawValue: 276) }
}
