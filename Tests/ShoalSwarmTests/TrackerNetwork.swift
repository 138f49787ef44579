import ShoalBase
import ShoalContent
import ShoalLink
import ShoalSimulator
import ShoalSwarm
import ShoalTracker
import ShoalWire

/// A tracker and its clients, each with a link of its own; the tracker's link delays what passes, and may lose it.
final class TrackerNetwork {
  static let trackerAddress = Address(ipv4: 0x0a00_0001, port: 7_400)

  private let world: World
  var tracker: Registrar
  var clients = Clients()
  /// Requests, as they were sent.
  private(set) var sent: [(at: Instant, client: Int, to: Address, type: PacketType?, bytes: [UInt8])] = []
  /// Where the tracker is.
  var places: Set<Address> = [] { didSet { move(from: oldValue) } }
  /// The share of datagrams lost, each way, 0...1.
  var loss = 0.0 { didSet { for place in places { world.network.join(place, link: link) } } }
  /// Whether the tracker neither hears nor answers.
  var isDown = false { didSet { isDown ? world.part(places.compactMap { world.host(at: $0) }) : world.heal() } }
  private var random: SeededGenerator
  private let configuration: RegistrarConfiguration

  init(seed: UInt64 = 1, clients count: Int = 1, _ change: (inout RegistrarConfiguration) -> Void = { _ in }) {
    var configuration = RegistrarConfiguration()
    change(&configuration)
    self.configuration = configuration
    random = SeededGenerator(seed: seed)
    world = World(seed: seed, start: Scene.start)
    tracker = Registrar(key: Self.digest(seed), seed: seed, configuration: configuration)
    begin()
    for number in 0..<count { startClient(seed: seed &* 1_000 &+ UInt64(number)) }
  }

  private func begin() {
    places = [Self.trackerAddress]
    world.network.onSend = { [unowned self] datagram, now in
      if let client = clients.hosts.firstIndex(where: { $0.address == datagram.from }) {
        sent.append((now, client, datagram.to, Self.packetType(of: datagram.bytes), datagram.bytes))
      }
      return true
    }
  }

  static func address(_ client: Int) -> Address { Address(ipv4: 0x0a00_0100 + UInt32(client), port: 7_401) }

  var now: Instant { world.now }
  var events: [[TrackerClientEvent]] { clients.hosts.map(\.events) }

  private var link: LinkSpec {
    var both = LinkParameters()
    (both.delay, both.loss) = (10 * .millisecond, loss)
    return LinkSpec(up: both, down: both)
  }

  private func move(from old: Set<Address>) {
    for place in old.subtracting(places) { if let host = world.host(at: place) { world.crash(host) } }
    for place in places.subtracting(old) { world.add(TrackerDoor(place, of: self), link: link) }
  }

  func startClient(seed: UInt64, others: [Address] = [], at address: Address? = nil) {
    let client = TrackerClient(tracker: Self.trackerAddress, others: others, random: SecretGenerator(seed: seed))
    clients.hosts.append(TrackerClientHost(address ?? Self.address(clients.count), client))
    world.add(clients.hosts.last!)
  }

  /// Makes the tracker lose all that it knew, including its key.
  func restartTracker() {
    let seed = random.next()
    tracker = Registrar(key: Self.digest(seed), seed: seed, configuration: configuration)
  }

  /// Lets time pass until the condition holds; returns whether it did within this many seconds.
  @discardableResult
  func run(_ seconds: Double, until isDone: (TrackerNetwork) -> Bool = { _ in false }) -> Bool {
    for client in clients.hosts { world.flush(client) }
    return world.run(for: Nanoseconds(seconds * 1e9)) { isDone(self) }
  }

  /// What client `index` has according to the tracker; no client is told.
  func chunks(of index: Int, _ id: Digest, capacity: Int) -> BitSet {
    var chunks = BitSet(capacity: capacity)
    var packet = MapPacket()
    (packet.id, packet.address) = (id, Self.address(index))
    packet.cookie = (ask(ConnectPacket()) as ConnectedPacket?)?.cookie ?? 0
    while Int(packet.first) < capacity, let page = ask(packet) as MappedPacket?, page.end > packet.first {
      for run in page.have { chunks.insert(run) }
      packet.first = page.end
    }
    return chunks
  }

  /// What the tracker answers to a stranger.
  private func ask<Reply: Packet>(_ packet: some Packet) -> Reply? {
    guard let request = try? packet.datagram(connection: 1) else { return nil }
    tracker.receive(request.span, from: Self.address(77_777), at: now)
    guard let reply = tracker.nextTransmit(at: now)?.bytes, Self.packetType(of: reply) == Reply.type else { return nil }
    return try? Reply.decode(reply.span)
  }

  /// The type of a datagram, if it is one of ours.
  static func packetType(of datagram: [UInt8]) -> PacketType? {
    let bytes = datagram.span
    return try? Header.decode(bytes).type
  }

  /// A made-up id.
  static func digest(_ number: UInt64) -> Digest { Blake3.hash(UInt64(number).bigEndianBytes.span) }

  /// A cut into this many chunks of one piece of 64 KiB each.
  static func cut(_ chunks: Int) -> Cut {
    Cut(size: UInt64(chunks) << 16, pieceExponent: 16, chunks: UInt32(chunks))
  }
}

/// The clients of a network, which a test may tell what to do before it lets time pass.
struct Clients: RandomAccessCollection {
  fileprivate(set) var hosts: [TrackerClientHost] = []

  var startIndex: Int { 0 }
  var endIndex: Int { hosts.count }

  subscript(index: Int) -> TrackerClient {
    _read { yield hosts[index].client }
    nonmutating _modify { yield &hosts[index].client }
  }
}

/// A host with nothing but a tracker's client.
final class TrackerClientHost: WorldHost {
  let address: Address
  var client: TrackerClient
  private(set) var events: [TrackerClientEvent] = []

  init(_ address: Address, _ client: TrackerClient) { (self.address, self.client) = (address, client) }

  func receive(_ datagram: NetworkDatagram, at now: Instant) {
    _ = client.receive(datagram.bytes.span, from: datagram.from, at: now)
  }

  func expire(at now: Instant) { client.expire(at: now) }

  func nextTransmit(at now: Instant) -> NetworkDatagram? {
    client.nextTransmit(at: now).map { NetworkDatagram(from: address, to: $0.to, bytes: $0.bytes) }
  }

  func nextEvent(at now: Instant) -> String? {
    while let event = client.nextEvent() { events.append(event) }
    return nil
  }

  var deadline: Instant { client.deadline }
}

/// One of the addresses at which a network's tracker is.
final class TrackerDoor: WorldHost {
  let address: Address
  private unowned let network: TrackerNetwork

  init(_ address: Address, of network: TrackerNetwork) { (self.address, self.network) = (address, network) }

  func receive(_ datagram: NetworkDatagram, at now: Instant) {
    network.tracker.receive(datagram.bytes.span, from: datagram.from, at: now)
  }

  func expire(at now: Instant) { network.tracker.expire(at: now) }

  func nextTransmit(at now: Instant) -> NetworkDatagram? {
    network.tracker.nextTransmit(at: now).map { NetworkDatagram(from: address, to: $0.to, bytes: $0.bytes) }
  }

  func nextEvent(at now: Instant) -> String? { nil }

  var deadline: Instant { network.tracker.deadline }
}
