import ShoalContent

/// The end of a REGISTER or UPDATE that asks for other peers of the file.
public struct PeerQuery: FieldGroup, Hashable {
  /// The most peers wanted.
  public var want: UInt8 = 0
  /// 0 for peers chosen at random; otherwise the `next` of an earlier reply, which asks for another page.
  public var cursor: UInt32 = 0

  /// All fields zero.
  public init() {}

  /// At most this many peers, from this page.
  public init(want: UInt8, cursor: UInt32 = 0) { (self.want, self.cursor) = (want, cursor) }

  /// Visits the fields of the query, in the order of their bytes.
  public mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.u8("want", &want)
    try v.u32("cursor", &cursor)
  }
}

/// A peer with an IPv4 address, and how much of the file it has.
public struct NearIPv4: FieldGroup, Hashable, BitwiseCopyable {
  /// The 32 bits of its address; 0 stands for the tracker's own host.
  public var ip: UInt32 = 0
  /// Its UDP port.
  public var port: UInt16 = 0
  /// How much of the file it has: 0 nothing, 255 all, otherwise in proportion.
  public var share: UInt8 = 0

  /// All fields zero.
  public init() {}

  /// Visits the fields of the entry, in the order of their bytes.
  public mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.u32("host", &ip, .hex)
    try v.u16("host_port", &port)
    try v.u8("share", &share)
  }
}

/// A peer with an IPv6 address, and how much of the file it has.
public struct NearIPv6: FieldGroup, Hashable, BitwiseCopyable {
  /// The upper and the lower half of its address.
  public var high: UInt64 = 0, low: UInt64 = 0
  /// Its UDP port.
  public var port: UInt16 = 0
  /// How much of the file it has: 0 nothing, 255 all, otherwise in proportion.
  public var share: UInt8 = 0

  /// All fields zero.
  public init() {}

  /// Visits the fields of the entry, in the order of their bytes.
  public mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.u64("six_high", &high, .hex)
    try v.u64("six_low", &low, .hex)
    try v.u16("six_port", &port)
    try v.u8("six_share", &share)
  }
}

/// The end of REGISTERED and UPDATED: other peers of the file, those that are likely to be useful first.
public struct Nearby: FieldGroup, Hashable {
  /// The tracker's epoch, which changes when the tracker has lost its registrations.
  public var epoch: UInt32 = 0
  /// The name that the file's claimant gives it, if the sender registered another name or cut; not to be trusted.
  public var name = ""
  /// How many other peers the file has; the lists may name fewer.
  public var total: UInt32 = 0
  /// The cursor of the next page; 0 if there is none.
  public var next: UInt32 = 0
  /// Those with IPv4 addresses.
  public var ipv4: [NearIPv4] = []
  /// Those with IPv6 addresses.
  public var ipv6: [NearIPv6] = []

  /// All fields zero or empty.
  public init() {}

  /// The bytes of an entry of each list.
  public static let sizes = (ipv4: NearIPv4().end(from: 0), ipv6: NearIPv6().end(from: 0))
  /// The bytes of the fields.
  public var encodedSize: Int { end(from: 0) }

  /// Visits the fields, in the order of their bytes.
  public mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.u32("epoch", &epoch, .hex)
    try v.text("name", &name)
    try v.u32("total", &total)
    try v.u32("next", &next)
    try v.list("near", &ipv4)
    try v.list("near_six", &ipv6)
  }

  /// The peers of both lists.
  public var peers: [(address: Address, share: UInt8)] {
    ipv4.map { (Address(ipv4: $0.ip, port: $0.port), $0.share) }
      + ipv6.map { (Address(high: $0.high, low: $0.low, port: $0.port), $0.share) }
  }

  /// Adds a peer to the list of its family.
  public mutating func append(_ address: Address, share: UInt8) {
    if address.isIPv4 {
      var entry = NearIPv4()
      (entry.ip, entry.port, entry.share) = (address.ipv4, address.port, share)
      ipv4.append(entry)
    } else {
      var entry = NearIPv6()
      (entry.high, entry.low, entry.port, entry.share) = (address.high, address.low, address.port, share)
      ipv6.append(entry)
    }
  }
}

/// The end of CONNECTED and ERROR.
public struct EpochNote: FieldGroup, Hashable {
  /// The tracker's epoch, which changes when the tracker has lost its registrations.
  public var epoch: UInt32 = 0

  /// All fields zero.
  public init() {}

  /// This epoch.
  public init(_ epoch: UInt32) { self.epoch = epoch }

  /// Visits the field.
  public mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.u32("epoch", &epoch, .hex)
  }
}
