import ShoalBase
import ShoalContent
import ShoalSimulator
import ShoalWire
import TestSupport
import Testing

@testable import ShoalSwarm

/// Limits to what is sent, what is requested, and with how many peers.
@Suite struct SwarmRateTests {
  private static func limit(
    _ peer: WorldPeer, _ scene: Scene, upload: Int? = nil, download: Int? = nil, peers: Int? = nil
  ) {
    var limits = SwarmLimits()
    (limits.upload, limits.download, limits.peers) = (upload, download, peers)
    peer.swarm.setLimits(limits, at: scene.world.now)
    scene.world.flush(peer)
  }

  @Test(arguments: [1, 4], [20_000, 200_000]) func anUploadIsAsFastAsItMayBe(receivers: Int, rate: Int) {
    let scene = Scene(UInt64(receivers), rate * 10)
    let origin = scene.origin("delay=10ms,rate=100mbit,loss=1%")
    Self.limit(origin, scene, upload: rate)
    // Nobody passes anything on.
    for _ in 0..<receivers {
      let peer = scene.world.addPeer(Scene.configuration(), link: Scene.link("delay=10ms"))
      scene.downloads.append((peer, scene.world.download(scene.file, to: peer, from: [origin.address], serving: false)))
    }
    scene.world.run(for: 2 * .second)
    let before = origin.contentSent
    scene.world.run(for: 6 * .second)
    let measured = Double(origin.contentSent - before) / 6
    #expect(measured < Double(rate) * 1.1 && measured > Double(rate) * 0.85, "\(measured) of \(rate)")
  }

  /// Everybody requests the manifest at once; it goes out at the uplink's rate, not in as many bursts as there are peers.
  @Test func manifestsForManyDoNotFloodTheUplink() throws {
    let scene = Scene(7, 2_000_000, .size(2_048))
    let origin = scene.origin("delay=10ms,rate=20mbit")
    for _ in 0..<40 { scene.downloader("delay=10ms,rate=20mbit", from: [origin.address]) }
    scene.world.run(for: .second)
    let sent = try #require(scene.world.network.counters(of: origin.address)).up
    #expect(scene.downloads.allSatisfy { $0.peer.swarm.progress($0.key).total > 0 })
    #expect(sent.droppedQueue * 10 < sent.offered, "\(sent.droppedQueue) of \(sent.offered)")
  }

  @Test(arguments: [1, 3], [50_000, 500_000]) func aDownloadIsAsFastAsItMayBe(sources: Int, rate: Int) {
    let scene = Scene(UInt64(sources), rate * 12, .size(65_536))
    let origins = (0..<sources).map { _ in scene.origin("delay=10ms,rate=20mbit").address }
    let peer = scene.downloader("delay=10ms", from: origins)
    Self.limit(peer, scene, download: rate)
    let time = Double(scene.finish(within: 30)) / 1e9
    #expect(time > 10.5 && time < 13.5, "\(time)")
  }

  @Test func limitsChangeWhileItRuns() {
    let scene = Scene(1, 4_000_000)
    let origin = scene.origin("delay=10ms,rate=40mbit")
    let peer = scene.downloader("delay=10ms", from: [origin.address])
    Self.limit(peer, scene, download: 100_000)
    scene.world.run(for: 5 * .second)
    #expect(peer.swarm.progress(scene.downloads[0].key).bytes < 800_000)
    Self.limit(peer, scene)
    Self.limit(origin, scene, upload: 100_000)
    let before = origin.contentSent
    scene.world.run(for: 5 * .second)
    #expect(origin.contentSent - before < 800_000)
    Self.limit(origin, scene)
    #expect(scene.finish(within: 5) < 2 * .second)
  }

  /// Those that are not let in try again, and all have the file in the end.
  @Test(arguments: seeds(1..<2)) func thereAreOnlySoManyPeers(seed: UInt64) {
    let scene = Scene(seed, 2_000_000)
    let tracker = scene.world.addTracker(link: Scene.link("delay=5ms"))
    let origin = scene.origin("delay=10ms,rate=20mbit", trackers: [tracker])
    Self.limit(origin, scene, peers: 2)
    var most = 0
    scene.world.afterTurn = { if $0 === origin { most = max(most, origin.swarm.connectionCount) } }
    for _ in 0..<6 { scene.downloader("delay=10ms,rate=20mbit", trackers: [tracker]) }
    for (peer, _) in scene.downloads { Self.limit(peer, scene, peers: 3) }
    scene.finish(within: 60)
    #expect(most == 2, "seed \(seed)")
    #expect(scene.downloads.allSatisfy { $0.peer.swarm.connectionCount <= 3 })
  }

  /// Of two that want what a peer has, the one from which it gets something is given more, and the other not nothing.
  @Test func whoGivesIsGivenMore() {
    let scene = Scene(3, 16_000_000)
    let half = scene.file.cut.chunks / 2
    let origin = scene.origin("delay=10ms,rate=300kbit")
    let link = "delay=10ms,rate=4mbit/20mbit"
    let peer = scene.downloader(link, from: [origin.address], having: [ChunkRun(first: 0, count: half)])
    let isReady = scene.world.run(for: 10 * .second) { peer.swarm.progress(scene.downloads[0].key).total > 0 }
    scene.downloader(
      link, from: [peer.address], having: [ChunkRun(first: half, count: scene.file.cut.chunks - half)])
    let taker = scene.world.addPeer(Scene.configuration(), link: Scene.link(link))
    scene.downloads.append((taker, scene.world.download(scene.file, to: taker, from: [peer.address], serving: false)))
    scene.world.run(for: 10 * .second)
    let given = scene.downloads.dropFirst().map { $0.peer.swarm.progress($0.key).from[peer.address] ?? 0 }
    #expect(isReady && given[0] > 2 * given[1] && given[1] > 0, "\(given)")
  }
}
