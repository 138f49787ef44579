import ShoalBase
import ShoalContent
import ShoalWire
import TestSupport
import Testing

@testable import ShoalSwarm

/// No answer, whichever field lies, ends a peer, keeps it busy or makes it ask endlessly.
struct LyingTrackerTests {
  private static let perSeed = 2_000

  @Test(arguments: LyingSeeds.parts)
  func nothingThatIsAnsweredDoesHarm(part: UInt64) {
    for seed in LyingSeeds(part: part, each: Self.perSeed) {
      var tracker = LyingTracker(seed: seed)
      tracker.run(Self.perSeed)
      #expect(tracker.broken == nil, "seed \(seed)")
      guard tracker.broken == nil else { return }
    }
  }
}

/// A client with files to register and questions to ask, and a tracker that answers whatever it likes, from a seed.
private struct LyingTracker {
  /// What happened although it must not; nil if nothing did.
  private(set) var broken: String?
  private var client: TrackerClient
  private var random: SeededGenerator
  private var now: Instant
  /// The client's latest requests: their transactions, where they went, and what MAP asked about.
  private var asked: [(transaction: UInt64, to: Address, type: PacketType, first: UInt32)] = []
  private let ids = (0..<6).map { TrackerNetwork.digest($0) }
  private let places: [Address]
  private let honesty: UInt64
  private let silence: UInt64

  init(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    func pick<T>(_ values: [T]) -> T { values[Int(random.next() % UInt64(values.count))] }
    places = (0..<4).map { Address(ipv4: 0x0a00_0001, port: 7_400 + $0) }
    now = Instant(nanoseconds: pick([0, 1, 1 << 40, 1 << 61]))
    honesty = pick([2, 8, 64])
    silence = pick([4, 32, 1_000])
    var configuration = TrackerClientConfiguration()
    configuration.requestsInFlight = pick([1, 4])
    configuration.addresses = pick([1, 2, 8])
    configuration.mapPages = pick([1, 3, 4_096])
    client = TrackerClient(
      tracker: places[0], others: pick([[], [places[1]], places]), random: SecretGenerator(seed: seed),
      configuration: configuration)
    self.random = random
  }

  mutating func run(_ datagrams: Int) {
    var said = 0
    while said < datagrams, broken == nil {
      if random.next() % 4 == 0 { command() }
      if random.next() % silence == 0 { pass(3_600 * .second) } else { pass(pick([0, .millisecond, .second])) }
      // Mostly one answer, now and then a flood of them.
      for _ in 0..<pick([1, 1, 1, 2, 20]) {
        say()
        said += 1
      }
    }
    client.deregisterAll()
  }

  private mutating func command() {
    let id = pick(ids)
    let chunks = pick([0, 1, 64, 65, 3_000, 1 << 14])
    switch random.next() % 12 {
    case 0...2:
      let cut = Cut(size: UInt64(chunks) << 10, pieceExponent: 10, chunks: UInt32(chunks))
      var have = BitSet(capacity: chunks)
      for _ in 0..<3 { have.insert(run()) }
      client.register(id: id, cut: cut, name: pick(["", "a", String(repeating: "ü", count: 200)]), have: have)
    case 3...5: client.gained(run(), of: id)
    case 6: client.deregister(id: id)
    case 7: client.find(name: pick(["", "a"]))
    case 8: client.lookup(id: id, chunk: edge(), most: edge())
    case 9, 10: client.map(id: id, address: pick(places), chunks: pick([0, 1, 64, 3_000, 1 << 14, .max, -1]))
    default: client.replace(addresses: pick([[], [places[2]], places, places.reversed(), [places[0], places[0]]]))
    }
    drain(most: 16)
  }

  private mutating func pass(_ longest: Nanoseconds) {
    let end = now + Nanoseconds.random(in: 0...longest, using: &random)
    var wakes = 0
    // A client that keeps trying has something to do this often in an hour, and no more.
    while client.deadline <= end {
      now = max(now, client.deadline)
      client.expire(at: now)
      drain(most: 16)
      wakes += 1
      guard broken == nil, wakes < 5_000 else {
        broken = broken ?? "it is never done"
        return
      }
    }
    now = max(now, end)
  }

  /// Takes what the client sends, which must be little, and after which it must rest.
  private mutating func drain(most: Int) {
    var sent = 0
    while let (to, bytes) = client.nextTransmit(at: now) {
      sent += 1
      guard sent <= most else { return broken = "it sends without end" }
      if bytes.count > Limits.smallestDatagram { broken = "a request is too large" }
      if !client.addresses.contains(to) { broken = "a request goes elsewhere" }
      guard let (header, type) = try? Header.decode(bytes.span), type.isTrackerRequest else {
        return broken = "that is no request"
      }
      let first = type == .map ? (try? MapPacket.decode(bytes.span).first) ?? 0 : 0
      asked.append((header.connection, to, type, first))
      if asked.count > 8 { asked.removeFirst() }
    }
    if client.deadline <= now { broken = "it rests only until now" }
    if client.transactions.count > client.configuration.requestsInFlight { broken = "there are too many requests" }
    if client.addresses.count > client.configuration.addresses { broken = "there are too many addresses" }
    while client.nextEvent() != nil {}
  }

  private mutating func say() {
    let request = asked.randomElement(using: &random)
    var transaction = request?.transaction ?? 0
    var from = request?.to ?? places[0]
    if random.next() % honesty == 0 { transaction = edge() }
    if random.next() % honesty == 0 { from = pick(places) }
    let type = random.next() % honesty == 0 ? pick(PacketType.allCases) : answer(to: request?.type)
    guard var bytes = try? packet(type, first: request?.first ?? 0, transaction) else { return }
    if random.next() % honesty == 0, !bytes.isEmpty {
      bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8(truncatingIfNeeded: random.next())
      bytes.removeLast(Int(random.next() % 3 == 0 ? random.next() % UInt64(bytes.count) : 0))
    }
    _ = client.receive(bytes.span, from: from, at: now)
    client.expire(at: now)
    drain(most: 16)
  }

  private mutating func answer(to type: PacketType?) -> PacketType {
    guard random.next() % 8 > 0 else { return .error }
    return switch type {
    case .register: .registered
    case .update: .updated
    case .find: .found
    case .lookup: .peers
    case .map: .mapped
    case .list: .listed
    case .deregister: .deregistered
    default: .connected
    }
  }

  private mutating func packet(_ type: PacketType, first: UInt32, _ transaction: UInt64) throws -> [UInt8] {
    switch type {
    case .connected:
      var packet = ConnectedPacket()
      (packet.cookie, packet.observed) = (edge(), pick(places))
      return try packet.datagram(connection: transaction)
    case .registered:
      var packet = RegisteredPacket()
      (packet.have, packet.interval, packet.nearby) = (edge(), edge(), nearby())
      return try packet.datagram(connection: transaction)
    case .updated:
      var packet = UpdatedPacket()
      (packet.have, packet.nearby) = (edge(), nearby())
      return try packet.datagram(connection: transaction)
    case .found:
      var packet = FoundPacket()
      packet.total = edge()
      for _ in 0..<Int(random.next() % 3) {
        var entry = FoundEntry()
        (entry.id, entry.peers, entry.claimant) = (pick(ids), edge(), pick([Address(ipv4: 0, port: 1)] + places))
        (entry.cut.size, entry.cut.pieceExponent, entry.cut.chunks) = (edge(), edge(), edge())
        packet.files.append(entry)
      }
      return try packet.datagram(connection: transaction)
    case .peers:
      var packet = PeersPacket()
      (packet.id, packet.name, packet.total) = (pick(ids), pick(["", "a"]), edge())
      for _ in 0..<Int(random.next() % 3) {
        var entry = PeerEntry()
        (entry.address, entry.have, entry.age) = (pick([Address(ipv4: 0, port: 0)] + places), edge(), edge())
        (entry.cut.size, entry.cut.pieceExponent, entry.cut.chunks) = (edge(), edge(), edge())
        packet.peers.append(entry)
      }
      return try packet.datagram(connection: transaction)
    case .mapped:
      var packet = MappedPacket()
      packet.first = random.next() % 4 > 0 ? first : edge()
      packet.end = random.next() % 2 > 0 ? first &+ UInt32(random.next() % 3) : edge()
      packet.have = random.next() % 2 > 0 ? [run()] : []
      return try packet.datagram(connection: transaction)
    case .error:
      var packet = ErrorPacket()
      (packet.code, packet.message) = (random.next() % 4 > 0 ? UInt16(random.next() % 7) : edge(), pick(["", "no"]))
      return try packet.datagram(connection: transaction)
    case .deregistered: return try DeregisteredPacket().datagram(connection: transaction)
    default: return try ConnectPacket().datagram(connection: transaction)
    }
  }

  private mutating func nearby() -> Nearby? {
    guard random.next() % 4 > 0 else { return nil }
    var nearby = Nearby()
    (nearby.epoch, nearby.name, nearby.total) = (edge(), pick(["", "a"]), edge())
    nearby.next = random.next() % 2 > 0 ? edge() : 0
    for _ in 0..<Int(random.next() % 3) { nearby.append(pick([Address(ipv4: 0, port: 0)] + places), share: edge()) }
    return nearby
  }

  private mutating func run() -> ChunkRun {
    let first = min(edge() as UInt32 >> (random.next() % 2 == 0 ? 20 : 0), 1 << 22 - 1)
    return ChunkRun(first: first, count: min(max(edge(), 1), 1 << 22 - first))
  }

  private mutating func pick<T>(_ values: [T]) -> T { values[Int(random.next() % UInt64(values.count))] }

  /// A number from the whole range or from its edges.
  private mutating func edge<T: FixedWidthInteger & UnsignedInteger>() -> T {
    switch random.next() % 4 {
    case 0: T(truncatingIfNeeded: random.next() % 3)
    case 1: T.max - T(truncatingIfNeeded: random.next() % 3)
    case 2: 1 << T(truncatingIfNeeded: random.next() % UInt64(T.bitWidth))
    default: T(truncatingIfNeeded: random.next() >> (random.next() % 64))
    }
  }
}
