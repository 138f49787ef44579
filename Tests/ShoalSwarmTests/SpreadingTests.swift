import ShoalBase
import ShoalContent
import ShoalSimulator
import ShoalTransport
import ShoalWire
import TestSupport
import Testing

@testable import ShoalSwarm

/// What is rare is passed on by all that have it.
struct SpreadingTests {
  private static let file = WorldFile(seed: 3, size: 4 * 65_536)

  /// A download that has requested the only piece of its first source, and a second source with none yet.
  private struct Bench {
    var download = Download(key: FileKey(0), id: SpreadingTests.file.id, leastRequests: 8 * 65_536)
    var resources: SwarmResources
    var now = Instant.zero + .second
    let first = LinkKey(index: 1)
    let second = LinkKey(index: 2)

    init(seed: UInt64) {
      resources = SwarmResources(budget: PieceBudget(limit: 1 << 20), random: SeededGenerator(seed: seed))
      let cut = SpreadingTests.file.cut
      for (link, runs) in [(first, [ChunkRun(first: 0, count: 1)]), (second, [])] {
        download.want(
          from: link, Address(ipv4: 1, port: UInt16(link.index)), serial: link.index, number: 7, &resources.outbox,
          at: now)
        var offer = Offer()
        (offer.file, offer.size, offer.pieceExponent, offer.chunks) = (7, cut.size, cut.pieceExponent, cut.chunks)
        offer.have = runs
        _ = download.take(offer, from: link, &resources, at: now)
      }
      download.found(SpreadingTests.file.manifest, &resources.outbox)
      download.begin(have: BitSet(capacity: cut.pieces))
      for source in download.sources { download.refreshPieces(of: source.link, &resources.outbox) }
      _ = download.fill(first, &resources, at: now)
      _ = resources.outbox.takeItems()
    }

    var requesters: [LinkKey] { download.active[0]?.requesters ?? [] }

    mutating func send(_ bytes: Int, from link: LinkKey) {
      var block = Block()
      (block.file, block.content) = (7, ByteRange(offset: 64, count: bytes))
      _ = download.take(block, from: link, &resources, at: now)
    }

    /// The second source announces what the first one has.
    mutating func announce() {
      var have = Have()
      (have.file, have.chunks) = (7, [ChunkRun(first: 0, count: 1)])
      now = now + .second
      _ = download.take(have, from: second)
      download.spread(have, to: second, &resources, at: now)
    }

    mutating func said() -> [(link: LinkKey, type: MessageType)] {
      resources.outbox.takeItems().compactMap { to, item in
        guard case .message(let bytes) = item, let type = MessageType(rawValue: bytes[0]) else { return nil }
        return (to, type)
      }
    }
  }

  /// Of many that wait at the only peer that has a piece, half move to the next one.
  @Test func halfOfThoseThatWaitMove() {
    var moved = 0
    for seed in 1...100 {
      var bench = Bench(seed: UInt64(seed))
      #expect(bench.requesters == [bench.first])
      bench.announce()
      let said = bench.said()
      if bench.requesters == [bench.second] {
        moved += 1
        #expect(said.map(\.type) == [.cancel, .request] && said.map(\.link) == [bench.first, bench.second])
      } else {
        #expect(bench.requesters == [bench.first] && said.isEmpty)
      }
      #expect(bench.resources.budget.used == 65_536)
      #expect(bench.download.sources.reduce(0) { $0 + $1.outstanding } == 65_536)
    }
    #expect(moved > 30 && moved < 70, "\(moved)")
  }

  /// What has begun to arrive stays where it is, and nothing moves to a peer that is known to be slower.
  @Test func whatHasBegunStaysAndTheSlowGetNothing() {
    for seed in 1...20 {
      var bench = Bench(seed: UInt64(seed))
      bench.send(1_000, from: bench.first)
      bench.announce()
      #expect(bench.requesters == [bench.first] && bench.said().isEmpty)
      var slow = Bench(seed: UInt64(seed))
      for (link, bytes) in [(slow.first, 1_000_000), (slow.second, 1_000)] {
        _ = slow.download.update(link) {
          $0.sent(bytes, at: slow.now)
          $0.outstanding += bytes
          let path = SourcePath(elapsed: .second, roundTrip: 0, leastRoundTrip: 0, queue: 0)
          $0.measure(path, isShared: true, least: 1 << 20, most: 1 << 20, at: slow.now)
        }
      }
      slow.announce()
      #expect(slow.requesters == [slow.first] && slow.said().isEmpty)
    }
  }

  /// A sharer that many ask, and that does not know its uplink yet, finishes what it has begun before it begins more:
  /// otherwise all have a part of a piece, and nobody has one to pass on.
  @Test func whatIsBegunIsFinishedFirst() {
    let scene = Scene(6, cut: Cut(size: 32 * 131_072, pieceExponent: 17, chunks: 32))
    let origin = scene.origin("delay=10ms,rate=20mbit/100mbit")
    var got = Array(repeating: 0, count: 32)
    let strangers = got.indices.map { number in
      scene.world.addStranger(link: Scene.link("delay=10ms")) { stranger, event, _ in
        switch event {
        case .opened(let id, _):
          var want = Want()
          want.id = scene.file.id
          stranger.send(want, on: id)
        case .offer(let id, _):
          var request = Request()
          request.ranges = [RangeField(offset: UInt64(number) * 131_072, length: 131_072)]
          stranger.send(request, on: id)
        case .block(_, let block): got[number] += block.content.count
        default: break
        }
      }
    }
    for stranger in strangers {
      _ = stranger.endpoint.open(to: origin.address, at: scene.world.now)
      scene.world.flush(stranger)
    }
    var most = 0
    for _ in 0..<220 {
      scene.world.run(for: 10 * .millisecond)
      most = max(most, got.count { $0 > 0 && $0 < 131_072 })
    }
    #expect(got.allSatisfy { $0 == 131_072 } && most <= 18, "\(most) at a time")
  }

  /// A peer whose turn comes every few seconds gives something; one that has stopped gives nothing.
  @Test func whoGivesInTurnsKeepsItsPlace() {
    var source = Source(link: LinkKey(index: 1), address: Address(ipv4: 1, port: 1), serial: 1, number: 1, budget: 1)
    var now = Instant.zero + .second
    var gives: [Bool] = []
    for tick in 0..<900 {
      if tick < 400, tick % 200 == 0 { source.sent(65_536, at: now) }
      let path = SourcePath(
        elapsed: SwarmConstants.tick, roundTrip: 100 * .millisecond, leastRoundTrip: 100 * .millisecond, queue: 0)
      source.measure(path, isShared: true, least: 65_536, most: 1 << 20, at: now)
      now = now + SwarmConstants.tick
      if tick % 100 == 99 { gives.append(source.givesInTurns(at: now)) }
    }
    #expect(gives == [true, true, true, true, true, false, false, false, false])
  }
}

/// Nobody is told of what it has itself.
struct AnnouncedTests {
  private static let manifest = WorldFile(seed: 1, cut: Cut(size: 16 * 16_384, pieceExponent: 14, chunks: 8)).manifest

  /// The chunks in the HAVEs for a peer that has announced these pieces, when chunks 0 to 3 have been completed.
  private func told(_ theirs: BitSet?) throws -> [UInt32] {
    var upload = Upload()
    let link = LinkKey(index: 1)
    var resources = SwarmResources(budget: PieceBudget(limit: 1 << 20), random: SeededGenerator(seed: 1))
    var copy = LocalCopy(AnnouncedTests.manifest, have: BitSet(capacity: 16))
    upload.add(link, 1, serves: true)
    upload.offer(copy, name: "", to: link, 1, &resources, at: .zero)
    var room = 64
    _ = upload.announce(copy, to: link, 1, having: nil, room: &room, &resources.outbox)
    _ = resources.outbox.takeItems()
    for piece in 0..<8 { if let chunk = copy.add(piece) { upload.gain(chunk) } }
    _ = upload.announce(copy, to: link, 1, having: theirs, room: &room, &resources.outbox)
    return try resources.outbox.takeItems().flatMap { _, item -> [UInt32] in
      guard case .message(let bytes) = item, MessageType(rawValue: bytes[0]) == .have else { return [] }
      return try Have.decode(bytes.span, ByteRange(offset: 3, count: bytes.count - 3)).chunks.flatMap {
        $0.first..<$0.end
      }
    }
  }

  @Test func whatAPeerHasIsNotAnnouncedToIt() throws {
    #expect(AnnouncedTests.manifest.cut.pieces == 16)
    let all = try told(nil)
    let odd = try told(BitSet(capacity: 16, runs: [ChunkRun(first: 0, count: 2), ChunkRun(first: 4, count: 1)]))
    #expect(all == [0, 1, 2, 3] && odd == [1, 2, 3], "chunk 0 is there, of chunk 2 half")
  }

  /// What a peer has refused as not here, or was only guessed to have, it may not have: it is told of everything.
  @Test func whoMayNotHaveWhatItAnnouncedIsTold() {
    var source = Source(link: LinkKey(index: 1), address: Address(ipv4: 1, port: 1), serial: 1, number: 1, budget: 1)
    source.pieces = .full(capacity: 16)
    #expect(source.announced?.count == 16)
    source.denies(3, at: .zero)
    #expect(source.announced == nil)
  }
}
