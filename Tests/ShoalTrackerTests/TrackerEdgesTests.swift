import ShoalBase
import ShoalContent
import ShoalTracker
import ShoalWire
import Testing

/// Requests at the edges of what Protocol.md allows.
struct TrackerEdgesTests {
  @Test func registeringAnewKeepsThePlaceOfTheEldest() throws {
    var harness = TrackerHarness()
    try harness.register(digest(1), from: peer(1), name: "a")
    try harness.register(digest(1), from: peer(2), name: "b")
    try harness.register(digest(1), from: peer(3), name: "d")
    // With the same cut, and with another.
    for (chunks, name) in [(10, "a"), (20, "c")] {
      try harness.register(digest(1), from: peer(1), chunks: chunks, name: name)
      let peers: PeersPacket = try harness.ask(try harness.lookingUp(digest(1), from: peer(9)), from: peer(9))
      let found: FoundPacket = try harness.ask(try harness.finding(name, from: peer(9)), from: peer(9))
      #expect(peers.name == name && found.files.map(\.claimant) == [peer(1)] && found.files.map(\.cut) == [cut(chunks)])
    }
    // A peer that left and came back is the youngest; then age decides, whatever was renewed since.
    let _: DeregisteredPacket = try harness.ask(try harness.deregistering(digest(1), from: peer(1)), from: peer(1))
    try harness.register(digest(1), from: peer(1), name: "e")
    try harness.register(digest(1), from: peer(2), chunks: 30, name: "b")
    for (number, name) in [(2, "b"), (3, "d"), (1, "e")] {
      let peers: PeersPacket = try harness.ask(try harness.lookingUp(digest(1), from: peer(9)), from: peer(9))
      #expect(peers.name == name)
      let farewell = try harness.deregistering(digest(1), from: peer(number))
      let _: DeregisteredPacket = try harness.ask(farewell, from: peer(number))
    }
  }

  /// A reply looks at a part of a large map; further ones, asked for from where it ended, tell the rest.
  @Test func aLargeMapIsToldInParts() throws {
    var harness = TrackerHarness()
    let have = (0..<120).map { run(UInt32($0) * 7_500, $0 % 10 == 0 ? 2_400 : 1) }
    try harness.register(digest(1), from: peer(1), chunks: 900_000, have: Array(have[..<60]))
    let rest = try harness.updating(digest(1), from: peer(1), gained: Array(have[60...]))
    let _: UpdatedPacket = try harness.ask(rest, from: peer(1))
    var (told, first, pages): ([ChunkRun], UInt32, Int) = ([], 0, 0)
    while first < 900_000, pages < 100 {
      let page: MappedPacket = try harness.ask(
        try harness.mapping(digest(1), of: peer(1), first: first, from: peer(2)), from: peer(2))
      #expect(page.end > first && page.have.allSatisfy { $0.first >= first && $0.end <= page.end })
      told += page.have
      (first, pages) = (page.end, pages + 1)
    }
    var chunks = BitSet(capacity: 900_000)
    for run in told { chunks.insert(run) }
    let isSame = chunks == BitSet(capacity: 900_000, runs: have)
    #expect(isSame && pages > 2 && pages < 30, "\(pages) pages")
  }

  @Test func runsOfMappedCountFromChunkZero() throws {
    var harness = TrackerHarness()
    let have = [run(500, 20), run(600, 3), run(999, 1)]
    try harness.register(digest(1), from: peer(1), chunks: 1_000, have: have)
    let later = try harness.mapping(digest(1), of: peer(1), first: 512 + 8, from: peer(2))
    let bytes = try harness.reply(to: later, from: peer(2))
    #expect(bytes[16..<32] == [0, 0, 2, 8, 0, 0, 3, 0xe8, 0, 2, 0x42, 0x58, 3, 0x41, 0x8c, 1])
    #expect(bytes.count == 36, "the epoch follows")
    // A run that crosses `first` begins there.
    let crossing = try harness.mapping(digest(1), of: peer(1), first: 512, from: peer(2))
    let page: MappedPacket = try harness.ask(crossing, from: peer(2))
    #expect(page.first == 512 && page.end == 1_000 && page.have == [run(512, 8), run(600, 3), run(999, 1)])
    for first in [1_000, 1_001, 1 << 22, .max] as [UInt32] {
      let beyond = try harness.mapping(digest(1), of: peer(1), first: first, from: peer(2))
      let nothing: MappedPacket = try harness.ask(beyond, from: peer(2))
      #expect(nothing.first == first && nothing.end <= first && nothing.have.isEmpty)
    }
  }

  @Test func aShortConnectIsMalformed() throws {
    let whole = try ConnectPacket().datagram(connection: 7)
    #expect(whole.count == 64)
    var harness = TrackerHarness()
    for length in 0..<64 {
      let replies = harness.send(Array(whole[..<length]), from: peer(1))
      // An ERROR without a message has 19 bytes.
      #expect(replies.count == (length < 19 ? 0 : 1))
      for reply in replies {
        #expect(packetType(of: reply) == .error && reply.count <= length)
        #expect(try ErrorPacket.decode(reply.span).code == TrackerError.malformed.rawValue)
      }
    }
    #expect(harness.tracker.counters.withheld == 3)
    for length in [64, 65, 1_200, 9_000] {
      let request = whole + [UInt8](repeating: 0xff, count: length - 64)
      let replies = harness.send(request, from: peer(1))
      #expect(replies.map(packetType(of:)) == [.connected])
    }
  }

  @Test func aRunMayEndWhereTheLargestFileDoesAndNotBeyond() throws {
    var harness = TrackerHarness()
    let last = UInt32(Limits.chunks - 1)
    var packet = try harness.registering(digest(1), from: peer(1), have: [run(last, 1)])
    packet.cut = Cut(size: Limits.fileSize, pieceExponent: 22, chunks: UInt32(Limits.chunks))
    let registered: RegisteredPacket = try harness.ask(packet, from: peer(1))
    #expect(registered.have == 1)
    let update = try harness.updating(digest(1), from: peer(1), gained: [run(last, 1)])
    for request in [try packet.datagram(connection: 7), try update.datagram(connection: 7)] {
      for end in [0, 2, 0x3f] as [UInt8] {
        // The count of the last run is the last byte.
        let reply = try #require(harness.send(request.dropLast() + [end], from: peer(1)).first)
        let error = try ErrorPacket.decode(reply.span)
        #expect(packetType(of: reply) == .error && error.code == TrackerError.malformed.rawValue)
      }
    }
    #expect(harness.tracker.registrationCount == 1)
    let page: MappedPacket = try harness.ask(
      try harness.mapping(digest(1), of: peer(1), first: last, from: peer(2)), from: peer(2))
    #expect(page.end == 1 << 22 && page.have == [run(last, 1)])
  }

  @Test func registeringWithAnotherCutRenewsToo() throws {
    var harness = TrackerHarness { $0.interval = 20 * .second }
    try harness.register(digest(1), from: peer(1), chunks: 10)
    harness.advance(50)
    try harness.register(digest(1), from: peer(1), chunks: 20)
    harness.advance(50)
    harness.tracker.expire(at: harness.now)
    #expect(harness.tracker.registrationCount == 1)
  }

  @Test func hostsThatWouldBeEvenDoNotDriveOutEachOther() throws {
    var harness = TrackerHarness { $0.peersPerFile = 3 }
    try harness.register(digest(1), from: peer(1).with(port: 1))
    try harness.register(digest(1), from: peer(1).with(port: 2))
    try harness.register(digest(1), from: peer(2).with(port: 1))
    let another = try harness.registering(digest(1), from: peer(2).with(port: 2))
    #expect(try harness.error(another, from: peer(2).with(port: 2)) == .full)
    #expect(harness.tracker.counters.displaced == 0)
  }
}
