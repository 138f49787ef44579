import ShoalContent

/// LIST: which files have names here, a page of them?
public struct ListPacket: Packet, Hashable {
  /// The type byte of a LIST.
  public static let type = PacketType.list
  /// The cookie that CONNECTED gave, which proves the sender's address.
  public var cookie: UInt64 = 0
  /// 0 for the first page; for another, the `next` of the one before it.
  public var after: UInt64 = 0

  /// All fields zero or empty.
  public init() {}

  /// Visits the fields of a LIST, in the order of their bytes.
  public mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.u64("cookie", &cookie, .hex)
    try v.u64("after", &after)
  }
}

/// One file that can be found by its name.
public struct ListedEntry: FieldGroup, Hashable {
  /// The BLAKE3 hash of the file.
  public var id = Digest.zero
  /// The cut by the peer registered longest.
  public var cut = Cut()
  /// The peers registered for it.
  public var peers: UInt32 = 0
  /// The name that the peer registered longest gives it; not to be trusted.
  public var name = ""

  /// All fields zero or empty.
  public init() {}

  /// Visits the fields of an entry of LISTED, in the order of their bytes.
  public mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.digest("id", &id)
    try cut.fields(&v)
    try v.u32("peers", &peers)
    try v.text("name", &name)
  }
}

/// LISTED: a page of the files that have names, those listed first first.
public struct ListedPacket: Packet, Hashable {
  /// The type byte of a LISTED.
  public static let type = PacketType.listed
  /// The `after` that the LIST named.
  public var after: UInt64 = 0
  /// Where the next page begins; 0 if this is the last.
  public var next: UInt64 = 0
  /// How many files there are on all pages.
  public var total: UInt32 = 0
  /// The files, as many as fit.
  public var files: [ListedEntry] = []
  /// The tracker's epoch; nil from a tracker of an earlier revision.
  public var epoch: EpochNote?

  /// All fields zero or empty.
  public init() {}

  /// Visits the fields of a LISTED, in the order of their bytes.
  public mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.u64("after", &after)
    try v.u64("next", &next)
    try v.u32("total", &total)
    try v.list("files", &files)
    try v.later(&epoch)
  }
}
