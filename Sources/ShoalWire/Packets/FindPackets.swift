import ShoalContent

/// FIND: which files have this name?
public struct FindPacket: Packet, Hashable {
  /// The type byte of a FIND.
  public static let type = PacketType.find
  /// The cookie that CONNECTED gave, which proves the sender's address.
  public var cookie: UInt64 = 0
  /// The name, compared byte for byte; at most 255 bytes of UTF-8.
  public var name = ""

  /// All fields zero or empty.
  public init() {}

  /// Visits the fields of a FIND, in the order of their bytes.
  public mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.u64("cookie", &cookie, .hex)
    try v.text("name", &name)
  }
}

/// One file with a name, and who claims to have it.
public struct FoundEntry: FieldGroup, Hashable {
  /// The BLAKE3 hash of the file.
  public var id = Digest.zero
  /// The cut by the peer registered longest.
  public var cut = Cut()
  /// The peers registered for it.
  public var peers: UInt32 = 0
  /// The one that has been registered longest.
  public var claimant = Address(ipv4: 0, port: 0)

  /// All fields zero or empty.
  public init() {}

  /// Visits the fields of an entry of FOUND, in the order of their bytes.
  public mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.digest("id", &id)
    try cut.fields(&v)
    try v.u32("peers", &peers)
    try v.address("claimant", &claimant)
  }
}

/// FOUND: the files with that name, those with the most peers first.
public struct FoundPacket: Packet, Hashable {
  /// The type byte of a FOUND.
  public static let type = PacketType.found
  /// How many there are; `files` may be fewer.
  public var total: UInt16 = 0
  /// The files with the most peers, as many as fit.
  public var files: [FoundEntry] = []
  /// The tracker's epoch; nil from a tracker of an earlier revision.
  public var epoch: EpochNote?

  /// All fields zero or empty.
  public init() {}

  /// Visits the fields of a FOUND, in the order of their bytes.
  public mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.u16("total", &total)
    try v.list("files", &files)
    try v.later(&epoch)
  }
}
