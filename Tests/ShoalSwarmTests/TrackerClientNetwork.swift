import ShoalBase
import ShoalContent
import ShoalSwarm
import ShoalTracker
import ShoalWire

/// A tracker and its clients in virtual time, over links that lose datagrams.
struct TrackerNetwork {
  static let trackerAddress = Address(ipv4: 0x0a00_0001, port: 7_400)
  static let delay = 10 * Nanoseconds.millisecond

  var now = Instant(nanoseconds: 1_000 * .second)
  var tracker: Registrar
  var clients: [TrackerClient] = []
  var events: [[TrackerClientEvent]] = []
  /// Requests, as they were sent.
  var sent: [(at: Instant, client: Int, to: Address, type: PacketType?, bytes: [UInt8])] = []
  /// Where the tracker is.
  var places: Set<Address> = [trackerAddress]
  /// The share of datagrams lost, each way, 0...1.
  var loss = 0.0
  /// The tracker neither hears nor answers.
  var isDown = false
  private var flying: [(at: Instant, client: Int, place: Address, isRequest: Bool, bytes: [UInt8])] = []
  private var random: SeededGenerator
  private let configuration: RegistrarConfiguration

  init(seed: UInt64 = 1, clients count: Int = 1, _ change: (inout RegistrarConfiguration) -> Void = { _ in }) {
    var configuration = RegistrarConfiguration()
    change(&configuration)
    self.configuration = configuration
    random = SeededGenerator(seed: seed)
    tracker = Registrar(key: Self.digest(seed), seed: seed, configuration: configuration)
    for number in 0..<count { startClient(seed: seed &* 1_000 &+ UInt64(number)) }
  }

  static func address(_ client: Int) -> Address { Address(ipv4: 0x0a00_0100 + UInt32(client), port: 7_401) }

  mutating func startClient(seed: UInt64, others: [Address] = []) {
    let random = SecretGenerator(seed: seed)
    clients.append(TrackerClient(tracker: Self.trackerAddress, others: others, random: random))
    events.append([])
  }

  /// The tracker loses all that it knew, its key too.
  mutating func restartTracker() {
    let seed = random.next()
    tracker = Registrar(key: Self.digest(seed), seed: seed, configuration: configuration)
  }

  /// Lets time pass until the condition holds; whether it did within so many seconds.
  @discardableResult
  mutating func run(_ seconds: Double, until isDone: (inout TrackerNetwork) -> Bool = { _ in false }) -> Bool {
    let end = now + Nanoseconds(seconds * 1e9)
    while true {
      step()
      if isDone(&self) { return true }
      var next = min(tracker.deadline, flying.map(\.at).min() ?? .distantFuture)
      for client in clients { next = min(next, client.deadline) }
      guard next <= end else {
        now = end
        return false
      }
      now = max(next, now)
    }
  }

  private mutating func step() {
    let arrived = flying.filter { $0.at <= now }
    flying.removeAll { $0.at <= now }
    for datagram in arrived {
      let bytes = datagram.bytes.span
      if !datagram.isRequest {
        _ = clients[datagram.client].receive(bytes, from: datagram.place, at: now)
      } else if !isDown && places.contains(datagram.place) {
        tracker.receive(bytes, from: Self.address(datagram.client), at: now)
        while let (to, bytes) = tracker.nextTransmit(at: now) {
          carry(Int(to.ipv4 - 0x0a00_0100), datagram.place, isRequest: false, bytes)
        }
      }
    }
    tracker.expire(at: now)
    for index in clients.indices {
      clients[index].expire(at: now)
      while let (to, bytes) = clients[index].nextTransmit(at: now) {
        sent.append((now, index, to, Self.packetType(of: bytes), bytes))
        carry(index, to, isRequest: true, bytes)
      }
      while let event = clients[index].nextEvent() { events[index].append(event) }
    }
  }

  private mutating func carry(_ client: Int, _ place: Address, isRequest: Bool, _ bytes: [UInt8]) {
    if random.unit() >= loss { flying.append((now + Self.delay, client, place, isRequest, bytes)) }
  }

  /// What the tracker knows client `index` to have, told to nobody's client.
  func chunks(of index: Int, _ id: Digest, capacity: Int) -> BitSet {
    var copy = self
    copy.loss = 0
    copy.isDown = false
    copy.places.insert(Self.trackerAddress)
    let asker = copy.clients.count
    copy.startClient(seed: 77)
    copy.clients[asker].map(id: id, address: Self.address(index), chunks: capacity)
    copy.run(60) { !$0.events[asker].isEmpty && $0.clients[asker].isIdle }
    for case .mapped(_, _, let chunks) in copy.events[asker] { return chunks }
    return BitSet(capacity: capacity)
  }

  /// The type of a datagram, if it is one of ours.
  static func packetType(of datagram: [UInt8]) -> PacketType? {
    let bytes = datagram.span
    return try? Header.decode(bytes).type
  }

  /// A made-up id.
  static func digest(_ number: UInt64) -> Digest { withUnsafeBytes(of: number) { Blake3.hash($0) } }

  /// A cut into so many chunks of one piece of 64 KiB each.
  static func cut(_ chunks: Int) -> Cut {
    Cut(size: UInt64(chunks) << 16, pieceExponent: 16, chunks: UInt32(chunks))
  }
}
