import ShoalWire

/// A UDP datagram found in a captured frame.
package struct IPFrame: Equatable, Sendable {
  /// The address that it came from. An IPv4 address is held as an IPv4-mapped one, as everywhere in Shoal.
  package var source: Address
  /// Where it went.
  package var destination: Address
  /// Where in the frame the captured part of the IP packet lies, with its headers.
  package var packet: Range<Int>
  /// Where in the frame the captured part of the UDP payload lies.
  package var payload: Range<Int>
  /// The length that the UDP header declares: its own 8 bytes and the payload.
  package var udpLength: Int
  /// Whether the UDP checksum matches.
  package var checksum: ChecksumVerdict
  /// Which way it went, if the link header says so (Linux cooked captures).
  package var direction: CaptureDirection?
  /// The index of the interface that it passed, if the link header says so (Linux cooked captures, version 2).
  package var interface: UInt32?

  /// Whether bytes of the payload were not captured.
  package var isTruncated: Bool { payload.count < udpLength - 8 }

  /// What the UDP checksum says about the datagram.
  package enum ChecksumVerdict: Hashable, Sendable {
    /// It matches.
    case ok
    /// It does not match: the datagram was damaged, or changed without correcting the checksum.
    case bad
    /// The field is zero: the sender computed none.
    case absent
    /// The field holds the sum of the pseudo-header alone, which Linux leaves for the network card to complete (or, on
    /// loopback, for nobody). The packet was captured before that, so its checksum says nothing about damage.
    case offloaded
    /// Not all bytes were captured, a routing header hides the final destination, or the caller asked for no verdict.
    case unknown
  }
}

/// Why a frame is not a UDP datagram.
package enum NotUDP: Error, Hashable, Sendable {
  /// Frames of this link type cannot be read.
  case unsupportedLinkType(LinkType)
  /// The frame carries something other than IP: an EtherType, or the address family of a BSD loopback header.
  case notIP(UInt32)
  /// The captured bytes end within this header.
  case truncated(Layer)
  /// This header contradicts itself or the header before it.
  case malformed(Layer)
  /// The IP packet carries another protocol, of this IANA number.
  case otherProtocol(UInt8)
  /// The IP packet is a fragment.
  case fragment(IPFragment)

  /// A header of a frame.
  package enum Layer: Hashable, Sendable {
    /// Ethernet, VLAN tags, cooked and loopback headers.
    case link
    /// IPv4 with its options, IPv6 with its extension headers.
    case network
    /// UDP.
    case transport
  }
}

/// A fragment of an IP packet. Fragments are listed, not reassembled.
package struct IPFragment: Hashable, Sendable {
  /// Where it came from; the port is 0.
  package var source: Address
  /// Where it went; the port is 0.
  package var destination: Address
  /// The number that the fragments of one packet have in common: 16 bits in IPv4, 32 in IPv6.
  package var identification: UInt32
  /// How many bytes of the packet come before this fragment.
  package var offset: Int
  /// Whether more fragments follow.
  package var more: Bool
  /// The IANA number of the fragmented protocol: 17 for UDP.
  package var protocolNumber: UInt8
  /// How many bytes of the packet this fragment carries.
  package var length: Int
  /// Where in the frame the captured part of the fragment lies, with its headers.
  package var packet: Range<Int>
  /// Where in the frame the captured part of the fragment's payload lies.
  package var payload: Range<Int>
}

extension NotUDP: CustomStringConvertible {
  /// The reason in words.
  package var description: String {
    switch self {
    case .unsupportedLinkType(let type): "link type \(type.rawValue) is not supported"
    case .notIP(let type): "not IP but 0x\(String(type, radix: 16))"
    case .truncated(let layer): "captured only in part: the \(layer) header is cut off"
    case .malformed(let layer): "malformed \(layer) header"
    case .otherProtocol(let number): "IP protocol \(number)"
    case .fragment(let fragment):
      "fragment \(fragment.identification) at \(fragment.offset)\(fragment.more ? "+" : "") "
        + "of IP protocol \(fragment.protocolNumber)"
    }
  }
}
