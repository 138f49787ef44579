import ShoalBase
import ShoalContent
import ShoalSimulator
import ShoalWire
import TestSupport
import Testing

@testable import ShoalSwarm

/// The manifest comes from several peers, and neither a slow one nor a liar holds it up.
struct ManifestFetchTests {
  /// A peer that serves the manifest at 1.2 kB/s, and content well: at most twice the time without it.
  @Test(arguments: seeds(1..<3)) func aSlowManifest(seed: UInt64) {
    var times: [Double] = []
    for isThere in [false, true] {
      let scene = Scene(seed, 8_000_000)
      let origin = scene.origin("delay=20ms,rate=20mbit")
      let liar = ScriptedServer(scene, "delay=1ms,rate=20mbit")
      liar.sendsManifest = { _ in false }
      scene.downloader("delay=5ms,rate=100mbit", from: isThere ? [liar.address, origin.address] : [origin.address])
      let start = scene.world.now
      for i in 0..<3_400 where !scene.isComplete {
        liar.sendManifest(RangeField(offset: UInt64(60 * i), length: 60))
        scene.world.run(for: 50 * .millisecond) { scene.isComplete }
      }
      times.append(Double(scene.world.now - start) / 1e9)
      scene.finish(within: 1)
    }
    #expect(times[1] <= 2 * times[0], "seed \(seed): \(times)")
  }

  /// Four pages come from three peers; one of two liars sends a false page, the other one now and then a byte.
  @Test(arguments: seeds(1..<4)) func pagesComeFromSeveral(seed: UInt64) {
    let scene = Scene(seed, 8_000_000, .size(1_024))
    let pages = scene.file.cut.pages
    #expect(pages == 4)
    let honest = (0..<2).map { ScriptedServer(scene, "delay=\(10 + $0)ms,rate=20mbit") }
    var asked: [Set<UInt64>] = [[], []]
    for (i, server) in honest.enumerated() {
      server.sendsManifest = { range in
        asked[i].insert(range.offset)
        return true
      }
    }
    let liar = ScriptedServer(scene, "delay=8ms,rate=20mbit")
    liar.manifestIsWrong = { $0 >= scene.file.cut.headLength }
    let mute = ScriptedServer(scene, "delay=8ms,rate=20mbit")
    mute.sendsManifest = { $0.offset == 0 }
    let addresses = [liar.address, mute.address] + honest.map(\.address)
    let peer = scene.downloader("delay=5ms,rate=100mbit", from: addresses)
    let manifest = scene.world.run(for: 3 * .second) { peer.swarm.manifest(scene.downloads[0].key) != nil }
    #expect(manifest, "seed \(seed): no manifest after 3 s")
    #expect(peer.distrusts(liar.address) && !peer.distrusts(mute.address))
    for server in honest { #expect(!peer.distrusts(server.address)) }
    #expect(asked.allSatisfy { !$0.isEmpty }, "\(asked)")
  }

  /// A peer that is nearer and cuts the file into pieces of 1 KiB does not impose that cut.
  @Test(arguments: seeds(1..<4)) func anAbsurdCutGainsNothing(seed: UInt64) {
    let scene = Scene(seed, 3_000_000)
    let origins = ["delay=40ms,rate=20mbit", "delay=60ms,rate=20mbit"].map { scene.origin($0) }
    let odd = scene.origin("delay=1ms,rate=50mbit", scene.file.recut(.size(1_024)))
    let peer = scene.downloader("delay=1ms", from: [odd.address] + origins.map(\.address))
    scene.finish(within: 20)
    #expect(peer.swarm.manifest(scene.downloads[0].key)?.cut == scene.file.cut)
    // If nobody else is there, it is taken all the same, and not much later.
    let alone = Scene(seed, 3_000_000)
    let only = alone.origin("delay=1ms,rate=50mbit", alone.file.recut(.size(1_024)))
    let first = alone.downloader("delay=1ms", from: [only.address])
    let hasManifest = alone.world.run(for: 200 * .millisecond) { first.swarm.manifest(alone.downloads[0].key) != nil }
    #expect(hasManifest)
  }

  /// Liars about the size, with the true cut of another file or a false head, are recognised at once, and many of them
  /// cost little.
  @Test(arguments: seeds(1..<3)) func manyFalseSizes(seed: UInt64) {
    let scene = Scene(seed, 3_000_000)
    let origin = scene.origin("delay=40ms,rate=20mbit")
    let liars = (0..<8).map { i in
      ScriptedServer(
        scene, "delay=\(1 + i)ms",
        offers: { offer in
          let cut = Cut(size: 2_900_000 + UInt64(i) * 300_000)
          (offer.size, offer.pieceExponent, offer.chunks) = (cut.size, cut.pieceExponent, cut.chunks)
          offer.have = [ChunkRun(first: 0, count: cut.chunks)]
        })
    }
    let peer = scene.downloader("delay=1ms", from: liars.map(\.address) + [origin.address])
    #expect(scene.finish(within: 30) < 4 * .second)
    #expect(!peer.distrusts(origin.address))
    for liar in liars { #expect(peer.distrusts(liar.address)) }
  }
}

extension ManifestFetchTests {
  /// A single peer on a slow link takes longer for the head than the patience with a peer that makes no progress.
  @Test func aSlowLinkIsNotGivenUp() {
    let scene = Scene(1, 2_000_000, .size(1_024))
    let origin = scene.origin("delay=50ms,rate=40kbit/1mbit")
    let peer = scene.downloader("delay=5ms", from: [origin.address])
    let isKnown = scene.world.run(for: 30 * .second) { peer.swarm.manifest(scene.downloads[0].key) != nil }
    #expect(isKnown, "62 kB at 5 kB/s")
  }

  /// Twenty peers that offer the file and say nothing more do not keep the honest one waiting long.
  @Test(arguments: seeds(1..<3)) func twentyWhoSayNothing(seed: UInt64) {
    let scene = Scene(seed, 3_000_000)
    let mute = (0..<20).map { _ in ScriptedServer(scene, "delay=1ms", answer: { _ in [] }) }
    for server in mute { server.sendsManifest = { _ in false } }
    let origin = scene.origin("delay=20ms,rate=20mbit")
    let peer = scene.downloader("delay=1ms", from: mute.map(\.address) + [origin.address])
    let isKnown = scene.world.run(for: 20 * .second) { peer.swarm.manifest(scene.downloads[0].key) != nil }
    #expect(isKnown, "seed \(seed)")
  }
}
