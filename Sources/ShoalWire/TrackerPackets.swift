/// Why a tracker refuses a request.
public enum TrackerError: UInt16, Sendable, CaseIterable, CustomStringConvertible {
  /// The cookie is too old, or of another address: CONNECT again.
  case staleCookie = 1
  /// No peer has registered a file of that id or name.
  case unknownFile = 2
  /// The sender has not registered that file: REGISTER first.
  case notRegistered = 3
  /// A field is outside its range.
  case malformed = 4
  /// The tracker, or the sender's share of it, is full.
  case full = 5

  /// The name in Protocol.md.
  public var description: String {
    switch self {
    case .staleCookie: "stale_cookie"
    case .unknownFile: "unknown_file"
    case .notRegistered: "not_registered"
    case .malformed: "malformed"
    case .full: "full"
    }
  }
}

/// How a file is cut into pieces and chunks.
public struct Cut: FieldGroup, Hashable {
  /// The file's size in bytes.
  public var size: UInt64 = 0
  /// The piece size in bytes is two to this power.
  public var pieceExponent: UInt8 = 0
  /// Into how many chunks the pieces are cut.
  public var chunks: UInt32 = 0

  public init() {}
  /// This cut of a file of this size.
  public init(size: UInt64, pieceExponent: UInt8, chunks: UInt32) {
    self.size = size
    self.pieceExponent = pieceExponent
    self.chunks = chunks
  }

  public mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.u64("size", &size)
    try v.u8("piece_exponent", &pieceExponent)
    try v.u32("chunks", &chunks)
  }
}

/// CONNECT: asks for a cookie. It is padded, so that the answer is no larger.
public struct ConnectPacket: Packet, Hashable {
  public static let type = PacketType.connect
  /// The bytes of a CONNECT.
  public static let length = 64

  public init() {}

  public mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.padding(to: ConnectPacket.length)
  }
}

/// CONNECTED: proves, when it comes back in a request, that the sender has the address it claims.
public struct ConnectedPacket: Packet, Hashable {
  public static let type = PacketType.connected
  /// A keyed hash of the sender's address and the time.
  public var cookie: UInt64 = 0
  /// The sender's address as the tracker sees it.
  public var observed = Address(ipv4: 0, port: 0)

  public init() {}

  public mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.u64("cookie", &cookie, .hex)
    try v.address("observed", &observed)
  }
}

/// REGISTER: the sender has, or is getting, a file. Repeated to stay registered.
public struct RegisterPacket: Packet, Hashable {
  public static let type = PacketType.register
  public var cookie: UInt64 = 0
  /// The BLAKE3 hash of the file.
  public var id = Digest.zero
  public var cut = Cut()
  /// The file's name; not to be trusted.
  public var name = ""
  /// Chunks that the sender has; what does not fit is told with UPDATE.
  public var have: [ChunkRun] = []

  public init() {}

  public mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.u64("cookie", &cookie, .hex)
    try v.digest("id", &id)
    try cut.fields(&v)
    try v.text("name", &name)
    try v.runs("have", &have)
  }
}

/// REGISTERED: the peer is known with so many chunks.
public struct RegisteredPacket: Packet, Hashable {
  public static let type = PacketType.registered
  /// The chunks that the tracker now knows the sender to have; fewer than it has: it tells them again.
  public var have: UInt32 = 0
  /// The seconds after which the sender should register again.
  public var interval: UInt16 = 0

  public init() {}

  public mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.u32("have", &have)
    try v.u16("interval", &interval)
  }
}

/// UPDATE: the sender, which is registered, has more chunks.
public struct UpdatePacket: Packet, Hashable {
  public static let type = PacketType.update
  public var cookie: UInt64 = 0
  public var id = Digest.zero
  /// The chunks gained.
  public var gained: [ChunkRun] = []

  public init() {}

  public mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.u64("cookie", &cookie, .hex)
    try v.digest("id", &id)
    try v.runs("gained", &gained)
  }
}

/// UPDATED: the peer is known with so many chunks.
public struct UpdatedPacket: Packet, Hashable {
  public static let type = PacketType.updated
  public var have: UInt32 = 0

  public init() {}

  public mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.u32("have", &have)
  }
}

/// FIND: which files have this name?
public struct FindPacket: Packet, Hashable {
  public static let type = PacketType.find
  public var cookie: UInt64 = 0
  public var name = ""

  public init() {}

  public mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.u64("cookie", &cookie, .hex)
    try v.text("name", &name)
  }
}

/// One file of a name, and who claims that it has it.
public struct FoundEntry: FieldGroup, Hashable {
  public var id = Digest.zero
  public var cut = Cut()
  /// The peers registered for it.
  public var peers: UInt32 = 0
  /// The one that has been registered longest.
  public var claimant = Address(ipv4: 0, port: 0)

  public init() {}

  public mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.digest("id", &id)
    try cut.fields(&v)
    try v.u32("peers", &peers)
    try v.address("claimant", &claimant)
  }
}

/// FOUND: the files of that name, those with most peers first.
public struct FoundPacket: Packet, Hashable {
  public static let type = PacketType.found
  /// How many there are; `files` may be fewer.
  public var total: UInt16 = 0
  public var files: [FoundEntry] = []

  public init() {}

  public mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.u16("total", &total)
    try v.list("files", &files)
  }
}

/// LOOKUP: which peers have this file, or this chunk of it?
public struct LookupPacket: Packet, Hashable {
  public static let type = PacketType.lookup
  /// Stands for any chunk.
  public static let anyChunk = UInt32.max

  public var cookie: UInt64 = 0
  public var id = Digest.zero
  /// A chunk's index, by each peer's own cut, or `anyChunk`.
  public var chunk: UInt32 = LookupPacket.anyChunk
  /// The most peers wanted.
  public var most: UInt8 = 0

  public init() {}

  public mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.u64("cookie", &cookie, .hex)
    try v.digest("id", &id)
    try v.u32("chunk", &chunk)
    try v.u8("most", &most)
  }
}

/// One peer, and how much of the file it has.
public struct PeerEntry: FieldGroup, Hashable {
  /// Where it is reached; with the unspecified address, at the tracker's own.
  public var address = Address(ipv4: 0, port: 0)
  public var cut = Cut()
  /// How many chunks it has.
  public var have: UInt32 = 0
  /// The seconds since it was last heard.
  public var age: UInt16 = 0

  public init() {}

  public mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.address("address", &address)
    try cut.fields(&v)
    try v.u32("have", &have)
    try v.u16("age", &age)
  }
}

/// PEERS: some of the peers that a LOOKUP asked for, chosen at random where there are too many; not the asker.
public struct PeersPacket: Packet, Hashable {
  public static let type = PacketType.peers
  public var id = Digest.zero
  /// The file's name, as the peer registered longest has it.
  public var name = ""
  /// How many there are; `peers` may be fewer.
  public var total: UInt32 = 0
  public var peers: [PeerEntry] = []

  public init() {}

  public mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.digest("id", &id)
    try v.text("name", &name)
    try v.u32("total", &total)
    try v.list("peers", &peers)
  }
}

/// MAP: which chunks, from this one on, does that peer have?
public struct MapPacket: Packet, Hashable {
  public static let type = PacketType.map
  public var cookie: UInt64 = 0
  public var id = Digest.zero
  public var address = Address(ipv4: 0, port: 0)
  /// The first chunk asked about.
  public var first: UInt32 = 0

  public init() {}

  public mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.u64("cookie", &cookie, .hex)
    try v.digest("id", &id)
    try v.address("address", &address)
    try v.u32("first", &first)
  }
}

/// MAPPED: the runs that it has among the chunks `first ..< end`.
public struct MappedPacket: Packet, Hashable {
  public static let type = PacketType.mapped
  public var first: UInt32 = 0
  /// Where the answer ends; below the number of chunks: ask again from here.
  public var end: UInt32 = 0
  public var have: [ChunkRun] = []

  public init() {}

  public mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.u32("first", &first)
    try v.u32("end", &end)
    try v.runs("have", &have)
  }
}

/// DEREGISTER: the sender no longer serves the file.
public struct DeregisterPacket: Packet, Hashable {
  public static let type = PacketType.deregister
  public var cookie: UInt64 = 0
  public var id = Digest.zero

  public init() {}

  public mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.u64("cookie", &cookie, .hex)
    try v.digest("id", &id)
  }
}

/// DEREGISTERED: the sender is not, or no longer, registered.
public struct DeregisteredPacket: Packet, Hashable {
  public static let type = PacketType.deregistered

  public init() {}

  public mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {}
}

/// ERROR: the request with this transaction id is refused.
public struct ErrorPacket: Packet, Hashable {
  public static let type = PacketType.error
  /// A `TrackerError`.
  public var code: UInt16 = 0
  /// More, for people; not to be trusted.
  public var message = ""

  public init() {}

  public mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.u16("code", &code, .code(.trackerError))
    try v.text("message", &message)
  }
}
