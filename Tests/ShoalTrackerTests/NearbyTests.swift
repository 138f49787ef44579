import ShoalBase
import ShoalContent
import ShoalTracker
import ShoalWire
import Testing

/// Peers that REGISTERED and UPDATED name.
struct NearbyTests {
  private func register(
    _ harness: inout TrackerHarness, _ address: Address, have: [ChunkRun] = [], want: UInt8 = 0, cursor: UInt32 = 0,
    name: String = "film.mkv"
  ) throws -> Nearby {
    var packet = try harness.registering(digest(1), from: address, have: have, name: name)
    if want > 0 { packet.query = PeerQuery(want: want, cursor: cursor) }
    let reply: RegisteredPacket = try harness.ask(packet, from: address)
    return try #require(reply.nearby)
  }

  @Test func theFirstAnswerNamesPeers() throws {
    var harness = TrackerHarness()
    let first = try register(&harness, peer(1), have: [run(0, 10)], want: 50)
    #expect(first.total == 0 && first.peers.isEmpty && first.next == 0 && first.epoch != 0)
    let six = Address(high: 0x2001_0db8 << 32, low: 9, port: 7)
    _ = try register(&harness, six, have: [run(0, 5)])
    let answer = try register(&harness, peer(2), want: 50, name: "other")
    #expect(answer.total == 2 && answer.next == 0 && answer.name == "film.mkv" && answer.epoch == first.epoch)
    #expect(answer.ipv4.count == 1 && answer.ipv6.count == 1)
    let shares = Dictionary(uniqueKeysWithValues: answer.peers.map { ($0.address, $0.share) })
    #expect(shares[peer(1)] == 255 && shares[six] == 128)
    var update = try harness.updating(digest(1), from: peer(2), gained: [run(0, 1)])
    let without: UpdatedPacket = try harness.ask(update, from: peer(2))
    #expect(without.nearby?.total == 2 && without.nearby?.peers.count == 0)
    update.query = PeerQuery(want: 1)
    let with: UpdatedPacket = try harness.ask(update, from: peer(2))
    #expect(with.nearby?.peers.count == 1 && with.nearby?.next == 1)
  }

  @Test func usefulPeersComeFirst() throws {
    var harness = TrackerHarness()
    for number in 1...200 { _ = try register(&harness, peer(number)) }
    for number in 201...205 { _ = try register(&harness, peer(number), have: [run(0, 10)]) }
    for number in 206...210 { _ = try register(&harness, peer(number), have: [run(0, 2)]) }
    var seen: Set<Address> = []
    for _ in 0..<20 {
      let answer = try register(&harness, peer(999), want: 10)
      #expect(answer.peers.count == 10 && answer.peers.allSatisfy { $0.share > 0 })
      // To a complete peer, incomplete ones are useful.
      let complete = try register(&harness, peer(998), have: [run(0, 10)], want: 20)
      #expect(complete.peers.count == 20 && complete.peers.allSatisfy { $0.share < 255 })
      seen.formUnion(complete.peers.map(\.address))
    }
    #expect(seen.count > 120)
  }

  /// Of those that have some of the file, those that have nothing for the asker come last.
  @Test(arguments: [UInt32(1), 50]) func whoHasNothingNewComesLast(unit: UInt32) throws {
    var harness = TrackerHarness()
    for number in 1...110 {
      let have = number <= 60 ? run(60 * unit, 10 * unit) : number <= 70 ? run(0, 1) : run(0, 100 * unit)
      try harness.register(digest(1), from: peer(number), chunks: 100 * Int(unit), have: [have])
    }
    let have = [run(50 * unit, 50 * unit)]
    var packet = try harness.registering(digest(1), from: peer(999), chunks: 100 * Int(unit), have: have)
    packet.query = PeerQuery(want: 20)
    let behind = Set((1...60).map { peer($0) })
    for _ in 0..<10 {
      let reply: RegisteredPacket = try harness.ask(packet, from: peer(999))
      let peers = reply.nearby?.peers.map(\.address) ?? []
      #expect(peers.count == 20 && peers.allSatisfy { !behind.contains($0) })
    }
    packet.query = PeerQuery(want: 150)
    let reply: RegisteredPacket = try harness.ask(packet, from: peer(999))
    #expect(reply.nearby?.peers.count == 110)
  }

  @Test func aHundredFitAndPagesNameThemAll() throws {
    var harness = TrackerHarness()
    for number in 1...500 { _ = try register(&harness, peer(number), have: number % 2 == 0 ? [run(0, 1)] : []) }
    let first = try register(&harness, peer(1_000), want: 255)
    #expect(first.peers.count > 150 && first.total == 500 && first.next == 1)
    var (seen, cursor, pages): ([Address], UInt32, Int) = ([], first.next, 0)
    while cursor != 0, pages < 10 {
      let page = try register(&harness, peer(1_000), want: 255, cursor: cursor)
      seen += page.peers.map(\.address)
      (cursor, pages) = (page.next, pages + 1)
    }
    let all = Set(seen) == Set((1...500).map { peer($0) })
    #expect(all && seen.count == 500 && pages == 4)
    let beyond = try register(&harness, peer(1_000), want: 255, cursor: .max)
    #expect(beyond.peers.isEmpty && beyond.next == 0)
  }

  @Test func familiesShareTheRoom() throws {
    var harness = TrackerHarness()
    for number in 1...200 {
      _ = try register(&harness, peer(number))
      _ = try register(&harness, Address(high: 0x2001 << 48 | UInt64(number), low: 1, port: 1))
    }
    for _ in 0..<10 {
      let answer = try register(&harness, peer(999), want: 255)
      #expect(abs(answer.ipv4.count - answer.ipv6.count) < 4 && answer.peers.count > 80)
    }
  }

  /// A client of the first revision asks for no peers and ignores what was appended; its LOOKUP is answered.
  @Test func anEarlierRevisionIsAnsweredAsBefore() throws {
    var harness = TrackerHarness()
    _ = try register(&harness, peer(1), have: [run(0, 10)])
    let packet = try harness.registering(digest(1), from: peer(2))
    let reply = try harness.reply(to: packet, from: peer(2))
    #expect(reply.count == 16 + 4 + 2 + 4 + 1 + 4 + 4 + 1 + 1)
    let peers: PeersPacket = try harness.ask(try harness.lookingUp(digest(1), from: peer(2)), from: peer(2))
    #expect(peers.peers.map(\.address) == [peer(1)])
  }
}
