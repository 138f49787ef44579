import ShoalBase
import ShoalContent
import ShoalTracker
import ShoalWire
import TestSupport
import Testing

/// No request, whichever field lies, ends a tracker, or makes it keep more than its limits or answer more than it may.
struct LyingAskerTests {
  private static let perSeed = 2_000

  @Test(arguments: LyingSeeds.parts)
  func nothingThatIsAskedDoesHarm(part: UInt64) {
    for seed in LyingSeeds(part: part, each: Self.perSeed) {
      var asker = LyingAsker(seed: seed)
      asker.run(Self.perSeed)
      #expect(asker.broken == nil, "seed \(seed)")
      guard asker.broken == nil else { return }
    }
  }
}

/// A tracker with small limits, and hosts that ask it whatever they like, from a seed.
private struct LyingAsker: ~Copyable {
  /// What happened that must not happen; nil if nothing did.
  private(set) var broken: String?
  private var tracker: Registrar
  private var random: SeededGenerator
  private var now: Instant
  private let configuration: RegistrarConfiguration
  private var cookies: [Address: UInt64] = [:]
  private let addresses: [Address]
  private let ids = (0..<5).map { digest($0) }
  private let names = ["", "a", "b", String(repeating: "ü", count: 127), "\0\u{202e}"]

  init(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    func pick<T>(_ values: [T]) -> T { values[Int(random.next() % UInt64(values.count))] }
    var configuration = RegistrarConfiguration()
    configuration.registrations = pick([1, 7, 30])
    configuration.registrationsPerHost = pick([1, 5, 100])
    configuration.peersPerFile = pick([1, 4, 100])
    configuration.filesPerName = pick([0, 1, 3])
    configuration.mapBytes = pick([0, 8, 1_000, 1 << 20, .max])
    configuration.displacedAtOnce = pick([0, 1, 64])
    configuration.interval = pick([0, .second, 60 * .second, 65_535 * .second, .max])
    now = Instant(nanoseconds: pick([0, 1, 1 << 40, 1 << 61]))
    tracker = Registrar(key: digest(seed), seed: seed, configuration: configuration)
    var addresses = [Address(ipv4: 0x7f00_0001, port: 1), Address(high: 0, low: 1, port: 1), Address(ipv4: 0, port: 7)]
    for host in 1...4 as ClosedRange<UInt32> {
      for port in 1...6 as ClosedRange<UInt16> {
        addresses.append(Address(ipv4: 0x0a00_0000 + host, port: port))
        addresses.append(Address(high: 0x2001_0db8 << 32 | UInt64(host), low: UInt64(port), port: port))
      }
    }
    self.addresses = addresses
    self.configuration = configuration
    self.random = random
  }

  mutating func run(_ datagrams: Int) {
    for _ in 0..<datagrams where broken == nil {
      if random.next() % 16 == 0 { pass() }
      ask()
    }
    guard configuration.silence < 1 << 50 else { return }
    now = now + configuration.silence
    tracker.expire(at: now)
    if tracker.registrationCount + tracker.fileCount + tracker.mapBytes > 0 { broken = "something is left behind" }
  }

  private mutating func pass() {
    let longest: [Nanoseconds] = [.millisecond, .second, 100 * .second, 3_600 * .second]
    now = now + Nanoseconds.random(in: 0...pick(longest), using: &random)
    tracker.expire(at: now)
    while tracker.nextEvent() != nil {}
    if tracker.deadline <= now { broken = "what is due is not done" }
    if Bool.random(using: &random) { cookies = [:] }
  }

  private mutating func ask() {
    let address = pick(addresses)
    if cookies[address] == nil, let connect = try? ConnectPacket().datagram(connection: 1) {
      let reply = send(connect, from: address, isProven: false)
      cookies[address] = reply.flatMap { try? ConnectedPacket.decode($0.span).cookie }
    }
    let isTrue = random.next() % 8 > 0
    let cookie = isTrue ? cookies[address] : edge()
    guard var request = try? request(cookie ?? 0) else { return }
    var isProven = isTrue && cookie != nil
    if random.next() % 8 == 0 {
      isProven = true
      for _ in 0...2 where !request.isEmpty {
        switch random.next() % 3 {
        case 0: request[Int.random(in: 0..<request.count, using: &random)] = UInt8(truncatingIfNeeded: random.next())
        case 1: request.removeLast(Int.random(in: 0...request.count, using: &random))
        default: request += [UInt8](repeating: 0, count: Int.random(in: 0...2_000, using: &random))
        }
      }
    }
    _ = send(request, from: address, isProven: isProven)
  }

  private mutating func send(_ request: [UInt8], from address: Address, isProven: Bool) -> [UInt8]? {
    let displaced = tracker.counters.displaced
    tracker.receive(request.span, from: address, at: now)
    let reply = tracker.nextTransmit(at: now)
    if let (to, bytes) = reply {
      if to != address { broken = "the reply goes elsewhere" }
      if bytes.count > (isProven ? Limits.smallestDatagram : request.count) { broken = "the reply is too large" }
    }
    if tracker.nextTransmit(at: now) != nil { broken = "there are two replies" }
    var events = 0
    while tracker.nextEvent() != nil { events += 1 }
    if events > tracker.counters.displaced - displaced + 1 { broken = "there is too much to log" }
    if tracker.registrationCount > configuration.registrations { broken = "there are too many registrations" }
    if tracker.fileCount > tracker.registrationCount { broken = "there are files without peers" }
    if tracker.mapBytes > configuration.mapBytes || tracker.mapBytes < 0 { broken = "there are too many maps" }
    return reply?.bytes
  }

  private mutating func request(_ cookie: UInt64) throws -> [UInt8] {
    let transaction: UInt64 = edge()
    switch random.next() % 16 {
    case 0: return try ConnectPacket().datagram(connection: transaction)
    case 1...6:
      var packet = RegisterPacket()
      (packet.cookie, packet.id, packet.name) = (cookie, pick(ids), pick(names))
      (packet.cut, packet.have) = (cut(), runs())
      return try packet.datagram(connection: transaction)
    case 7, 8:
      var packet = UpdatePacket()
      (packet.cookie, packet.id, packet.gained) = (cookie, pick(ids), runs())
      return try packet.datagram(connection: transaction)
    case 9:
      var packet = FindPacket()
      (packet.cookie, packet.name) = (cookie, pick(names))
      return try packet.datagram(connection: transaction)
    case 10, 11:
      var packet = LookupPacket()
      (packet.cookie, packet.id, packet.chunk, packet.most) = (cookie, pick(ids), edge(), edge())
      return try packet.datagram(connection: transaction)
    case 12, 13:
      var packet = MapPacket()
      (packet.cookie, packet.id, packet.address, packet.first) = (cookie, pick(ids), pick(addresses), edge())
      return try packet.datagram(connection: transaction)
    default:
      var packet = DeregisterPacket()
      (packet.cookie, packet.id) = (cookie, pick(ids))
      return try packet.datagram(connection: transaction)
    }
  }

  private mutating func cut() -> Cut {
    let sizes: [UInt64] = [0, 1, 1_024, 1 << 20, 1 << 32, Limits.fileSize, .max]
    var cut = Cut(size: pick(sizes), pieceExponent: pick([10, 16, 22]), chunks: pick([0, 1, 64, 65, 1_000, 1 << 22]))
    if random.next() % 4 == 0 { cut.chunks = edge() }
    if random.next() % 16 == 0 { cut.size = edge() }
    if random.next() % 16 == 0 { cut.pieceExponent = edge() }
    return cut
  }

  private mutating func runs() -> [ChunkRun] {
    var runs: [ChunkRun] = []
    var next: UInt32 = 0
    for _ in 0..<pick([0, 1, 1, 2, 5, 200]) {
      let gap = min(edge() as UInt32 >> (random.next() % 2 == 0 ? 20 : 0), 1 << 22 &- next)
      let count = min(max(edge() as UInt32 >> (random.next() % 2 == 0 ? 24 : 0), 1), 1 << 22 + 1 - (next + gap))
      runs.append(ChunkRun(first: next + gap, count: count))
      next = next + gap + count
      guard next < 1 << 22 else { break }
    }
    return runs
  }

  private mutating func pick<T>(_ values: [T]) -> T { values[Int(random.next() % UInt64(values.count))] }

  /// A number from the whole range or from its edges.
  private mutating func edge<T: FixedWidthInteger & UnsignedInteger>() -> T {
    switch random.next() % 4 {
    case 0: return T(truncatingIfNeeded: random.next() % 3)
    case 1: return T.max - T(truncatingIfNeeded: random.next() % 3)
    case 2: return 1 << T(truncatingIfNeeded: random.next() % UInt64(T.bitWidth))
    default: return T(truncatingIfNeeded: random.next() >> (random.next() % 64))
    }
  }
}
