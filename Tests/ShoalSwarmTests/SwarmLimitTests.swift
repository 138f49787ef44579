import ShoalBase
import ShoalContent
import ShoalLink
import ShoalSimulator
import ShoalTransport
import ShoalWire
import Testing

@testable import ShoalSwarm

/// What a peer can make this one store, do or send is limited.
struct SwarmLimitTests {
  @Test(arguments: [.automatic, .count(1 << 22), .count(.max), .size(1)] as [Chunking])
  func anyCutThatIsAskedForIsValid(_ chunking: Chunking) {
    for size: UInt64 in [0, 1, 1_025, 4 << 30, 5 << 30, 4_397_046_511_105, Limits.fileSize] {
      let cut = Cut(size: size, chunking: chunking)
      #expect(cut.isValid, "\(size) \(chunking) \(cut)")
    }
  }

  @Test func aManifestInCrumbsIsAFailure() throws {
    let cut = Cut(size: 1 << 30)
    var fetch = ProofFetch()
    let link = LinkKey(index: 0)
    let source = Source(link: link, address: Address(ipv4: 1, port: 1), serial: 0, number: 0, budget: 0)
    let range = RangeField(offset: 0, length: UInt32(cut.headLength))
    _ = fetch.ask(source, for: range, in: .manifest, of: cut, at: .zero)
    let datagram: [UInt8] = [7]
    var block = Block()
    block.space = ContentSpace.manifest.rawValue
    block.content = ByteRange(offset: 0, count: 1)
    for i in 0...mostFragments {
      block.offset = UInt64(2 * i + 1)
      let isWhole = fetch.accept(block, from: link, datagram.span, at: .zero) != nil
      #expect(!isWhole && fetch.mayAsk(link) == false && fetch.isAsking(link) == (i < mostFragments))
    }
  }

  /// The longest message of each kind that we send fits every path.
  @Test func everyMessageFits() throws {
    // Runs of 8 bytes each.
    var chunks = BitSet(capacity: Limits.chunks)
    for i in 0..<120 { chunks.insert(ChunkRun(first: UInt32(20_000 + i * 34_000), count: 17_000)) }
    var offer = Offer()
    (offer.size, offer.name) = (1 << 44, String(repeating: "n", count: Limits.nameLength))
    let room = MessageType.longest - offer.encodedSize
    offer.have = chunks.runs(from: 0, fitting: room).runs
    #expect(offer.have.count == room / 8 && room > 800)
    #expect(try offer.encoded().count <= MessageType.longest)
    let ranges = Array(repeating: RangeField(offset: .max, length: .max), count: SwarmConstants.rangesPerMessage)
    var request = Request()
    request.ranges = ranges
    var cancel = Cancel()
    cancel.ranges = ranges
    var refuse = Refuse()
    refuse.ranges = ranges
    #expect(try request.encoded().count <= MessageType.longest && cancel.encoded().count <= MessageType.longest)
    #expect(try refuse.encoded().count <= MessageType.longest)
    request.ranges.removeLast(SwarmConstants.rangesPerMessage / 2)
    cancel.ranges.removeLast(SwarmConstants.rangesPerMessage / 2)
    #expect(try cancel.encoded().count + request.encoded().count <= MessageType.longest)
  }

  /// One long request, cut into more and more ranges by cancels.
  @Test func cancelsMakeNoMoreRangesThanTheLimit() throws {
    let scene = Scene(1, 5_000_000)
    let origin = scene.origin("delay=1ms,rate=1mbit")
    var connection: ConnectionID?
    var blocks = 0
    let asker = scene.world.addStranger(link: Scene.link("delay=1ms")) { stranger, event, _ in
      if case .block = event { blocks += 1 }
      guard case .opened(let id, _) = event else { return }
      connection = id
      var want = Want()
      want.id = scene.file.id
      stranger.send(want, on: id)
      var request = Request()
      request.ranges = [RangeField(offset: 0, length: 5_000_000)]
      stranger.send(request, on: id)
    }
    _ = asker.endpoint.open(to: origin.address, at: scene.world.now)
    scene.world.flush(asker)
    scene.world.run(for: 200 * .millisecond)
    let id = try #require(connection)
    var most = 0
    for first in stride(from: 0, to: 5_000, by: 90) {
      var cancel = Cancel()
      cancel.ranges = (first..<first + 90).map { RangeField(offset: 4_990_000 - UInt64($0) * 700, length: 1) }
      asker.send(cancel, on: id)
      scene.world.flush(asker)
      scene.world.run(for: 20 * .millisecond)
      for link in origin.swarm.openLinks {
        most = max(most, origin.swarm.queuedRanges(LinkKey(link.connection)))
      }
    }
    #expect(most > 3_900 && most <= 4_100, "\(most)")
    #expect(blocks > 0)
  }

  /// The WANT may have arrived after the CANCEL that withdrew it.
  @Test func anOfferThatNobodyWantsIsCancelled() {
    let scene = Scene(1, 500_000)
    let cut = scene.file.cut
    var cancels = 0
    let late = scene.world.addStranger { stranger, event, _ in
      if case .want(let id, let want) = event {
        // It wants a file of its own, so that the connection does not end.
        var other = Want()
        (other.file, other.id) = (7, want.id)
        stranger.send(other, on: id)
        var refuse = Refuse()
        refuse.file = want.file
        stranger.send(refuse, on: id)
        for number in [want.file, want.file &+ 1, .max] {
          var offer = Offer()
          (offer.file, offer.size) = (number, cut.size)
          (offer.pieceExponent, offer.chunks) = (cut.pieceExponent, cut.chunks)
          stranger.send(offer, on: id)
        }
      }
      if case .cancel = event { cancels += 1 }
    }
    let peer = scene.downloader(from: [late.address])
    scene.world.run(for: 2 * .second)
    #expect(cancels == 1 && peer.swarm.connectionCount == 1)
  }
}
