import ShoalContent

/// Why a tracker refuses a request.
public enum TrackerError: UInt16, Sendable, CaseIterable, CustomStringConvertible {
  /// The cookie is too old, or for another address: CONNECT again.
  case staleCookie = 1
  /// No peer has registered a file with that id or name.
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

/// CONNECT: asks for a cookie. It is padded, so that the answer is no larger.
public struct ConnectPacket: Packet, Hashable {
  /// The type byte of a CONNECT.
  public static let type = PacketType.connect
  /// The bytes of a CONNECT.
  public static let length = 64

  /// It has no fields.
  public init() {}

  /// Visits the fields of a CONNECT, in the order of their bytes.
  public mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.padding(to: ConnectPacket.length)
  }
}

/// CONNECTED: proves, when it comes back in a request, that the sender has the address it claims.
public struct ConnectedPacket: Packet, Hashable {
  /// The type byte of a CONNECTED.
  public static let type = PacketType.connected
  /// A keyed hash of the sender's address and the time.
  public var cookie: UInt64 = 0
  /// The sender's address as the tracker sees it.
  public var observed = Address(ipv4: 0, port: 0)
  /// The tracker's epoch; nil from a tracker of the first revision.
  public var epoch: EpochNote?

  /// All fields zero or empty.
  public init() {}

  /// Visits the fields of a CONNECTED, in the order of their bytes.
  public mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.u64("cookie", &cookie, .hex)
    try v.address("observed", &observed)
    try v.later(&epoch)
  }
}

/// REGISTER: the sender has, or is getting, a file. Repeated to stay registered.
public struct RegisterPacket: Packet, Hashable {
  /// The type byte of a REGISTER.
  public static let type = PacketType.register
  /// The cookie that CONNECTED gave, which proves the sender's address.
  public var cookie: UInt64 = 0
  /// The BLAKE3 hash of the file.
  public var id = Digest.zero
  /// How the sender has cut the file.
  public var cut = Cut()
  /// The file's name; not to be trusted.
  public var name = ""
  /// Chunks that the sender has; those that do not fit follow in UPDATE.
  public var have: [ChunkRun] = []
  /// Asks for peers of the file too; nil from a peer of the first revision.
  public var query: PeerQuery?

  /// All fields zero or empty.
  public init() {}

  /// Visits the fields of a REGISTER, in the order of their bytes.
  public mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.u64("cookie", &cookie, .hex)
    try v.digest("id", &id)
    try cut.fields(&v)
    try v.text("name", &name)
    try v.runs("have", &have)
    try v.later(&query)
  }
}

/// REGISTERED: the tracker knows the peer to have this many chunks.
public struct RegisteredPacket: Packet, Hashable {
  /// The type byte of a REGISTERED.
  public static let type = PacketType.registered
  /// How many chunks the tracker now knows the sender to have; if fewer than it has, it reports them again.
  public var have: UInt32 = 0
  /// The seconds after which the sender should register again.
  public var interval: UInt16 = 0
  /// Other peers of the file, if they were asked for; nil from a tracker of the first revision.
  public var nearby: Nearby?

  /// All fields zero or empty.
  public init() {}

  /// Visits the fields of a REGISTERED, in the order of their bytes.
  public mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.u32("have", &have)
    try v.u16("interval", &interval)
    try v.later(&nearby)
  }
}

/// UPDATE: the sender, already registered, has more chunks.
public struct UpdatePacket: Packet, Hashable {
  /// The type byte of an UPDATE.
  public static let type = PacketType.update
  /// The cookie that CONNECTED gave, which proves the sender's address.
  public var cookie: UInt64 = 0
  /// The BLAKE3 hash of the file.
  public var id = Digest.zero
  /// The chunks gained.
  public var gained: [ChunkRun] = []
  /// Asks for peers of the file too; nil from a peer of the first revision.
  public var query: PeerQuery?

  /// All fields zero or empty.
  public init() {}

  /// Visits the fields of an UPDATE, in the order of their bytes.
  public mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.u64("cookie", &cookie, .hex)
    try v.digest("id", &id)
    try v.runs("gained", &gained)
    try v.later(&query)
  }
}

/// UPDATED: the tracker knows the peer to have this many chunks.
public struct UpdatedPacket: Packet, Hashable {
  /// The type byte of an UPDATED.
  public static let type = PacketType.updated
  /// The chunks that the tracker now knows the sender to have.
  public var have: UInt32 = 0
  /// Other peers of the file, if they were asked for; nil from a tracker of the first revision.
  public var nearby: Nearby?

  /// All fields zero or empty.
  public init() {}

  /// Visits the fields of an UPDATED, in the order of their bytes.
  public mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.u32("have", &have)
    try v.later(&nearby)
  }
}

/// LOOKUP: which peers have this file, or this chunk of it?
public struct LookupPacket: Packet, Hashable {
  /// The type byte of a LOOKUP.
  public static let type = PacketType.lookup
  /// Stands for any chunk.
  public static let anyChunk = UInt32.max

  /// The cookie that CONNECTED gave, which proves the sender's address.
  public var cookie: UInt64 = 0
  /// The BLAKE3 hash of the file.
  public var id = Digest.zero
  /// A chunk's index, by each peer's own cut, or `anyChunk`.
  public var chunk: UInt32 = LookupPacket.anyChunk
  /// The most peers wanted.
  public var most: UInt8 = 0

  /// The values that the fields are declared with.
  public init() {}

  /// Visits the fields of a LOOKUP, in the order of their bytes.
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
  /// How this peer has cut the file.
  public var cut = Cut()
  /// How many chunks it has.
  public var have: UInt32 = 0
  /// The seconds since it was last heard from.
  public var age: UInt16 = 0

  /// All fields zero or empty.
  public init() {}

  /// Visits the fields of an entry of PEERS, in the order of their bytes.
  public mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.address("address", &address)
    try cut.fields(&v)
    try v.u32("have", &have)
    try v.u16("age", &age)
  }
}

/// PEERS: some of the peers that a LOOKUP asked for, chosen at random where there are too many; not the asker.
public struct PeersPacket: Packet, Hashable {
  /// The type byte of a PEERS.
  public static let type = PacketType.peers
  /// The id that the LOOKUP named.
  public var id = Digest.zero
  /// The name that the file's claimant gives it.
  public var name = ""
  /// How many there are; `peers` may be fewer.
  public var total: UInt32 = 0
  /// At most as many as were asked for, and as fit.
  public var peers: [PeerEntry] = []
  /// The tracker's epoch; nil from a tracker of an earlier revision.
  public var epoch: EpochNote?

  /// All fields zero or empty.
  public init() {}

  /// Visits the fields of a PEERS, in the order of their bytes.
  public mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.digest("id", &id)
    try v.text("name", &name)
    try v.u32("total", &total)
    try v.list("peers", &peers)
    try v.later(&epoch)
  }
}

/// MAP: which chunks, from this one on, does that peer have?
public struct MapPacket: Packet, Hashable {
  /// The type byte of a MAP.
  public static let type = PacketType.map
  /// The cookie that CONNECTED gave, which proves the sender's address.
  public var cookie: UInt64 = 0
  /// The BLAKE3 hash of the file.
  public var id = Digest.zero
  /// The peer, as PEERS named it.
  public var address = Address(ipv4: 0, port: 0)
  /// The first chunk asked about.
  public var first: UInt32 = 0

  /// All fields zero or empty.
  public init() {}

  /// Visits the fields of a MAP, in the order of their bytes.
  public mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.u64("cookie", &cookie, .hex)
    try v.digest("id", &id)
    try v.address("address", &address)
    try v.u32("first", &first)
  }
}

/// MAPPED: the runs that it has among the chunks `first ..< end`.
public struct MappedPacket: Packet, Hashable {
  /// The type byte of a MAPPED.
  public static let type = PacketType.mapped
  /// The first chunk that the answer is about, as MAP named it.
  public var first: UInt32 = 0
  /// Where the answer ends; below the number of chunks: ask again from here.
  public var end: UInt32 = 0
  /// The runs; one that begins before `first` is cut off there.
  public var have: [ChunkRun] = []
  /// The tracker's epoch; nil from a tracker of an earlier revision.
  public var epoch: EpochNote?

  /// All fields zero or empty.
  public init() {}

  /// Visits the fields of a MAPPED, in the order of their bytes.
  public mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.u32("first", &first)
    try v.u32("end", &end)
    try v.runs("have", &have)
    try v.later(&epoch)
  }
}

/// DEREGISTER: the sender no longer serves the file.
public struct DeregisterPacket: Packet, Hashable {
  /// The type byte of a DEREGISTER.
  public static let type = PacketType.deregister
  /// The cookie that CONNECTED gave, which proves the sender's address.
  public var cookie: UInt64 = 0
  /// The BLAKE3 hash of the file.
  public var id = Digest.zero

  /// All fields zero or empty.
  public init() {}

  /// Visits the fields of a DEREGISTER, in the order of their bytes.
  public mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.u64("cookie", &cookie, .hex)
    try v.digest("id", &id)
  }
}

/// DEREGISTERED: the sender is not, or no longer, registered.
public struct DeregisteredPacket: Packet, Hashable {
  /// The type byte of a DEREGISTERED.
  public static let type = PacketType.deregistered
  /// The tracker's epoch; nil from a tracker of an earlier revision.
  public var epoch: EpochNote?

  /// All fields zero or empty.
  public init() {}

  /// Visits the fields of a DEREGISTERED, in the order of their bytes.
  public mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.later(&epoch)
  }
}

/// ERROR: the request with this transaction id is refused.
public struct ErrorPacket: Packet, Hashable {
  /// The type byte of an ERROR.
  public static let type = PacketType.error
  /// A `TrackerError`.
  public var code: UInt16 = 0
  /// More, for people; not to be trusted.
  public var message = ""
  /// The tracker's epoch; nil from a tracker of the first revision.
  public var epoch: EpochNote?

  /// All fields zero or empty.
  public init() {}

  /// Visits the fields of an ERROR, in the order of their bytes.
  public mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.u16("code", &code, .code(.trackerError))
    try v.text("message", &message)
    try v.later(&epoch)
  }
}
