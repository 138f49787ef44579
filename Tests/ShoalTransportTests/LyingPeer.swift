import ShoalBase
import ShoalContent
import ShoalWire

@testable import ShoalTransport

/// A real endpoint that has data to send and to receive, and a peer that says whatever it likes, in virtual time, all
/// of it following from a seed: each field of each packet is drawn from its whole range, from its edges, and near the
/// truth, after pauses of up to an hour.
struct LyingPeer: ~Copyable {
  /// What happened that must not happen; nil if nothing did.
  private(set) var broken: String?
  /// The datagrams that the endpoint was handed.
  private(set) var datagrams = 0

  private var endpoint: Endpoint
  private var random: SeededGenerator
  private var now: Instant
  private var id: ConnectionID?
  private let peerID: UInt64
  private let address = Address(ipv4: 0x0a00_0001, port: 7_401)
  private var output = [UInt8](repeating: 0, count: 65_536)
  private var input = [UInt8](repeating: 0, count: 65_536)

  // What the endpoint has shown.
  private var timestamps: [UInt32] = []
  private var probed: UInt16?
  private var openID: UInt64?
  private var corrupt: UInt32 = 0
  private var sequence: UInt32 = 0
  private var messages = 0

  // How much it did, compared with how much there was to do.
  private var started: Instant
  private var expiries = 0
  private var transmits = 0
  private var owed = 0

  /// In how many of 256 cases the liar tells the truth about time, and how long it likes to wait.
  private let honesty: UInt64
  private let patience: Nanoseconds
  private let isEchoing: Bool

  init(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    func pick<T>(_ values: [T]) -> T { values[Int(random.next() % UInt64(values.count))] }
    var configuration = TransportConfiguration()
    configuration.congestion = pick(CongestionAlgorithm.allCases)
    configuration.repeatMode = pick(RepeatMode.allCases)
    configuration.window = pick([1, 2, 64, 4_096, 65_536, 1_048_576])
    configuration.mtu = pick([1_280, 1_500, 9_000, 65_535])
    configuration.idleTimeout = pick([1, 30, 30, 600, 7_200, 1_000_000]) * .second
    configuration.recordsLosses = pick([false, true])
    configuration.initialSequence = pick([nil, 0, .max, .max - 100])
    configuration.maxConnections = 4
    configuration.maxHalfOpen = 2
    endpoint = Endpoint(configuration, secrets: SecretGenerator(seed: random.next()))
    now = Instant(nanoseconds: pick([0, 1, 4_294_967_290_000, 1 << 50, 1 << 61]))
    honesty = pick([0, 64, 200, 255])
    patience = pick([.microsecond, 100 * .microsecond, 5 * .millisecond, 50 * .millisecond, .second])
    isEchoing = pick([true, true, true, false])
    peerID = random.next() | 1
    started = now
    self.random = random
  }

  /// Hands the endpoint this many datagrams.
  mutating func run(_ count: Int) {
    while datagrams < count, broken == nil {
      if slot == nil { begin() } else { lie() }
      if random.next() % 4 > 0 { wait(someTime()) }
      if datagrams % 512 == 0 { check() }
    }
    guard broken == nil else { return }
    check()
    // In the end everything is forgotten.
    for slot in endpoint.connections.slotsInUse { endpoint.close(endpoint.connections.id(slot), .done, at: now) }
    drain()
    wait(.second)
    let (left, deadline) = (endpoint.connections.count, endpoint.deadline)
    if left > 0 || deadline != .distantFuture || endpoint.hosts.halfOpen != 0 { fail("\(left) connections left") }
  }

  private mutating func fail(_ what: String) { broken = broken ?? "\(what), at \(now.nanoseconds)" }

  private var slot: Int? { id.flatMap { endpoint.usable($0) } }

  // MARK: Time

  private mutating func chance(_ n: UInt64) -> Bool { random.next() % n == 0 }
  private mutating func pick<T>(_ values: T...) -> T { values[Int(random.next() % UInt64(values.count))] }

  private mutating func someTime() -> Nanoseconds {
    switch random.next() % 4_096 {
    case 0: 3_600 * .second
    case 1: 31 * .second
    case 2..<6: 11 * .second
    case 6..<40: Nanoseconds(random.next() % 2_000_000_000)
    default: Nanoseconds(random.next() % UInt64(patience))
    }
  }

  /// Lets time pass as a host would, sleeping until the deadline.
  private mutating func wait(_ span: Nanoseconds) {
    let end = now + span
    var atOnce = 0
    while endpoint.deadline <= end, broken == nil {
      atOnce = endpoint.deadline > now ? 0 : atOnce + 1
      if endpoint.deadline < now || atOnce > 8 { return fail("a deadline that does not pass") }
      now = endpoint.deadline
      endpoint.expire(at: now)
      expiries += 1
      drain()
    }
    now = max(now, end)
  }

  /// Takes what the endpoint sends.
  private mutating func drain() {
    while let event = endpoint.nextEvent() {
      switch event {
      case .opened(let id, _): self.id = id
      case .closed(let id, _, _): if id == self.id { self.id = nil }
      default: break
      }
    }
    var count = 0
    while let transmit = endpoint.nextTransmit(into: &output, at: now) {
      count += 1
      let type = PacketType(rawValue: output[3])
      let bytes = Array(output[..<transmit.headerLength])
      switch type {
      case .data:
        timestamps.append(bytes.span.bigEndian(at: 21, as: UInt32.self))
        if timestamps.count > 64 { timestamps.removeFirst(32) }
      case .probe: probed = UInt16(transmit.headerLength)
      case .open: openID = bytes.span.bigEndian(at: 8, as: UInt64.self)
      default: break
      }
    }
    transmits += count
    // What is queued and what is in the window may leave at once, as may an ACK in all its slices.
    var window: UInt64 = 0
    if let slot {
      window = endpoint.connections[slot].sendWindow.next - endpoint.connections[slot].sendWindow.base
    }
    if count > 2 * Int(window) + 500 { fail("\(count) datagrams at one instant") }
  }

  // MARK: What the peer says

  private mutating func begin() {
    openID = nil
    timestamps = []
    (probed, corrupt) = (nil, 0)
    if chance(2) {
      var packet = OpenPacket()
      packet.initialSequence = anything()
      packet.window = pick(1, 2, 65_536, 1_048_576, .max, anything())
      packet.arq = UInt8(random.next() % 2)
      packet.maxDatagram = pick(0, 1_200, 1_452, 65_535, UInt16(truncatingIfNeeded: random.next()))
      packet.idleTimeout = pick(0, 1, 30, 65_535)
      if chance(2) { wait(1) }
      send(packet, peerID &+ UInt64(datagrams))
      // Anything at all with the right id proves the address.
      for slot in endpoint.connections.slotsInUse {
        guard endpoint.connections.slotsInUse.contains(slot), endpoint.connections[slot].state == .accepting else {
          continue
        }
        wait(someTime() % (3 * .second))
        guard endpoint.connections.slotsInUse.contains(slot) else { continue }
        send(ResponsePacket(), endpoint.connections[slot].localID)
      }
    } else if let id = endpoint.open(to: address, at: now) {
      self.id = id
      drain()
      wait(someTime() % (2 * .second))
      var packet = AcceptPacket()
      packet.responder = peerID &+ UInt64(datagrams)
      packet.initialSequence = anything()
      packet.window = chance(8) ? anything() : UInt32(max(1, random.next() % UInt64(endpoint.configuration.window)))
      packet.arq = endpoint.configuration.repeatMode == .goBackN ? 1 : UInt8(random.next() % 2)
      packet.maxDatagram = pick(0, 1_200, 1_452, 65_535)
      packet.idleTimeout = pick(0, 1, 30, 65_535)
      send(packet, openID ?? 0)
    }
    if slot == nil { wait(pick(.millisecond, 5 * .second)) }
  }

  private mutating func lie() {
    guard let slot else { return }
    if let id, endpoint.queued(id).bytes < 5_000, chance(2) {
      endpoint.send(Payload(source: 0, space: .content, file: 1, offset: 0, length: 20_000), on: id)
      if chance(3) { endpoint.send([3, 0, 4, 0, 1, 0, 0], on: id) }
      if endpoint.configuration.recordsLosses { _ = endpoint.takeLosses(id) }
    }
    let local = chance(500) ? random.next() : endpoint.connections[slot].localID
    let remote = endpoint.connections[slot].remoteID
    switch random.next() % 1_024 {
    case 0..<600: sendAck(slot, local)
    case 600..<850: sendData(slot, local)
    case 850..<880:
      var packet = ProbedPacket()
      packet.size = chance(2) ? probed ?? 0 : pick(0, 1_199, 1_200, 1_201, 65_507, 65_535)
      send(packet, local)
    case 880..<910:
      var packet = ProbePacket()
      packet.size = chance(16) ? 65_507 : pick(18, 1_200)
      send(packet, local)
    case 910..<940:
      var packet = ChallengePacket()
      packet.token = random.next()
      send(packet, local)
    case 940..<960: send(ResponsePacket(), local)
    case 960..<980:
      var packet = AcceptPacket()
      (packet.responder, packet.window) = (random.next(), anything())
      send(packet, local)
    case 980..<990:
      var packet = VersionPacket()
      (packet.lowest, packet.highest) = (UInt8(random.next() % 256), UInt8(random.next() % 256))
      send(packet, local)
    case 990..<1_000:
      var packet = OpenPacket()
      (packet.window, packet.arq) = (anything(), UInt8(random.next() % 3))
      send(packet, chance(2) ? remote : random.next())
    case 1_000..<1_020: corruptArrives()
    case 1_020: send(ResetPacket(), chance(2) ? remote : local)
    case 1_021 where chance(4):
      var packet = ClosePacket()
      packet.code = UInt16(truncatingIfNeeded: random.next())
      send(packet, local)
    default: send(ResponsePacket(), random.next())
    }
  }

  private mutating func anything() -> UInt32 {
    if chance(2) { return UInt32(truncatingIfNeeded: random.next()) }
    return pick(0, 1, 2, 0x7fff_ffff, 0x8000_0000, 0x8000_0001, .max - 1, .max)
  }

  /// A number near those of a window, or any number.
  private mutating func number(_ base: UInt64, _ next: UInt64) -> UInt32 {
    let (low, high) = (UInt32(truncatingIfNeeded: base), UInt32(truncatingIfNeeded: next))
    switch random.next() % 16 {
    case 0: return anything()
    case 1: return low &- 1
    case 2: return high &+ 1
    case 3: return low
    case 4..<8: return high
    default: return low &+ UInt32(truncatingIfNeeded: random.next() % (next - base + 1))
    }
  }

  private mutating func sendAck(_ slot: Int, _ local: UInt64) {
    let base = endpoint.connections[slot].sendWindow.base
    let next = endpoint.connections[slot].sendWindow.next
    var packet = AckPacket()
    packet.next = number(base, chance(3) ? base : next)
    packet.top = chance(3) ? packet.next : number(base, next)
    if isEchoing, random.next() % 256 < honesty, let echo = timestamps.last {
      (packet.echo, packet.delay) = (echo, 0)
    } else if isEchoing {
      let shift = pick(0, 1, .max, anything())
      packet.echo =
        timestamps.isEmpty || chance(2)
        ? anything() : timestamps[Int(random.next() % UInt64(timestamps.count))] &+ shift
      packet.delay = pick(0, 1, 25_000, 65_534, 65_535, UInt16(truncatingIfNeeded: random.next()))
    } else {
      (packet.echo, packet.delay) = (anything(), .max)
    }
    if chance(8) { corrupt = chance(8) ? anything() : corrupt &+ 1 }
    packet.corrupt = corrupt
    packet.first = chance(2) ? packet.next : number(base, next)
    packet.count = chance(16) ? anything() : UInt32(truncatingIfNeeded: random.next() % (next - base + 2))
    packet.encoding = chance(16) ? 2 : UInt8(random.next() % 2)
    var room = input.mutableSpan
    guard var length = try? packet.put(connection: local, into: &room) else { return }
    let most = chance(64) ? 1_157 : 12
    for _ in 0..<Int(random.next() % UInt64(most)) {
      let byte = chance(2) ? UInt8(truncatingIfNeeded: random.next()) : pick(0, 1, 0x3f, 0x7f, 0xff)
      input[length] = byte
      length += 1
    }
    hand(length)
  }

  private mutating func sendData(_ slot: Int, _ local: UInt64) {
    let window = endpoint.connections[slot].receiveWindow.next
    let limit = UInt64(endpoint.connections[slot].windowSize)
    var packet = DataPacket()
    switch random.next() % 8 {
    case 0: packet.sequence = number(window, window + limit)
    case 1: packet.sequence = UInt32(truncatingIfNeeded: window + limit - 1)
    default: packet.sequence = UInt32(truncatingIfNeeded: window + random.next() % min(limit, 4))
    }
    packet.attempt = pick(0, 0, 1, 255)
    packet.timestamp = chance(2) ? now.wireMicroseconds : anything()
    packet.ackEvery = pick(0, 1, 2, 64, 255)
    packet.ackDelay = pick(0, 1, 25_000, 65_535)
    var room = input.mutableSpan
    guard var length = try? packet.put(connection: local, into: &room) else { return }
    if chance(2) {
      var block = Block()
      block.offset = random.next()
      var span = input.mutableSpan
      var rest = span._mutatingExtracting(length...)
      length += (try? block.encode(into: &rest, contentLength: 100)) ?? 0
      length += 100
    } else if chance(1_000) {
      input[length] = 6
      length += 1
    }
    hand(length)
  }

  private mutating func corruptArrives() {
    endpoint.receiveCorrupt(from: address, at: now)
    datagrams += 1
    drain()
  }

  private mutating func send<P: Packet>(_ packet: P, _ connection: UInt64) {
    var room = input.mutableSpan
    guard let length = try? packet.encode(connection: connection, into: &room) else { return }
    hand(length)
  }

  private mutating func hand(_ length: Int) {
    let bytes = Array(input[..<length])
    endpoint.receive(bytes.span, from: address, at: now)
    datagrams += 1
    drain()
  }

  // MARK: What must hold

  private mutating func check() {
    if let slot, let broken = Invariants.broken(endpoint.connections[slot]) { return fail(broken) }
    // One probe timeout and one step of pacing for each millisecond, and what each datagram may cause.
    let milliseconds = Int((now - started) / .millisecond)
    if expiries > 4 * datagrams + 2 * transmits + 4 * milliseconds + 100 {
      fail("\(expiries) timers for \(datagrams) datagrams in and \(transmits) out in \(milliseconds) ms")
    }
    if endpoint.hosts.halfOpen < 0 || endpoint.connections.count > 4 { fail("\(endpoint.hosts.halfOpen) half open") }
    let counters = endpoint.counters
    if counters.sent > transmits || counters.received > datagrams || counters.spurious > counters.sent {
      fail("\(counters)")
    }
  }
}
