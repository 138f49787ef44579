import ShoalBase
import ShoalContent
import ShoalTracker
import ShoalWire
import Testing

struct RegistrationTests {
  @Test func registersUpdatesAndDeregisters() throws {
    var harness = TrackerHarness()
    let registered = try harness.register(digest(1), from: peer(1), have: [run(0, 3)])
    #expect(registered.have == 3 && registered.interval == 60)
    let update = try harness.updating(digest(1), from: peer(1), gained: [run(2, 2), run(9, 1)])
    for _ in 0..<2 {
      let updated: UpdatedPacket = try harness.ask(update, from: peer(1))
      #expect(updated.have == 5)
    }
    let farewell = try harness.deregistering(digest(1), from: peer(1))
    for _ in 0..<2 {
      let _: DeregisteredPacket = try harness.ask(farewell, from: peer(1))
      #expect(harness.tracker.registrationCount == 0 && harness.tracker.fileCount == 0)
    }
    #expect(harness.tracker.mapBytes == 0 && harness.tracker.deadline == .distantFuture)
    #expect(
      harness.events() == [
        .registered(peer: peer(1), id: digest(1), name: "film.mkv", have: 3, chunks: 10),
        .updated(peer: peer(1), id: digest(1), have: 5, chunks: 10, gained: 2),
        .deregistered(peer: peer(1), id: digest(1)),
      ])
    #expect(
      harness.tracker.counters.requests == [.connect: 1, .register: 1, .update: 2, .deregister: 2])
  }

  @Test func registeringAgainUnitesTheChunks() throws {
    var harness = TrackerHarness()
    try harness.register(digest(1), from: peer(1), have: [run(0, 3)])
    #expect(try harness.register(digest(1), from: peer(1), have: [run(5, 2)]).have == 5)
    #expect(try harness.register(digest(1), from: peer(1)).have == 5)
    #expect(harness.events().count == 2)
  }

  @Test func anotherCutReplaces() throws {
    var harness = TrackerHarness()
    try harness.register(digest(1), from: peer(1), chunks: 10, have: [run(0, 3)])
    #expect(try harness.register(digest(1), from: peer(1), chunks: 20, have: [run(19, 1)]).have == 1)
    let peers: PeersPacket = try harness.ask(try harness.lookingUp(digest(1), from: peer(2)), from: peer(2))
    #expect(peers.peers.map(\.cut) == [cut(20)])
    #expect(harness.tracker.mapBytes == 8)
  }

  @Test func updateNeedsARegistration() throws {
    var harness = TrackerHarness()
    try harness.register(digest(1), from: peer(1))
    let update = try harness.updating(digest(1), from: peer(2), gained: [run(0, 1)])
    #expect(try harness.error(update, from: peer(2)) == .notRegistered)
    #expect(
      harness.events().last
        == .refused(peer: peer(2), request: .update, error: .notRegistered, message: "register first"))
  }

  @Test func refusesWhatNoFileCanBe() throws {
    let wrong = [
      Cut(size: .max, pieceExponent: 16, chunks: 1), Cut(size: 1 << 44 + 1, pieceExponent: 22, chunks: 1),
      Cut(size: 1 << 44, pieceExponent: 21, chunks: 1), Cut(size: 1 << 20, pieceExponent: 9, chunks: 1),
      Cut(size: 1 << 20, pieceExponent: 255, chunks: 1), Cut(size: 1, pieceExponent: 10, chunks: 0),
      Cut(size: 0, pieceExponent: 10, chunks: 1), Cut(size: 2_048, pieceExponent: 10, chunks: 3),
      Cut(size: 2_048, pieceExponent: 10, chunks: .max),
    ]
    var harness = TrackerHarness()
    for cut in wrong {
      var packet = try harness.registering(digest(1), from: peer(1))
      packet.cut = cut
      #expect(try harness.error(packet, from: peer(1)) == .malformed)
    }
    let beyond = try harness.registering(digest(1), from: peer(1), have: [run(8, 3)])
    #expect(try harness.error(beyond, from: peer(1)) == .malformed)
    #expect(harness.tracker.registrationCount == 0)
    try harness.register(digest(1), from: peer(1))
    let update = try harness.updating(digest(1), from: peer(1), gained: [run(10, 1)])
    #expect(try harness.error(update, from: peer(1)) == .malformed)
  }

  @Test func takesTheLargestAndTheEmptyFile() throws {
    var harness = TrackerHarness()
    var packet = try harness.registering(digest(1), from: peer(1), have: [run(0, 1 << 22)])
    packet.cut = Cut(size: Limits.fileSize, pieceExponent: 22, chunks: 1 << 22)
    let largest: RegisteredPacket = try harness.ask(packet, from: peer(1))
    #expect(largest.have == 1 << 22)
    packet.id = digest(2)
    packet.cut = Cut(size: 0, pieceExponent: 16, chunks: 0)
    packet.have = []
    let empty: RegisteredPacket = try harness.ask(packet, from: peer(1))
    #expect(empty.have == 0 && harness.tracker.mapBytes == 0)
  }

  @Test func forgetsTheSilent() throws {
    var harness = TrackerHarness { $0.interval = 20 * .second }
    try harness.register(digest(1), from: peer(1))
    try harness.register(digest(1), from: peer(2))
    #expect(harness.tracker.deadline == harness.now + 60 * .second)
    harness.advance(50)
    let update = try harness.updating(digest(1), from: peer(1), gained: [])
    let _: UpdatedPacket = try harness.ask(update, from: peer(1))
    harness.advance(9)
    harness.tracker.expire(at: harness.now)
    #expect(harness.tracker.registrationCount == 2)
    _ = harness.events()
    harness.advance(1)
    harness.tracker.expire(at: harness.now)
    #expect(harness.events() == [.expired(peer: peer(2), id: digest(1), silence: 60 * .second)])
    #expect(harness.tracker.deadline == harness.now + 50 * .second)
    harness.advance(500)
    harness.tracker.expire(at: harness.now)
    #expect(harness.tracker.fileCount == 0 && harness.tracker.counters.expired == 2)
  }

  @Test func limitsHaveTheirError() throws {
    func full(_ change: (inout RegistrarConfiguration) -> Void, _ id: Digest, _ address: Address) throws -> Bool {
      var harness = TrackerHarness(change)
      try harness.register(digest(1), from: peer(1), have: [run(0, 3)])
      let packet = try harness.registering(id, from: address, have: [run(1, 1)])
      let refused = try harness.error(packet, from: address) == .full
      #expect(harness.tracker.registrationCount == 1 && harness.tracker.mapBytes == 8)
      // Those that are in stay in.
      #expect(try harness.register(digest(1), from: peer(1), have: [run(0, 5)]).have == 5)
      return refused
    }
    #expect(try full({ $0.registrations = 1 }, digest(2), peer(2)))
    #expect(try full({ $0.peersPerFile = 1 }, digest(1), peer(2)))
    #expect(try full({ $0.registrationsPerHost = 1 }, digest(2), peer(1).with(port: 1)))
    #expect(try full({ $0.mapBytes = 8 }, digest(2), peer(2)))
    var harness = TrackerHarness { $0.nameLength = 7 }
    #expect(try harness.error(try harness.registering(digest(1), from: peer(1)), from: peer(1)) == .malformed)
  }

  @Test func mapsThatGrowMeetTheLimitToo() throws {
    var harness = TrackerHarness { $0.mapBytes = 8 }
    try harness.register(digest(1), from: peer(1), have: [run(0, 3)])
    try harness.register(digest(1), from: peer(2))
    let update = try harness.updating(digest(1), from: peer(2), gained: [run(0, 1)])
    #expect(try harness.error(update, from: peer(2)) == .full)
    #expect(try harness.register(digest(1), from: peer(1), have: [run(0, 10)]).have == 10)
    let updated: UpdatedPacket = try harness.ask(update, from: peer(2))
    #expect(updated.have == 1 && harness.tracker.mapBytes == 8)
  }

  /// A peer of an earlier revision sends as many runs as fit. Some of them are taken, others the next time.
  @Test func tooManyRunsAreTakenInTurns() throws {
    var harness = TrackerHarness()
    let all = (0..<UInt32(300)).map { run($0 * 3, 1) }
    try harness.register(digest(1), from: peer(1), chunks: 1_000)
    try harness.register(digest(1), from: peer(2), chunks: 1_000)
    var update = try harness.updating(digest(1), from: peer(1), gained: all)
    update.query = PeerQuery(want: 9)
    var (known, tries) = (0, 0)
    while known < all.count, tries < 100 {
      tries += 1
      let reply = harness.send(try update.datagram(connection: UInt64(tries) &* 0x9e37_79b9_7f4a_7c15), from: peer(1))[
        0]
      let updated = try UpdatedPacket.decode(reply.span)
      #expect(Int(updated.have) <= known + Limits.trackedRuns && updated.nearby?.peers.isEmpty == true)
      known = Int(updated.have)
    }
    #expect(known == 300 && tries >= 5)
    update.gained = [run(1, 1)]
    let updated: UpdatedPacket = try harness.ask(update, from: peer(1))
    #expect(updated.have == 301 && updated.nearby?.peers.count == 1)
  }

  @Test func randomTrafficLeavesNothingBehind() throws {
    var random = SeededGenerator(seed: 5)
    var harness = TrackerHarness { $0.interval = 10 * .second }
    for _ in 0..<3_000 {
      let address = peer(Int.random(in: 1...9, using: &random))
      let id = digest(UInt64.random(in: 1...4, using: &random))
      let have = run(UInt32.random(in: 0...50, using: &random), UInt32.random(in: 1...50, using: &random))
      switch Int.random(in: 0...5, using: &random) {
      case 0...2:
        let chunks = Bool.random(using: &random) ? 100 : 101
        let name = Bool.random(using: &random) ? "a" : "b"
        try harness.register(id, from: address, chunks: chunks, have: [have], name: name)
      case 3: _ = try harness.reply(to: try harness.updating(id, from: address, gained: [have]), from: address)
      case 4: _ = try harness.reply(to: try harness.deregistering(id, from: address), from: address)
      default:
        harness.advance(3)
        harness.tracker.expire(at: harness.now)
      }
      #expect(harness.tracker.mapBytes <= harness.tracker.registrationCount * 16)
    }
    #expect(harness.tracker.registrationCount > 0)
    harness.advance(100)
    harness.tracker.expire(at: harness.now)
    #expect(harness.tracker.registrationCount == 0 && harness.tracker.fileCount == 0 && harness.tracker.mapBytes == 0)
    #expect(try harness.error(try harness.finding("a", from: peer(1)), from: peer(1)) == .unknownFile)
    #expect(try harness.error(try harness.finding("b", from: peer(1)), from: peer(1)) == .unknownFile)
  }
}
