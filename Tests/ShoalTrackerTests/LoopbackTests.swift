import ShoalTracker
import ShoalWire
import Testing

/// The tracker knows a peer on its own host by a loopback address, which means nothing to others.
struct LoopbackTests {
  static let ipv4 = Address(ipv4: 0x7f00_0001, port: 7_401)
  static let ipv6 = Address(high: 0, low: 1, port: 7_402)

  @Test(arguments: [
    (peer(9), ["0.0.0.0:7401", "0.0.0.0:7402"]),
    (Address(ipv4: 0x7f00_0001, port: 9), ["127.0.0.1:7401", "0.0.0.0:7402"]),
    (Address(high: 0, low: 1, port: 9), ["0.0.0.0:7401", "[::1]:7402"]),
  ])
  func isToldAsTheTrackersOwnHost(_ asker: Address, _ told: [String]) throws {
    var harness = TrackerHarness()
    try harness.register(digest(1), from: LoopbackTests.ipv4, have: [run(0, 4)])
    try harness.register(digest(1), from: LoopbackTests.ipv6)
    let peers: PeersPacket = try harness.ask(try harness.lookingUp(digest(1), from: asker), from: asker)
    #expect(peers.peers.map { "\($0.address)" }.sorted() == told.sorted())
    let found: FoundPacket = try harness.ask(try harness.finding("film.mkv", from: asker), from: asker)
    #expect("\(found.files[0].claimant)" == told[0])
  }

  @Test func isMappedByTheAddressThatWasMeant() throws {
    var harness = TrackerHarness()
    try harness.register(digest(1), from: LoopbackTests.ipv4, have: [run(0, 4)])
    // To a peer that reaches the tracker at 192.0.2.7, the unspecified address means that.
    let meant = Address(ipv4: 0, port: 7_401).asHeard(from: Address(ipv4: 0xc000_0207, port: 7_400))
    #expect("\(meant)" == "192.0.2.7:7401")
    let packet = try harness.mapping(digest(1), of: meant, from: peer(9))
    let mapped: MappedPacket = try harness.ask(packet, from: peer(9))
    #expect(mapped.have == [run(0, 4)])
  }
}
