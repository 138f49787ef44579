import ShoalBase
import ShoalContent
import ShoalSimulator
import ShoalTransport
import ShoalWire
import TestSupport
import Testing

@testable import ShoalSwarm

/// An origin gives each piece once before it gives any twice.
struct SuperSeedingTests {
  @Test func everyChunkIsShownOnce() {
    var seeding = SuperSeeding(chunks: 100)
    var random = SeededGenerator(seed: 1)
    seeding.asked(10...19)
    var shown: Set<Int> = []
    while let chunk = seeding.next(&random) { shown.insert(chunk) }
    #expect(shown == Set(0..<100).subtracting(10..<20) && seeding.isOver)
    seeding.takeBack([3, 50])
    #expect(!seeding.isOver)
    seeding.asked(0...99)
    #expect(seeding.isOver && seeding.next(&random) == nil)
  }

  /// Six receivers get a file from an origin on a slow link, and from each other.
  @Test(arguments: seeds(1..<2)) func theOriginSendsLittleMoreThanACopy(_ seed: UInt64) throws {
    let scene = Scene(seed, 64 * 65_536)
    let origin = scene.origin("delay=10ms,rate=10mbit")
    for _ in 0..<6 { scene.downloader("delay=10ms,rate=10mbit/50mbit", from: [origin.address]) }
    let addresses = scene.downloads.map(\.peer.address)
    for download in scene.downloads {
      for address in addresses where address != download.peer.address {
        download.peer.swarm.add(peer: address, for: download.key, at: scene.world.now)
      }
    }
    scene.finish(within: 30)
    let copies = Double(origin.contentSent) / Double(scene.file.cut.size)
    #expect(copies < 1.8, "\(copies), seed \(seed)")
  }

  /// Who asks for nothing of what it is shown, as it reads in order, is told of everything.
  @Test func whoReadsInOrderIsNotKeptWaiting() {
    let scene = Scene(4, 64 * 65_536)
    let origin = scene.origin("delay=10ms,rate=20mbit")
    let first = scene.downloader("delay=10ms,rate=20mbit", from: [origin.address])
    scene.world.run(for: 10 * .second) { first[scene.downloads[0].key].verified > 2 }
    let reader = scene.downloader("delay=10ms,rate=20mbit", from: [origin.address])
    let key = scene.downloads[1].key
    scene.world.run(for: 10 * .second) { reader.swarm.manifest(key) != nil }
    for low in 0..<60 {
      reader.swarm.takeInOrder(key, low..<low + 4, at: scene.world.now)
      scene.world.flush(reader)
      let isThere = scene.world.run(for: 5 * .second) { reader.swarm.chunks(key).contains(low) }
      #expect(isThere, "piece \(low)")
      guard isThere else { return }
    }
  }

  /// A receiver that is shown chunks and vanishes leaves none unseen.
  @Test func whatAVanishedPeerWasShownIsShownToOthers() {
    let scene = Scene(5, 64 * 65_536)
    let origin = scene.origin("delay=10ms,rate=10mbit")
    for _ in 0..<3 { scene.downloader("delay=10ms,rate=10mbit", from: [origin.address]) }
    scene.world.run(for: 800 * .millisecond)
    scene.world.crash(scene.downloads[1].peer)
    let others = [scene.downloads[0], scene.downloads[2]]
    #expect(scene.world.run(for: 40 * .second) { others.allSatisfy { $0.peer[$0.key].storedAt != nil } })
  }

  /// How long a request has waited says nothing about whether the peer that made it could request more.
  @Test func whoWaitsLongForItsRequestsIsStillShownAPart() throws {
    var seeded = try Seeded()
    seeded.requestsAShownChunk()
    seeded.review(isIdle: false, at: .zero + 2 * .second)
    seeded.review(isIdle: false, at: .zero + 4 * .second)
    seeded.review(isIdle: true, at: .zero + 4_010 * .millisecond)
    #expect(seeded.shown?.most == SuperSeeding.firstShown)
  }

  /// Who requests none of what it is shown is first shown more of what nobody has.
  @Test func whoHasWhatItIsShownIsShownMoreAndThenEverything() throws {
    var seeded = try Seeded()
    let once = Instant.zero + SuperSeeding.firstPatience + .millisecond
    seeded.review(isIdle: true, at: once)
    #expect(seeded.shown?.chunks.count == SuperSeeding.mostShown)
    seeded.review(isIdle: true, at: once + SuperSeeding.patience)
    #expect(seeded.shown != nil)
    seeded.review(isIdle: true, at: once + SuperSeeding.firstPatience + .millisecond)
    #expect(seeded.shown == nil)
  }
}

/// An upload of 160 chunks that two peers want. The first was told of all, as it was alone; the second is shown a part.
private struct Seeded {
  private var upload = Upload()
  private var resources = SwarmResources(budget: PieceBudget(limit: 1 << 20), random: SeededGenerator(seed: 1))
  private let copy: LocalCopy
  private let peer = LinkKey(index: 1)

  var shown: Upload.Shown? { upload.subscriber(peer, 1)?.shown }

  init() throws {
    let manifest = WorldFile(seed: 1, size: 160 * 1_024, chunking: .count(160)).manifest
    copy = LocalCopy(manifest, have: .full(capacity: manifest.cut.pieces))
    for link in [LinkKey(index: 0), peer] {
      upload.add(link, 1, serves: true)
      upload.offer(copy, name: "", to: link, 1, &resources, at: .zero)
    }
    try #require(shown?.chunks.count == SuperSeeding.firstShown)
  }

  mutating func requestsAShownChunk() {
    guard let chunk = shown?.chunks.first else { return }
    var request = Request()
    request.file = 1
    request.ranges = [RangeField(offset: copy.cut.pieceOffset(chunk), length: 1_024)]
    let content = ServedContent(key: FileKey(source: 0), manifestLength: 0, copy: copy)
    _ = upload.take(request, from: peer, .content, room: 1, of: content, isIdle: true, &resources, at: .zero)
  }

  mutating func review(isIdle: Bool, at now: Instant) {
    _ = upload.isSeeding(to: peer, 1, isIdle: isIdle, roundTrip: 0, &resources.random, at: now)
  }
}
