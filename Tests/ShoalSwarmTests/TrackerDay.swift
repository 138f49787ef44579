import ShoalBase
import ShoalContent
import ShoalSwarm
import ShoalTracker
import ShoalWire

/// A day of a tracker in virtual time: peers that come, fetch and go, a flash crowd, a flood of forged datagrams, the
/// loss of all state, and a host that asks for more than its share.
struct TrackerDay: ~Copyable {
  /// What happened in a minute.
  struct Minute {
    var minute = 0, peers = 0, registrations = 0, files = 0, requests = 0, refused = 0, forged = 0, limited = 0
    var kilobytes = 0, named = 0

    static let titles =
      "minute,peers,registrations,files,requests,refused,forged,limited,kilobytes,peers_named"
    var line: String {
      [minute, peers, registrations, files, requests, refused, forged, limited, kilobytes, named].map(String.init)
        .joined(separator: ",")
    }
  }

  private struct Visitor {
    var client: TrackerClient
    let address: Address
    let id: Digest
    var have: UInt32
    let goesAt: Instant
    var gainsAt: Instant
  }

  static let chunks: UInt32 = 50
  private static let address = Address(ipv4: 0x0a00_0001, port: 7_400)
  private let hours: Int, most: Int
  private var random: SeededGenerator
  private(set) var tracker: Registrar
  private var visitors: [Visitor?] = []
  private var places: [Address: Int] = [:]
  private var deadlines: DeadlineHeap
  private var free: [Int] = []
  private var now = Instant(nanoseconds: 1_000 * .second)
  private var arrivals = 0, present = 0, named = 0
  private(set) var minutes: [Minute] = []

  /// A day of this many hours, at whose busiest time there are about this many peers.
  init(hours: Int, peers: Int, seed: UInt64 = 1) {
    (self.hours, most) = (hours, peers)
    random = SeededGenerator(seed: seed)
    tracker = TrackerDay.tracker(seed)
    deadlines = DeadlineHeap(slots: 8 * peers)
    free = Array((0..<8 * peers).reversed())
    visitors = Array(repeating: nil, count: 8 * peers)
  }

  private static func tracker(_ seed: UInt64) -> Registrar {
    var configuration = RegistrarConfiguration()
    (configuration.requestsPerHost, configuration.requestsPerHostAtOnce) = (5, 100)
    return Registrar(key: Blake3.hash(seed.bigEndianBytes.span), seed: seed, configuration: configuration)
  }

  /// When the crowd comes, the flood begins, all is lost, and the greedy host begins, in minutes.
  var crowdAt: Int { hours * 60 * 9 / 24 }
  var floodAt: Int { hours * 60 * 13 / 24 }
  var lossAt: Int { hours * 60 * 17 / 24 }
  var greedAt: Int { hours * 60 * 20 / 24 }

  mutating func run() {
    for minute in 0..<hours * 60 {
      let before = tracker.counters
      (arrivals, named) = (0, 0)
      // Fewer come at night; each stays for an hour on average.
      let hour = Double(minute) / Double(hours * 60) * 24
      let share = 1 - (hour - 15).magnitude / 20
      var coming = Double(most) * share / 60
      if minute == 0 { coming = Double(most) * share }
      let number = Int(coming) + (random.unit() < coming - coming.rounded(.down) ? 1 : 0)
      for _ in 0..<number { arrive(within: 60 * .second, file: Int(random.unit() * random.unit() * 40)) }
      if minute == crowdAt { for _ in 0..<most { arrive(within: 30 * .second, file: 99) } }
      if minute == lossAt { lose() }
      for second in 0..<60 {
        if minute >= floodAt, minute < floodAt + 5 { forge(40) }
        if minute >= greedAt, minute < greedAt + 10 { beGreedy(50) }
        pass(until: Instant(nanoseconds: (1_000 + Int64(minute * 60 + second) + 1) * .second))
      }
      note(minute, since: before)
    }
  }

  private mutating func arrive(within span: Nanoseconds, file: Int) {
    guard let place = free.popLast() else { return }
    let at = now + Nanoseconds(random.unit() * Double(span))
    let stay = max(0.05, -3_600 * log2(max(random.unit(), 0.001)) * 0.69)
    let address = Address(ipv4: 0x0b00_0000 + UInt32(place), port: 7_401)
    var client = TrackerClient(
      tracker: TrackerDay.address, random: SecretGenerator(seed: random.next()), startAt: at)
    let id = Blake3.hash(UInt64(file).bigEndianBytes.span)
    let cut = Cut(size: UInt64(TrackerDay.chunks) << 16, pieceExponent: 16, chunks: TrackerDay.chunks)
    let isOrigin = random.unit() < 0.05
    let have = BitSet(
      capacity: Int(cut.chunks), runs: isOrigin ? [ChunkRun(first: 0, count: cut.chunks)] : [])
    client.register(id: id, cut: cut, name: "film", have: have)
    visitors[place] = Visitor(
      client: client, address: address, id: id, have: isOrigin ? cut.chunks : 0, goesAt: at + Nanoseconds(stay * 1e9),
      gainsAt: at + 30 * .second)
    places[address] = place
    deadlines.set(place, at)
    present += 1
  }

  private mutating func pass(until end: Instant) {
    while deadlines.earliest <= end, let place = deadlines.earliestSlot {
      now = max(now, deadlines.earliest)
      serve(place)
    }
    now = end
    tracker.expire(at: now)
    while tracker.nextEvent() != nil {}
  }

  private mutating func serve(_ place: Int) {
    guard var visitor = visitors[place] else { return deadlines.set(place, .distantFuture) }
    visitors[place] = nil
    if now >= visitor.goesAt { visitor.client.deregisterAll() }
    if now >= visitor.gainsAt, visitor.have < TrackerDay.chunks, now < visitor.goesAt {
      visitor.client.gained(ChunkRun(first: visitor.have, count: 1), of: visitor.id)
      visitor.client.seek(id: visitor.id)
      visitor.have += 1
      visitor.gainsAt = now + 60 * .second
    }
    visitor.client.expire(at: now)
    while let (_, bytes) = visitor.client.nextTransmit(at: now) {
      tracker.receive(bytes.span, from: visitor.address, at: now)
      while let reply = tracker.nextTransmit(at: now) {
        if reply.to == visitor.address {
          _ = visitor.client.receive(reply.bytes.span, from: TrackerDay.address, at: now)
        }
      }
    }
    while let event = visitor.client.nextEvent() {
      if case .nearby(_, _, _, let peers) = event { named += peers.count }
    }
    if now >= visitor.goesAt, visitor.client.isIdle || now >= visitor.goesAt + 2 * .second {
      deadlines.set(place, .distantFuture)
      places[visitor.address] = nil
      free.insert(place, at: 0)
      present -= 1
      return
    }
    let gains = visitor.have < TrackerDay.chunks ? visitor.gainsAt : .distantFuture
    let goes = now >= visitor.goesAt ? visitor.goesAt + 2 * .second : visitor.goesAt
    deadlines.set(place, max(now + .microsecond, min(visitor.client.deadline, min(gains, goes))))
    visitors[place] = visitor
  }

  /// Datagrams from addresses that never asked for a cookie.
  private mutating func forge(_ count: Int) {
    for _ in 0..<count {
      var packet = RegisterPacket()
      (packet.cookie, packet.id) = (random.next(), Blake3.hash(random.next().bigEndianBytes.span))
      send(packet, from: Address(ipv4: UInt32(truncatingIfNeeded: random.next()) | 1, port: 7_401))
    }
  }

  private mutating func beGreedy(_ count: Int) {
    let greedy = Address(ipv4: 0x0c00_0001, port: 9)
    var cookie: UInt64 = 0
    if let bytes = send(ConnectPacket(), from: greedy), let packet = try? ConnectedPacket.decode(bytes.span) {
      cookie = packet.cookie
    }
    for _ in 0..<count {
      var packet = FindPacket()
      (packet.cookie, packet.name) = (cookie, "film")
      send(packet, from: greedy)
    }
  }

  @discardableResult
  private mutating func send(_ packet: some Packet, from address: Address) -> [UInt8]? {
    guard let bytes = try? packet.datagram(connection: random.next()) else { return nil }
    tracker.receive(bytes.span, from: address, at: now)
    var last: [UInt8]?
    while let reply = tracker.nextTransmit(at: now) { last = reply.bytes }
    return last
  }

  /// Everything is lost, the secret of the cookies too.
  private mutating func lose() { tracker = TrackerDay.tracker(random.next()) }

  private mutating func note(_ minute: Int, since before: RegistrarCounters) {
    let after = tracker.counters
    func sum(_ counts: [PacketType: Int]) -> Int { counts.values.reduce(0, +) }
    func sum(_ counts: [TrackerError: Int]) -> Int { counts.values.reduce(0, +) }
    var now = Minute()
    (now.minute, now.peers, now.registrations) = (minute, present, tracker.registrationCount)
    (now.files, now.kilobytes, now.named) = (tracker.fileCount, tracker.byteCount / 1_000, named)
    // After a loss the counters begin at 0.
    let isNew = sum(after.requests) < sum(before.requests)
    now.requests = sum(after.requests) - (isNew ? 0 : sum(before.requests))
    now.refused = sum(after.errors) - (isNew ? 0 : sum(before.errors))
    now.forged = after.unproven - (isNew ? 0 : before.unproven)
    now.limited = after.limited - (isNew ? 0 : before.limited)
    minutes.append(now)
  }
}

extension SeededGenerator {
  /// A number in 0..<1.
  fileprivate mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }
}

/// The logarithm to base 2 of a positive number.
private func log2(_ value: Double) -> Double {
  var (power, rest) = (Double(value.exponent), value.significand)
  for step in 1...20 {
    rest *= rest
    if rest >= 2 { (rest, power) = (rest / 2, power + 1 / Double(1 << step)) }
  }
  return power
}
