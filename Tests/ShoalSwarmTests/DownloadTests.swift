import ShoalBase
import ShoalContent
import ShoalSimulator
import ShoalTransport
import ShoalWire
import Testing

@testable import ShoalSwarm

/// A download by itself: it is given the messages of peers, and what it sends is in its outbox.
@Suite struct DownloadTests {
  private static let file = WorldFile(seed: 3, size: 10 * 65_536)

  /// A download, with a record of what it has sent and to whom.
  private struct Bench {
    var download = Download(key: FileKey(0), id: DownloadTests.file.id, leastRequests: 4 * 65_536)
    var resources = SwarmResources(budget: PieceBudget(limit: 1 << 20), random: SeededGenerator(seed: 1))
    var now = Instant.zero
    private(set) var events: [SwarmEvent] = []

    func address(_ link: Int) -> Address { Address(ipv4: 0x0a00_0000 + UInt32(link), port: 7_400) }

    /// Adds a peer that serves the file by its own cut.
    mutating func connect(_ link: Int, having runs: [ChunkRun]? = nil) {
      let cut = DownloadTests.file.cut
      download.want(
        from: LinkKey(index: link), address(link), serial: link, number: 7, &resources.outbox, at: now)
      var offer = Offer()
      (offer.file, offer.size, offer.pieceExponent, offer.chunks) = (7, cut.size, cut.pieceExponent, cut.chunks)
      offer.have = runs ?? [ChunkRun(first: 0, count: cut.chunks)]
      _ = download.take(offer, from: LinkKey(index: link), &resources, at: now)
    }

    /// Finds the manifest, with nothing of the file here.
    mutating func begin() {
      download.found(DownloadTests.file.manifest, &resources.outbox)
      download.begin(have: BitSet(capacity: DownloadTests.file.cut.pieces))
      for source in download.sources { download.refreshPieces(of: source.link, &resources.outbox) }
    }

    mutating func fill(_ link: Int) -> Download.Filling { download.fill(LinkKey(index: link), &resources, at: now) }

    /// Makes a peer send a part of a piece; only its position matters.
    mutating func send(_ piece: Int, _ part: Range<Int>, from link: Int) -> Bool {
      var block = Block()
      (block.file, block.offset) = (7, DownloadTests.file.cut.pieceOffset(piece) + UInt64(part.lowerBound))
      block.content = ByteRange(offset: 64, count: part.count)
      return download.take(block, from: LinkKey(index: link), &resources, at: now)
    }

    /// What was sent since the last call: the types of the messages, and the links.
    mutating func said() -> [(link: Int, type: MessageType)] {
      resources.outbox.takeItems().compactMap { to, item in
        guard case .message(let bytes) = item, let type = MessageType(rawValue: bytes[0]) else { return nil }
        return (to.index, type)
      }
    }

    mutating func takeEvents() -> [SwarmEvent] {
      var events: [SwarmEvent] = []
      while let event = resources.outbox.nextEvent() { events.append(event) }
      return events
    }
  }

  @Test func wantsAsksAndIsDone() throws {
    var bench = Bench()
    bench.connect(1)
    var said = bench.said()
    #expect(said.map(\.type) == [.want, .request] && said.allSatisfy { $0.link == 1 }, "the manifest is asked for")
    bench.begin()
    let filling = bench.fill(1)
    #expect(filling == .enough && bench.download.active.count == 4)
    said = bench.said()
    #expect(said.map(\.type) == [.request])
    for piece in bench.download.active.keys.sorted() {
      let isNew = [bench.send(piece, 0..<65_536, from: 1), bench.send(piece, 0..<65_536, from: 1)]
      #expect(isNew == [true, false])
      guard
        case .right(let chunk) = bench.download.verified(
          piece, isRight: true, values: [], &bench.resources, at: bench.now)
      else {
        Issue.record("piece \(piece)")
        continue
      }
      #expect(chunk == piece)
    }
    #expect(bench.resources.budget.used == 0 && bench.download.progress.bytes == 4 * 65_536)
    #expect(bench.download.progress.redundant == 4 * 65_536)
    #expect(bench.download.progress.from == [bench.address(1): 4 * 65_536])
    let gathered = bench.takeEvents().count { if case .pieceGathered = $0 { true } else { false } }
    #expect(gathered == 4)
  }

  @Test func whatOneLeavesIsAskedOfAnother() {
    var bench = Bench()
    bench.connect(1)
    bench.connect(2)
    bench.begin()
    _ = bench.fill(1)
    let begun = bench.download.active.keys.sorted()
    _ = bench.send(begun[0], 0..<17_000, from: 1)
    bench.download.remove(LinkKey(index: 1), &bench.resources)
    #expect(bench.download.orphans == [begun[0]] && bench.resources.budget.used == 65_536)
    _ = bench.fill(2)
    #expect(bench.download.active[begun[0]]?.requesters == [LinkKey(index: 2)])
    let owed = bench.download.source(LinkKey(index: 2)).map { $0.outstanding }
    #expect(owed == 3 * 65_536 - 16_384, "what is left of that piece, and as many others as fill the budget")
  }

  @Test func aReaderGetsPiecesInOrderAndNoneItHasNoRoomFor() {
    var bench = Bench()
    bench.connect(1)
    bench.connect(2)
    bench.download.order = .inOrder(0..<3)
    bench.begin()
    _ = bench.fill(1)
    #expect(bench.download.active.keys.sorted() == [0, 1, 2])
    // Pieces that were begun are continued first, lowest first; then come those that there is room for.
    _ = bench.send(2, 0..<17_000, from: 1)
    _ = bench.send(1, 0..<17_000, from: 1)
    bench.download.remove(LinkKey(index: 1), &bench.resources)
    #expect(bench.download.orphans.sorted() == [1, 2] && !bench.download.active.keys.contains(0))
    let source = bench.download.source(LinkKey(index: 2))!
    var picked: [Int?] = []
    for _ in 0..<2 { picked.append(bench.download.pick(for: source, &bench.resources.random, at: .zero)) }
    picked.append(bench.download.pick(for: source, &bench.resources.random, at: .zero))
    #expect(picked == [1, 2, 0])
    bench.download.missing.remove(0)
    #expect(bench.download.pick(for: source, &bench.resources.random, at: .zero) == nil)
    bench.download.order = .inOrder(1..<4)
    #expect(bench.download.pick(for: source, &bench.resources.random, at: .zero) == 3)
    bench.download.order = .inOrder(10..<12)
    #expect(bench.download.pick(for: source, &bench.resources.random, at: .zero) == nil)
  }

  @Test func aPieceThatDoesNotFitTheBudgetWaitsForRoom() {
    var bench = Bench()
    bench.resources.budget = PieceBudget(limit: 2 * 65_536)
    bench.connect(1)
    bench.begin()
    let filling = bench.fill(1)
    #expect(filling == .needsRoom && bench.download.active.count == 2)
    let last = bench.said().last?.type
    #expect(last == .request, "what fits is asked for")
    bench.download.remove(LinkKey(index: 1), &bench.resources)
    #expect(bench.resources.budget.used == 0 && bench.download.missing.isComplete)
  }

  @Test func whoAloneSentAWrongPieceIsTheCulprit() {
    var bench = Bench()
    bench.connect(1)
    bench.connect(2)
    bench.begin()
    _ = bench.fill(1)
    let (first, second) = (bench.download.active.keys.sorted()[0], bench.download.active.keys.sorted()[1])
    _ = bench.send(first, 0..<65_536, from: 1)
    var verdict = bench.download.verified(first, isRight: false, values: [], &bench.resources, at: bench.now)
    var demands = bench.resources.outbox.takeDemands()
    #expect(demands == [.distrust(bench.address(1), .piece(first))], "\(verdict)")
    _ = bench.send(second, 0..<17_000, from: 1)
    bench.download.remove(LinkKey(index: 1), &bench.resources)
    _ = bench.fill(2)
    _ = bench.send(second, 16_384..<65_536, from: 2)
    verdict = bench.download.verified(second, isRight: false, values: [], &bench.resources, at: bench.now)
    demands = bench.resources.outbox.takeDemands()
    #expect(demands == [], "one of two is blamed: \(verdict)")
    #expect(bench.download.suspects == [second] && bench.download.missing.contains(second))
  }

  @Test func demandsGoToTheSwarm() {
    var bench = Bench()
    bench.connect(1)
    _ = bench.said()
    let link = LinkKey(index: 2)
    bench.download.want(from: link, bench.address(2), serial: 2, number: 9, &bench.resources.outbox, at: bench.now)
    var offer = Offer()
    (offer.size, offer.pieceExponent, offer.chunks) = (.max, 255, 0)
    var isTaken = bench.download.take(offer, from: link, &bench.resources, at: bench.now)
    var demands = bench.resources.outbox.takeDemands()
    #expect(!isTaken && demands == [.drop(link, .protocolError, "offer of an impossible cut")])
    // A peer that claims a size other than the proven one is lying.
    bench.begin()
    (offer.size, offer.pieceExponent, offer.chunks) = (65_536 * 3, 16, 3)
    isTaken = bench.download.take(offer, from: link, &bench.resources, at: bench.now)
    demands = bench.resources.outbox.takeDemands()
    #expect(isTaken && demands == [.distrust(bench.address(2), .size(65_536 * 3))])
  }
}
