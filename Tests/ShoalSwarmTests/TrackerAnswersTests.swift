import ShoalBase
import ShoalContent
import ShoalSwarm
import ShoalTracker
import ShoalWire
import Testing

/// Which answers count, and what becomes of them at the edges.
struct TrackerAnswersTests {
  private let places = (0..<2).map { Address(ipv4: 0x0a00_0001, port: 7_400 + $0) }
  private let now = Instant(nanoseconds: .second)
  private let id = TrackerNetwork.digest(1)

  /// A client that is connected to the first of two addresses of its tracker.
  private func connected() throws -> TrackerClient {
    var client = TrackerClient(tracker: places[0], others: [places[1]], random: SecretGenerator(seed: 1))
    client.find(name: "x")
    let connect = try transaction(of: client.nextTransmit(at: now))
    try receive(&client, ConnectedPacket(), connect)
    let find = try transaction(of: client.nextTransmit(at: now))
    try receive(&client, FoundPacket(), find)
    while client.nextEvent() != nil {}
    #expect(client.isIdle)
    return client
  }

  private func transaction(of request: (to: Address, bytes: [UInt8])?) throws -> UInt64 {
    let bytes = try #require(request).bytes
    return try Header.decode(bytes.span).header.connection
  }

  private func receive(
    _ client: inout TrackerClient, _ packet: some Packet, _ transaction: UInt64, from place: Address? = nil
  ) throws {
    let bytes = try packet.datagram(connection: transaction)
    _ = client.receive(bytes.span, from: place ?? places[0], at: now)
  }

  @Test func anotherAddressOfTheTrackerDoesNotAnswerForIt() throws {
    var client = try connected()
    client.find(name: "y")
    let find = try transaction(of: client.nextTransmit(at: now))
    try receive(&client, FoundPacket(), find, from: places[1])
    #expect(client.nextEvent() == nil && !client.isIdle)
    try receive(&client, FoundPacket(), find)
    #expect(client.isIdle)
  }

  @Test func peersOfAnotherFileAreDropped() throws {
    var client = try connected()
    client.lookup(id: id)
    let lookup = try transaction(of: client.nextTransmit(at: now))
    var packet = PeersPacket()
    packet.id = TrackerNetwork.digest(2)
    try receive(&client, packet, lookup)
    #expect(client.nextEvent() == nil && !client.isIdle)
    packet.id = id
    try receive(&client, packet, lookup)
    #expect(client.nextEvent() == .peers(packet) && client.isIdle)
  }

  @Test func aPageThatWasNotAskedForIsDropped() throws {
    var client = try connected()
    client.map(id: id, address: places[1], chunks: 10)
    let map = try transaction(of: client.nextTransmit(at: now))
    var packet = MappedPacket()
    (packet.first, packet.end, packet.have) = (5, 10, [ChunkRun(first: 5, count: 1)])
    try receive(&client, packet, map)
    #expect(client.nextEvent() == nil && !client.isIdle)
    (packet.first, packet.have) = (0, [ChunkRun(first: 2, count: 1)])
    try receive(&client, packet, map)
    let chunks = BitSet(capacity: 10, runs: packet.have)
    #expect(client.nextEvent() == .mapped(id: id, address: places[1], chunks) && client.isIdle)
  }

  @Test(arguments: [(1, 100.0, 10...13), (60_000, 1_300.0, 3...3)] as [(Int64, Double, ClosedRange<Int>)])
  func anAbsurdIntervalIsHeldToTenToSixHundredSeconds(interval: Int64, span: Double, times: ClosedRange<Int>) {
    let network = TrackerNetwork { $0.interval = interval * .second }
    network.clients[0].register(id: id, cut: TrackerNetwork.cut(10), name: "", have: .full(capacity: 10))
    network.run(span)
    #expect(times.contains(network.sent.count { $0.type == .register }))
  }

  @Test func aFileThatWasRegisteredWithAnotherCutIsTakenBackToo() {
    let network = TrackerNetwork()
    network.clients[0].register(id: id, cut: TrackerNetwork.cut(10), name: "", have: .full(capacity: 10))
    network.run(2)
    network.clients[0].register(id: id, cut: TrackerNetwork.cut(20), name: "", have: .full(capacity: 20))
    network.clients[0].deregister(id: id)
    network.run(2)
    #expect(network.tracker.registrationCount == 0 && network.clients[0].isIdle)
  }
}
