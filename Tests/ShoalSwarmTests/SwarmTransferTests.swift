import ShoalBase
import ShoalContent
import ShoalLink
import ShoalSimulator
import TestSupport
import Testing

@testable import ShoalSwarm

struct SwarmTransferTests {
  @Test(arguments: [0, 1, 1_024, 1_025, 65_535, 65_536, 65_537, 300_000, 3_000_001])
  func oneToOne(size: Int) {
    let scene = Scene(1, size)
    let origin = scene.origin()
    scene.downloader(from: [origin.address])
    scene.finish(within: 10)
    #expect(scene.redundancy == 0 || size == 0)
  }

  @Test(arguments: [Chunking.count(20), .count(1), .count(7), .size(1_024), .size(100_000), .size(1 << 30)])
  func cuts(chunking: Chunking) {
    for size in [1, 20_480, 65_536, 1_000_000] {
      let scene = Scene(2, size, chunking)
      let origin = scene.origin()
      let peer = scene.downloader(from: [origin.address])
      scene.finish(within: 20)
      #expect(peer.swarm.manifest(scene.downloads[0].key)?.cut == scene.file.cut, "size \(size)")
      #expect(peer.events.count { if case .chunk = $0 { true } else { false } } == Int(scene.file.cut.chunks))
    }
  }

  @Test func aTinyFileNeedsThreeRoundTrips() {
    let scene = Scene(3, 900)
    let origin = scene.origin("delay=25ms")
    scene.downloader("delay=25ms", from: [origin.address])
    // 100 ms for each round trip: OPEN and ACCEPT, WANT and OFFER, REQUEST and BLOCK.
    #expect(scene.finish(within: 5) <= 305 * .millisecond)
  }

  @Test func aQuestionOutlivesTheDownload() {
    let scene = Scene(4, 2_000_000)
    let tracker = scene.world.addTracker(link: Scene.link("delay=10ms"))
    _ = scene.origin(trackers: [tracker])
    scene.world.run(for: 3 * .second)
    let peer = scene.downloader(trackers: [tracker])
    peer.swarm.lookup(id: scene.file.id, chunk: 0)
    peer.swarm.withdraw(scene.downloads[0].key, at: scene.world.now)
    scene.world.flush(peer)
    scene.world.run(for: 5 * .second)
    let answers = peer.events.count { if case .tracker(_, .peers) = $0 { true } else { false } }
    #expect(answers >= 1)
  }

  @Test(arguments: seeds(1..<4))
  func throughATracker(seed: UInt64) {
    let scene = Scene(seed, 2_000_000)
    let tracker = scene.world.addTracker(link: Scene.link("delay=10ms"))
    _ = scene.origin(trackers: [tracker])
    scene.downloader(trackers: [tracker])
    scene.finish(within: 20)
    scene.downloader(trackers: [tracker])
    scene.finish(within: 20)
    scene.world.run(for: 5 * .second)
    #expect(scene.world.registrations(tracker) == 3)
  }

  @Test(arguments: seeds(1..<3))
  func sameSeedSameHistory(seed: UInt64) {
    let prints = (0..<2).map { _ in
      let scene = Scene(seed, 1_500_000, .count(40))
      let tracker = scene.world.addTracker(link: Scene.link("delay=10ms,loss=5%"))
      _ = scene.origin("delay=10ms,loss=3%,rate=20mbit", trackers: [tracker])
      for _ in 0..<3 { scene.downloader("delay=10ms,loss=2%,corrupt=1%", trackers: [tracker]) }
      scene.finish(within: 60)
      return scene.world.fingerprint
    }
    #expect(prints[0] == prints[1], "seed \(seed)")
  }

  @Test(arguments: [3, 8])
  func downloadersServeEachOther(count: Int) {
    let scene = Scene(4, 4_000_000)
    let tracker = scene.world.addTracker(link: Scene.link("delay=5ms"))
    let origin = scene.origin("delay=10ms,rate=10mbit", trackers: [tracker])
    for _ in 0..<count { scene.downloader("delay=10ms,rate=100mbit", trackers: [tracker]) }
    let time = scene.finish(within: 60)
    let copies = Double(origin.contentSent) / 4_000_000
    #expect(copies < (count == 3 ? 1.8 : 3), "the origin sent \(copies) times the file")
    #expect(time < 10 * .second, "\(time / .millisecond) ms")
    #expect(scene.redundancy < 0.03, "\(scene.redundancy)")
  }

  @Test(arguments: ["loss=20%", "corrupt=5%", "loss=3%,reorder=5%,duplicate=5%,jitter=8ms", "outage=1500ms/700ms"])
  func lossyLinks(link: String) {
    for seed in seeds(1..<4) {
      let scene = Scene(seed, 1_000_000)
      let origin = scene.origin("delay=10ms,\(link)")
      scene.downloader("delay=10ms,rate=50mbit", from: [origin.address])
      scene.finish(within: 60)
      #expect(scene.redundancy < 0.05, "seed \(seed): \(scene.redundancy)")
    }
  }

  @Test(arguments: seeds(1..<5))
  func partialPeersComplementEachOther(seed: UInt64) {
    // Nobody has everything: even pieces here, odd ones there, and each learns of only the other.
    let scene = Scene(seed, 40 * 65_536)
    let even = (0..<20).map { ChunkRun(first: UInt32(2 * $0), count: 1) }
    let odd = (0..<20).map { ChunkRun(first: UInt32(2 * $0 + 1), count: 1) }
    // Both know the manifest only after somebody gave it to them: a seed that leaves at once.
    let origin = scene.origin()
    let a = scene.downloader("delay=20ms,rate=20mbit", from: [origin.address], having: even)
    let b = scene.downloader("delay=20ms,rate=20mbit", from: [origin.address], having: odd)
    scene.world.run(for: 5 * .second) {
      [a, b].allSatisfy { $0.swarm.manifest(scene.downloads[0].key) != nil }
    }
    scene.world.crash(origin)
    a.swarm.add(peer: b.address, for: scene.downloads[0].key, at: scene.world.now)
    b.swarm.add(peer: a.address, for: scene.downloads[1].key, at: scene.world.now)
    scene.world.flush(a)
    scene.world.flush(b)
    scene.finish(within: 30)
    for (peer, key) in scene.downloads { #expect(peer[key].verified <= 20) }
  }

  @Test func resumeRequestsOnlyWhatIsMissing() {
    let scene = Scene(5, 3_000_000)
    let origin = scene.origin("delay=5ms,rate=20mbit")
    let first = scene.downloader(from: [origin.address])
    scene.world.run(for: 700 * .millisecond)
    let written = first[scene.downloads[0].key].written
    #expect(written.count > 3 && !written.isComplete)
    scene.world.crash(first)
    let sent = origin.contentSent
    let again = scene.world.restart(first, link: Scene.link("delay=5ms"))
    scene.downloads.append(
      (again, scene.world.download(scene.file, to: again, from: [origin.address], having: written)))
    scene.finish(within: 20)
    let missing = scene.file.cut.pieces - written.count
    #expect(again[scene.downloads[1].key].verified == missing)
    // What was on its way to the one that crashed is sent in vain, but little else is.
    #expect(again.swarm.progress(scene.downloads[1].key).accepted <= UInt64(missing * 65_536))
    #expect(origin.contentSent - sent < missing * 65_536 + 1_000_000)
  }

  @Test func anotherCutIsUsedIfComplete() {
    let scene = Scene(6, 2_000_000, .count(20))
    let origin = scene.origin()
    let other = scene.origin("delay=5ms", scene.file.recut(.count(64)))
    let peer = scene.downloader("delay=5ms,rate=20mbit", from: [origin.address, other.address])
    scene.finish(within: 20)
    let from = peer.swarm.progress(scene.downloads[0].key).from
    #expect(from.count == 2, "\(from)")
  }

  /// A peer that has a part of the file, in another cut, is asked for the pieces that lie in its chunks.
  @Test(arguments: [(20, 64), (64, 20), (1_500, 31)])
  func aPartOfAnotherCutIsUsed(chunks: Int, others: Int) {
    let scene = Scene(7, 2_000_000, .count(chunks))
    let recut = scene.file.recut(.count(others))
    let slow = scene.origin("delay=5ms,rate=1mbit")
    let source = scene.origin("delay=5ms,rate=4mbit", recut)
    let other = scene.world.addPeer(Scene.configuration(), link: Scene.link("delay=5ms"))
    let otherKey = scene.world.download(recut, to: other, from: [source.address])
    let peer = scene.downloader("delay=5ms", from: [slow.address])
    scene.world.run(for: .second)
    #expect(peer.swarm.manifest(scene.downloads[0].key)?.cut == scene.file.cut)
    peer.swarm.add(peer: other.address, for: scene.downloads[0].key, at: scene.world.now)
    scene.world.flush(peer)
    scene.world.run(for: 10 * .second) { other[otherKey].written.count * 4 > recut.cut.pieces * 3 }
    #expect(other[otherKey].completedAt == nil && other.contentSent > 100_000, "\(other.contentSent) bytes")
    #expect(scene.finish(within: 20) < 5 * .second)
    // It also tells of where it has the file from.
    #expect(other.contentSent > 300_000)
  }

  /// A CANCEL that is overtaken by the REQUEST after it takes that back too: the piece must be asked for once more.
  @Test func aCancelledRequestIsAskedForAgain() throws {
    let scene = Scene(8, 6 * 65_536)
    let origin = scene.origin("delay=5ms,rate=2mbit")
    let peer = scene.downloader(from: [origin.address])
    scene.world.run(for: 600 * .millisecond)
    let link = peer.swarm.links.live[0]
    let wanted = peer.swarm.download(scene.downloads[0].key)
    let download = try #require(wanted)
    let pieces = download.active.filter { !$0.value.isBegun }.keys.sorted()
    #expect(pieces.count > 1)
    download.cancel(pieces, of: link, &peer.swarm.resources.outbox)
    peer.swarm.deliver(at: scene.world.now)
    scene.world.flush(peer)
    #expect(scene.finish(within: 20) < 8 * .second)
  }

  @Test(arguments: seeds(1..<2))
  func theOriginMayDie(seed: UInt64) {
    let scene = Scene(seed, 3_000_000)
    let tracker = scene.world.addTracker(link: Scene.link("delay=5ms"))
    let origin = scene.origin("delay=5ms,rate=10mbit", trackers: [tracker])
    for _ in 0..<4 { scene.downloader("delay=10ms,rate=5mbit", trackers: [tracker]) }
    let together = {
      scene.downloads.reduce(BitSet(capacity: scene.file.cut.pieces)) { $0.union($1.peer[$1.key].written) }
    }
    scene.world.run(for: 60 * .second) { together().isComplete }
    #expect(!scene.isComplete)
    scene.world.crash(origin)
    scene.finish(within: 60)
  }
}
