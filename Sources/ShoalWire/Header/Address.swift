/// The UDP endpoint of a peer or tracker. IPv4 addresses are held as IPv4-mapped IPv6 (RFC 4291 §2.5.5.2).
public struct Address: Hashable, Sendable, BitwiseCopyable {
  /// The upper 64 bits of the IPv6 address, in network order read as a number.
  public var high: UInt64
  /// The lower 64 bits.
  public var low: UInt64
  /// The UDP port.
  public var port: UInt16
  /// The interface of a link-local address; 0 otherwise. Never on the wire.
  public var scope: UInt32

  /// An IPv6 address of two halves.
  public init(high: UInt64, low: UInt64, port: UInt16, scope: UInt32 = 0) {
    self.high = high
    self.low = low
    self.port = port
    self.scope = scope
  }

  /// An IPv4 address, `ipv4` being its 32 bits read in network order.
  public init(ipv4: UInt32, port: UInt16) {
    self.init(high: 0, low: 0xffff_0000_0000 | UInt64(ipv4), port: port)
  }

  /// Whether this is an IPv4 (mapped) address.
  public var isIPv4: Bool { high == 0 && low >> 32 == 0xffff }
  /// The 32 bits of an IPv4 address.
  public var ipv4: UInt32 { UInt32(truncatingIfNeeded: low) }
  /// Whether it is `0.0.0.0` or `::`.
  public var isUnspecified: Bool { isIPv4 ? ipv4 == 0 : high == 0 && low == 0 }
  /// Whether it is `127.0.0.0/8` or `::1`.
  public var isLoopback: Bool { isIPv4 ? ipv4 >> 24 == 127 : high == 0 && low == 1 }
  /// Whether it means something only on this host's link: `169.254.0.0/16` or `fe80::/10`.
  public var isLinkLocal: Bool { isIPv4 ? ipv4 >> 16 == 0xa9fe : high >> 54 == 0x3fa }
  /// Whether it means something only in its own network: `10.0.0.0/8`, `172.16.0.0/12`, `192.168.0.0/16`, `fc00::/7`, or
  /// what means something only on this host or its link.
  public var isPrivate: Bool {
    guard isIPv4 else { return high >> 57 == 0x7e || isLoopback || isLinkLocal }
    return ipv4 >> 24 == 10 || ipv4 >> 20 == 0xac1 || ipv4 >> 16 == 0xc0a8 || isLoopback || isLinkLocal
  }
  /// Whether it is `224.0.0.0/4`, the broadcast address or `ff00::/8`.
  public var isMulticast: Bool { isIPv4 ? ipv4 >> 28 == 14 || ipv4 == .max : high >> 56 == 0xff }
  /// Whether a datagram can be sent there: a port, and neither unspecified nor multicast.
  public var isUsable: Bool { port != 0 && !isUnspecified && !isMulticast }

  /// What a tracker at `tracker` means by this address: the unspecified one stands for the tracker's own host.
  public func asHeard(from tracker: Address) -> Address { isUnspecified ? tracker.with(port: port) : self }

  /// The address of this host with another port.
  public func with(port: UInt16) -> Address { Address(high: high, low: low, port: port, scope: scope) }
}

extension Address: CustomStringConvertible {
  /// `192.0.2.7:7401` or `[2001:db8::1]:7401` (RFC 5952).
  public var description: String { isIPv4 ? "\(host):\(port)" : "[\(host)]:\(port)" }

  /// The address without its port, as in RFC 5952, with the number of its interface where that belongs to it.
  public var host: String { scope == 0 ? plainHost : "\(plainHost)%\(scope)" }

  private var plainHost: String {
    guard !isIPv4 else { return "\(ipv4 >> 24).\(ipv4 >> 16 & 255).\(ipv4 >> 8 & 255).\(ipv4 & 255)" }
    let groups = (0..<8).map { UInt16(truncatingIfNeeded: ($0 < 4 ? high : low) >> UInt64(48 - 16 * ($0 & 3))) }
    var zeros = 0..<0
    var start = 0
    while start < 8 {
      var end = start
      while end < 8 && groups[end] == 0 { end += 1 }
      if end - start > max(1, zeros.count) { zeros = start..<end }
      start = max(end, start + 1)
    }
    func hex(_ range: Range<Int>) -> String {
      groups[range].map { String($0, radix: 16) }.joined(separator: ":")
    }
    return zeros.isEmpty ? hex(0..<8) : hex(0..<zeros.lowerBound) + "::" + hex(zeros.upperBound..<8)
  }
}
