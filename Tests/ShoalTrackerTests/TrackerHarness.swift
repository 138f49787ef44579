import ShoalBase
import ShoalContent
import ShoalTracker
import ShoalWire
import Testing

/// A tracker with its clock, and peers that ask it one thing at a time.
struct TrackerHarness: ~Copyable {
  var tracker: Registrar
  var now = Instant(nanoseconds: 1_000 * .second)
  private var cookies: [Address: UInt64] = [:]

  init(seed: UInt64 = 1, _ change: (inout RegistrarConfiguration) -> Void = { _ in }) {
    var configuration = RegistrarConfiguration()
    change(&configuration)
    tracker = Registrar(key: digest(99), seed: seed, configuration: configuration)
  }

  mutating func advance(_ seconds: Int64) {
    now = now + seconds * .second
    cookies = [:]
  }

  /// The replies to a datagram.
  mutating func send(_ datagram: [UInt8], from address: Address) -> [[UInt8]] {
    tracker.receive(datagram.span, from: address, at: now)
    var replies: [[UInt8]] = []
    while let reply = tracker.nextTransmit(at: now) {
      #expect(reply.to == address)
      #expect(reply.bytes.count <= Limits.smallestDatagram)
      #expect(Header.peek(reply.bytes.span).checksum == 0)
      replies.append(reply.bytes)
    }
    return replies
  }

  /// The only reply to a packet.
  mutating func reply(to packet: some Packet, from address: Address) throws -> [UInt8] {
    let replies = send(try packet.datagram(connection: 7), from: address)
    #expect(replies.count == 1)
    let reply = try #require(replies.first)
    let header = try Header.decode(reply.span).header
    #expect(header.connection == 7)
    return reply
  }

  /// The reply to a packet, which must be of this type.
  mutating func ask<Reply: Packet>(_ packet: some Packet, from address: Address) throws -> Reply {
    let reply = try reply(to: packet, from: address)
    try #require(packetType(of: reply) == Reply.type)
    return try Reply.decode(reply.span)
  }

  /// The code of the ERROR that answers a packet.
  mutating func error(_ packet: some Packet, from address: Address) throws -> TrackerError? {
    let reply: ErrorPacket = try ask(packet, from: address)
    return TrackerError(rawValue: reply.code)
  }

  mutating func cookie(of address: Address) throws -> UInt64 {
    if let cookie = cookies[address] { return cookie }
    let reply: ConnectedPacket = try ask(ConnectPacket(), from: address)
    #expect(reply.observed == address)
    cookies[address] = reply.cookie
    return reply.cookie
  }

  mutating func registering(
    _ id: Digest, from address: Address, chunks: Int = 10, have: [ChunkRun] = [], name: String = "film.mkv"
  ) throws -> RegisterPacket {
    var packet = RegisterPacket()
    packet.cookie = try cookie(of: address)
    packet.id = id
    packet.cut = cut(chunks)
    packet.name = name
    packet.have = have
    return packet
  }

  @discardableResult
  mutating func register(
    _ id: Digest, from address: Address, chunks: Int = 10, have: [ChunkRun] = [], name: String = "film.mkv"
  ) throws -> RegisteredPacket {
    try ask(try registering(id, from: address, chunks: chunks, have: have, name: name), from: address)
  }

  mutating func updating(_ id: Digest, from address: Address, gained: [ChunkRun]) throws -> UpdatePacket {
    var packet = UpdatePacket()
    packet.cookie = try cookie(of: address)
    packet.id = id
    packet.gained = gained
    return packet
  }

  mutating func lookingUp(
    _ id: Digest, from address: Address, chunk: UInt32 = LookupPacket.anyChunk, most: UInt8 = 255
  ) throws -> LookupPacket {
    var packet = LookupPacket()
    packet.cookie = try cookie(of: address)
    packet.id = id
    packet.chunk = chunk
    packet.most = most
    return packet
  }

  mutating func finding(_ name: String, from address: Address) throws -> FindPacket {
    var packet = FindPacket()
    packet.cookie = try cookie(of: address)
    packet.name = name
    return packet
  }

  mutating func mapping(_ id: Digest, of peer: Address, first: UInt32 = 0, from address: Address) throws -> MapPacket {
    var packet = MapPacket()
    packet.cookie = try cookie(of: address)
    packet.id = id
    packet.address = peer
    packet.first = first
    return packet
  }

  mutating func deregistering(_ id: Digest, from address: Address) throws -> DeregisterPacket {
    var packet = DeregisterPacket()
    packet.cookie = try cookie(of: address)
    packet.id = id
    return packet
  }

  mutating func events() -> [RegistrarEvent] {
    var events: [RegistrarEvent] = []
    while let event = tracker.nextEvent() { events.append(event) }
    return events
  }
}

/// The type of a datagram, if it is one of ours.
func packetType(of datagram: [UInt8]) -> PacketType? {
  let bytes = datagram.span
  return try? Header.decode(bytes).type
}

/// A made-up id.
func digest(_ number: UInt64) -> Digest {
  Blake3.hash(number.bigEndianBytes.span)
}

/// A made-up peer.
func peer(_ number: Int) -> Address { Address(ipv4: 0x0a00_0000 + UInt32(number), port: 7_401) }

/// A cut into so many chunks of one piece of 64 KiB each.
func cut(_ chunks: Int) -> Cut { Cut(size: UInt64(chunks) << 16, pieceExponent: 16, chunks: UInt32(chunks)) }

func run(_ first: UInt32, _ count: UInt32) -> ChunkRun { ChunkRun(first: first, count: count) }
