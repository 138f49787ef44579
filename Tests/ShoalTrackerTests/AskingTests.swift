import ShoalBase
import ShoalContent
import ShoalTracker
import ShoalWire
import Testing

struct AskingTests {
  @Test func lookupTellsAllButTheAsker() throws {
    var harness = TrackerHarness()
    try harness.register(digest(1), from: peer(1), have: [run(0, 10)], name: "first")
    harness.advance(7)
    try harness.register(digest(1), from: peer(2), have: [run(0, 2)], name: "second")
    try harness.register(digest(1), from: peer(3))
    let peers: PeersPacket = try harness.ask(try harness.lookingUp(digest(1), from: peer(2)), from: peer(2))
    #expect(peers.id == digest(1) && peers.name == "first" && peers.total == 2)
    let seeder = try #require(peers.peers.first { $0.address == peer(1) })
    #expect(seeder.have == 10 && seeder.age == 7 && seeder.cut == cut(10))
    #expect(Set(peers.peers.map(\.address)) == [peer(1), peer(3)])
    let all: PeersPacket = try harness.ask(try harness.lookingUp(digest(1), from: peer(9)), from: peer(9))
    #expect(all.total == 3)
  }

  @Test func lookupOfAChunkGoesByEachPeersCut() throws {
    var harness = TrackerHarness()
    try harness.register(digest(1), from: peer(1), chunks: 10, have: [run(0, 10)])
    try harness.register(digest(1), from: peer(2), chunks: 20, have: [run(15, 1)])
    try harness.register(digest(1), from: peer(3), chunks: 20, have: [run(0, 5)])
    func holders(_ chunk: UInt32) throws -> Set<Address> {
      let packet = try harness.lookingUp(digest(1), from: peer(9), chunk: chunk)
      let peers: PeersPacket = try harness.ask(packet, from: peer(9))
      #expect(Int(peers.total) == peers.peers.count)
      return Set(peers.peers.map(\.address))
    }
    #expect(try holders(3) == [peer(1), peer(3)])
    #expect(try holders(15) == [peer(2)])
    #expect(try holders(12) == [])
    #expect(try holders(.max - 1) == [])
  }

  @Test func unknownFilesAreAnError() throws {
    var harness = TrackerHarness()
    #expect(try harness.error(try harness.lookingUp(digest(1), from: peer(1)), from: peer(1)) == .unknownFile)
    #expect(try harness.error(try harness.finding("x", from: peer(1)), from: peer(1)) == .unknownFile)
    #expect(try harness.error(try harness.finding("", from: peer(1)), from: peer(1)) == .unknownFile)
    let early = try harness.mapping(digest(1), of: peer(2), from: peer(1))
    #expect(try harness.error(early, from: peer(1)) == .unknownFile)
    try harness.register(digest(1), from: peer(1), name: "")
    let map = try harness.mapping(digest(1), of: peer(2), from: peer(1))
    #expect(try harness.error(map, from: peer(1)) == .notRegistered)
    #expect(try harness.error(try harness.finding("", from: peer(1)), from: peer(1)) == .unknownFile)
  }

  @Test func aLargeSwarmIsSampledEvenly() throws {
    var harness = TrackerHarness()
    for number in 1...200 {
      try harness.register(digest(1), from: peer(number), have: [run(0, UInt32(number % 2 + 1))])
    }
    var seen: [Address: Int] = [:]
    for _ in 0..<500 {
      let few: PeersPacket = try harness.ask(try harness.lookingUp(digest(1), from: peer(1), most: 5), from: peer(1))
      #expect(few.total == 199 && few.peers.count == 5 && Set(few.peers.map(\.address)).count == 5)
      for entry in few.peers { seen[entry.address, default: 0] += 1 }
    }
    #expect(seen[peer(1)] == nil && seen.count > 190 && seen.values.max()! < 35)
    let many: PeersPacket = try harness.ask(try harness.lookingUp(digest(1), from: peer(1)), from: peer(1))
    #expect(many.peers.count == (1_200 - 16 - 38 - 8) / 26)
    let odd: PeersPacket = try harness.ask(try harness.lookingUp(digest(1), from: peer(1), chunk: 1), from: peer(1))
    // Of so many, only some are asked.
    #expect((40...160).contains(odd.total) && odd.peers.count > 4 && odd.peers.allSatisfy { $0.have == 2 })
    let none: PeersPacket = try harness.ask(try harness.lookingUp(digest(1), from: peer(1), most: 0), from: peer(1))
    #expect(none.total == 199 && none.peers.isEmpty)
  }

  @Test func theSameSeedChoosesTheSamePeers() throws {
    func choice(_ seed: UInt64) throws -> [Address] {
      var harness = TrackerHarness(seed: seed)
      for number in 1...50 { try harness.register(digest(1), from: peer(number)) }
      let packet = try harness.lookingUp(digest(1), from: peer(99), most: 8)
      let peers: PeersPacket = try harness.ask(packet, from: peer(99))
      return peers.peers.map(\.address)
    }
    #expect(try choice(3) == choice(3))
    #expect(try choice(3) != choice(4))
  }

  @Test func peersOfLongNamesAndIPv6FitTheDatagram() throws {
    var harness = TrackerHarness()
    let name = String(repeating: "n", count: 255)
    for number in 1...60 {
      let address = Address(high: 0x2001_0db8_0000_0000, low: UInt64(number), port: 1, scope: number == 1 ? 3 : 0)
      _ = try harness.send(register(in: &harness, address, name), from: address)
    }
    let peers: PeersPacket = try harness.ask(try harness.lookingUp(digest(1), from: peer(1)), from: peer(1))
    #expect(peers.total == 60 && peers.name == name && peers.peers.count == (1_200 - 16 - 38 - 255) / 38)
  }

  /// A REGISTER from an address whose scope the reply's `observed` leaves out.
  private func register(in harness: inout TrackerHarness, _ address: Address, _ name: String) throws -> [UInt8] {
    let reply = try #require(try harness.send(ConnectPacket().datagram(connection: 1), from: address).first)
    var packet = RegisterPacket()
    packet.cookie = try ConnectedPacket.decode(reply.span).cookie
    packet.id = digest(1)
    packet.cut = cut(10)
    packet.name = name
    return try packet.datagram(connection: 1)
  }

  @Test func findTellsApartFilesOfOneName() throws {
    var harness = TrackerHarness()
    try harness.register(digest(1), from: peer(1), chunks: 10)
    try harness.register(digest(2), from: peer(2), chunks: 20)
    try harness.register(digest(2), from: peer(3), chunks: 21, name: "other")
    try harness.register(digest(3), from: peer(4), name: "other")
    let found: FoundPacket = try harness.ask(try harness.finding("film.mkv", from: peer(9)), from: peer(9))
    #expect(found.total == 2 && found.files.map(\.id) == [digest(2), digest(1)])
    #expect(found.files.map(\.peers) == [2, 1] && found.files.map(\.claimant) == [peer(2), peer(1)])
    #expect(found.files.map(\.cut) == [cut(20), cut(10)])
    // The name is that of the peer registered longest.
    let _: DeregisteredPacket = try harness.ask(try harness.deregistering(digest(2), from: peer(2)), from: peer(2))
    let other: FoundPacket = try harness.ask(try harness.finding("other", from: peer(9)), from: peer(9))
    #expect(Set(other.files.map(\.id)) == [digest(2), digest(3)])
    try harness.register(digest(1), from: peer(1), name: "renamed")
    #expect(try harness.error(try harness.finding("film.mkv", from: peer(9)), from: peer(9)) == .unknownFile)
    let renamed: FoundPacket = try harness.ask(try harness.finding("renamed", from: peer(9)), from: peer(9))
    #expect(renamed.files.map(\.id) == [digest(1)])
  }

  /// How a name is composed does not matter, unless it is long.
  @Test func namesAreFoundHoweverTheyAreComposed() throws {
    var harness = TrackerHarness()
    for (number, count) in [1, 20, 60].enumerated() {
      let (composed, other) = (String(repeating: "\u{e9}", count: count), String(repeating: "e\u{301}", count: count))
      try harness.register(digest(UInt64(number)), from: peer(1), name: composed)
      let found: FoundPacket = try harness.ask(try harness.finding(composed, from: peer(9)), from: peer(9))
      #expect(found.files.map(\.id) == [digest(UInt64(number))])
      let reply = try harness.reply(to: try harness.finding(other, from: peer(9)), from: peer(9))
      #expect(packetType(of: reply) == (count <= 20 ? .found : .error))
    }
  }

  @Test func manyFilesOfOneNameFitTheDatagram() throws {
    var harness = TrackerHarness { $0.filesPerName = 50 }
    for number in 1...60 { try harness.register(digest(UInt64(number)), from: peer(number)) }
    try harness.register(digest(40), from: peer(99))
    let found: FoundPacket = try harness.ask(try harness.finding("film.mkv", from: peer(9)), from: peer(9))
    #expect(found.total == 50 && found.files.count == (1_200 - 19) / 56 && found.files.first?.id == digest(40))
    #expect(harness.tracker.fileCount == 60)
    // One that was too many takes the place of one that left when it registers again.
    let _: DeregisteredPacket = try harness.ask(try harness.deregistering(digest(1), from: peer(1)), from: peer(1))
    try harness.register(digest(60), from: peer(60))
    let again: FoundPacket = try harness.ask(try harness.finding("film.mkv", from: peer(9)), from: peer(9))
    #expect(again.total == 50)
  }

  @Test func aFragmentedMapIsToldInPages() throws {
    var harness = TrackerHarness()
    var random = SeededGenerator(seed: 8)
    var have = BitSet(capacity: 100_000)
    for index in 0..<100_000 where Bool.random(using: &random) { have.insert(index) }
    try harness.register(digest(1), from: peer(1), chunks: 100_000)
    var from = 0
    while from < 100_000 {
      let (runs, end) = have.runs(from: from, fitting: 1_000, most: Limits.trackedRuns)
      let update = try harness.updating(digest(1), from: peer(1), gained: runs)
      let _: UpdatedPacket = try harness.ask(update, from: peer(1))
      from = end
    }
    var told = BitSet(capacity: 100_000)
    var first: UInt32 = 0
    var pages = 0
    while first < 100_000 {
      let packet = try harness.mapping(digest(1), of: peer(1), first: first, from: peer(2))
      let page: MappedPacket = try harness.ask(packet, from: peer(2))
      #expect(page.first == first && page.end > first)
      #expect(page.have.allSatisfy { $0.first >= first && $0.end <= page.end })
      for run in page.have { told.insert(run) }
      first = page.end
      pages += 1
    }
    #expect(told == have && pages < 250)
    let beyond = try harness.mapping(digest(1), of: peer(1), first: .max, from: peer(2))
    let nothing: MappedPacket = try harness.ask(beyond, from: peer(2))
    #expect(nothing.end == 100_000 && nothing.have.isEmpty)
  }
}
