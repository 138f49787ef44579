import ShoalBase
import ShoalContent
import ShoalSwarm
import ShoalTracker
import ShoalWire
import Testing

/// A tracker with several addresses, and one whose address changes.
struct TrackerContactTests {
  private let id = TrackerNetwork.digest(1)
  private let a = TrackerNetwork.trackerAddress
  private let b = place(2)
  private let c = place(3)

  private static func place(_ number: UInt64) -> Address { Address(high: 0xfd00 << 48, low: number, port: 7_400) }

  /// One client of a tracker that may be at a, b and c, and is where `places` says; the client has a file to register.
  private func network(at places: Set<Address>, others: [Address]) -> TrackerNetwork {
    let network = TrackerNetwork(clients: 0)
    network.places = places
    network.startClient(seed: 5, others: others)
    let have = BitSet(capacity: 10, runs: [ChunkRun(first: 0, count: 3)])
    network.clients[0].register(id: id, cut: TrackerNetwork.cut(10), name: "a", have: have)
    return network
  }

  @Test func theNextAddressIsAskedAQuarterOfASecondLater() {
    let network = network(at: [c], others: [b, c])
    let start = network.now
    #expect(network.run(5) { $0.tracker.registrationCount == 1 })
    #expect(network.now - start < 600 * .millisecond)
    let connects = network.sent.filter { $0.type == .connect }
    #expect(connects.map(\.to) == [a, b, c])
    #expect(connects.map { ($0.at - start) / .millisecond } == [0, 250, 500])
    network.run(1)
    #expect(network.clients[0].tracker == c && network.clients[0].addresses == [c, a, b])
    #expect(network.sent.filter { $0.type == .register }.allSatisfy { $0.to == c })
  }

  @Test func whereTheFirstAnswersTheOthersAreNotAsked() {
    let network = network(at: [a, b], others: [b, c])
    network.run(600)
    #expect(network.sent.allSatisfy { $0.to == a } && network.clients[0].tracker == a)
  }

  @Test func aSilentTrackerIsSoughtAtItsOtherAddresses() {
    let network = network(at: [a], others: [b])
    network.run(5)
    network.places = [b]
    network.clients[0].gained(ChunkRun(first: 5, count: 1), of: id)
    #expect(network.run(10) { $0.clients[0].tracker == b && $0.clients[0].isIdle == false })
    network.run(3)
    #expect(network.chunks(of: 0, id, capacity: 10).rangesDescription == "0-2,5")
    #expect(network.events[0].contains(.answeredAgain))
    #expect(network.events[0].filter { $0 == .registered(id: id) }.count == 2, "it was registered there anew")
  }

  @Test func oneLostTryIsNoReasonToGoElsewhere() {
    let network = network(at: [a, b], others: [b])
    network.run(5)
    network.isDown = true
    network.clients[0].lookup(id: id)
    network.run(0.5)
    network.isDown = false
    network.run(5)
    #expect(network.sent.allSatisfy { $0.to == a })
  }

  @Test func anAddressThatIsKnownToAnswerHasLongerThanOneThatIsNot() {
    let network = network(at: [a, b], others: [b])
    // After 90 s, a cookie is asked for again; that this takes 400 ms is no reason to go elsewhere.
    network.run(89)
    network.isDown = true
    network.clients[0].lookup(id: id)
    network.run(1.5)
    network.clients[0].lookup(id: id, chunk: 3)
    network.run(0.9)
    #expect(network.sent.filter { $0.type == .connect }.count == 2)
    #expect(network.sent.allSatisfy { $0.to == a })
  }

  @Test func roundsOfAddressesGrowRareToo() {
    let network = network(at: [], others: [b, c])
    network.run(3_600)
    #expect(network.sent.allSatisfy { $0.type == .connect })
    for address in [a, b, c] { #expect((60...70).contains(network.sent.count { $0.to == address })) }
    let silences = network.events[0].filter { if case .silent = $0 { true } else { false } }
    #expect((60...70).contains(silences.count) && network.events[0].count == silences.count)
    #expect(silences.first == .silent(tries: 1, next: 2 * .second))
    network.places = [b]
    #expect(network.run(62) { $0.tracker.registrationCount == 1 })
  }

  @Test func anAddressFoundDuringSilenceIsAskedAtOnce() {
    let network = network(at: [c], others: [])
    network.run(600)
    #expect(network.tracker.registrationCount == 0)
    network.clients[0].replace(addresses: [a, b])
    network.run(0.6)
    network.clients[0].replace(addresses: [a, c, b])
    #expect(network.run(0.5) { $0.tracker.registrationCount == 1 })
    // Being given the same addresses again is no reason to ask.
    network.run(5)
    let sent = network.sent.count
    for _ in 0..<5 { network.clients[0].replace(addresses: [b, c, a, c]) }
    network.run(1)
    #expect(network.sent.count == sent && network.clients[0].addresses == [c, b, a])
  }

  @Test func aTrackerThatMovedKnowsTheFilesAtOnce() {
    let network = network(at: [a, b], others: [])
    network.run(5)
    network.restartTracker()
    network.clients[0].replace(addresses: [b, c])
    #expect(network.run(0.2) { $0.tracker.registrationCount == 1 })
    network.run(1)
    #expect(network.clients[0].addresses == [b, c, a])
    #expect(network.chunks(of: 0, id, capacity: 10).rangesDescription == "0-2")
    // The old one is forgotten when the new ones are confirmed.
    network.clients[0].replace(addresses: [b, c])
    #expect(network.clients[0].addresses == [b, c])
  }

  @Test func aNameServerThatIsWrongLosesNothing() {
    let network = network(at: [a], others: [])
    network.run(5)
    network.clients[0].replace(addresses: [b, c])
    #expect(network.run(1) { $0.clients[0].tracker == a && $0.clients[0].addresses.count == 3 })
    network.run(1)
    network.clients[0].replace(addresses: [])
    #expect(network.clients[0].tracker == a && network.tracker.registrationCount == 1)
    network.clients[0].deregisterAll()
    #expect(network.run(1) { $0.clients[0].isIdle && $0.tracker.registrationCount == 0 })
  }

  @Test func addressesAreLimited() {
    let many = (1...100 as ClosedRange<UInt64>).map { Self.place($0) }
    var client = TrackerClient(tracker: a, others: many, random: SecretGenerator(seed: 1))
    #expect(client.addresses == [a] + many.prefix(7))
    client.replace(addresses: many)
    #expect(client.addresses == Array(many.prefix(8)))
  }

  @Test func onlyAddressesThatWereAskedAreHeard() throws {
    let now = Instant(nanoseconds: .second)
    var client = TrackerClient(tracker: a, others: [b], random: SecretGenerator(seed: 1))
    client.find(name: "x")
    let first = client.nextTransmit(at: now)
    let connect = try #require(first)
    let transaction = try Header.decode(connect.bytes.span).header.connection
    let answer = try ConnectedPacket().datagram(connection: transaction)
    func receive(_ bytes: [UInt8], from address: Address, at now: Instant) -> Bool {
      client.receive(bytes.span, from: address, at: now)
    }
    #expect(connect.to == a && !receive(answer, from: b, at: now) && !receive(answer, from: c, at: now))
    client.expire(at: now + 250 * .millisecond)
    let second = client.nextTransmit(at: now + 250 * .millisecond)
    #expect(second?.to == b)
    #expect(receive(answer, from: b, at: now + 300 * .millisecond) && client.tracker == b)
    // The other's answer comes too late to matter.
    #expect(!receive(answer, from: a, at: now + 300 * .millisecond))
    let question = client.nextTransmit(at: now + 300 * .millisecond) ?? connect
    #expect(question.to == b && TrackerNetwork.packetType(of: question.bytes) == .find)
  }

  @Test func aSwarmTellsItsTrackersApart() throws {
    var swarm = Swarm(SwarmConfiguration(), secrets: SecretGenerator(seed: 1))
    let keys = [[a, b], [b], [], [b, c]].map { swarm.add(trackerAt: $0, at: .zero) }
    #expect(keys[1] == keys[0] && keys[2] == nil && keys[3] != keys[0])
    let (first, second) = (try #require(keys[0]), try #require(keys[3]))
    swarm.replace(addresses: [c], of: second)
    let places = [swarm.address(of: first), swarm.address(of: second)]
    #expect(places == [a, c])
  }
}
