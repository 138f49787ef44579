import ShoalBase
import ShoalContent
import ShoalLink
import ShoalSimulator
import ShoalTransport
import TestSupport
import Testing

@testable import ShoalSwarm

/// How fast, with how much waste, and in how much memory.
struct PaceTests {
  /// The time that the transport alone needs.
  private func alone(_ bytes: Int, _ link: String) -> Nanoseconds {
    let world = World(seed: 1)
    let a = world.addEndpoint(link: Scene.link(link))
    let b = world.addEndpoint()
    let id = world.connect(a, to: b)
    world.run(for: 10 * .second) { a.connection != nil }
    let start = world.now
    world.sendFile(bytes, from: a, on: id!)
    world.run(for: 100 * .second) { world.isComplete }
    return world.now - start
  }

  @Test(arguments: [("delay=10ms,rate=40mbit", 10_000_000), ("delay=20ms,rate=500mbit", 30_000_000)])
  func requestsNeverStarveTheSender(link: String, bytes: Int) {
    let scene = Scene(1, bytes)
    let origin = scene.origin(link)
    scene.downloader("delay=0ms", from: [origin.address])
    let time = scene.finish(within: 60)
    let best = alone(bytes, link)
    // The handshake, WANT and OFFER, and the manifest come before the first block.
    let roundTrip: Nanoseconds = link.contains("20ms") ? 40 * .millisecond : 20 * .millisecond
    let ratio = Double(time - 5 * roundTrip) / Double(best)
    #expect(ratio < 1.05, "\(time / .millisecond) ms, the transport alone \(best / .millisecond) ms")
    #expect(scene.redundancy < 0.001)
  }

  @Test(arguments: seeds(1..<2))
  func aPeerThatFallsSilentIsReplaced(seed: UInt64) {
    let scene = Scene(seed, 8_000_000)
    let origins = (0..<2).map { _ in scene.origin("delay=5ms,rate=10mbit") }
    scene.downloader(from: origins.map(\.address))
    scene.world.run(for: 1_500 * .millisecond)
    #expect(!scene.isComplete)
    origins[0].tamper = { _ in false }
    // What remains takes one of them some 4 s; the silence is noticed after 3 s.
    #expect(scene.finish(within: 30) < 9 * .second)
    #expect(scene.redundancy < 0.02, "seed \(seed): \(scene.redundancy)")
  }

  /// A peer that was slow is the only one left: it is not left alone for the rest of its ten seconds.
  @Test func whoeverWasSlowIsAskedAgainWhenNobodyElseGives() {
    let scene = Scene(7, 2_000_000)
    var isSilent = true
    let slow = ScriptedServer(scene, answer: { isSilent ? [] : [$0] })
    let other = ScriptedServer(scene, "delay=5ms,rate=2mbit")
    scene.downloader(from: [slow.address, other.address])
    scene.world.run(for: 4 * .second)
    isSilent = false
    other.leave()
    #expect(scene.finish(within: 30) < 2 * .second)
  }

  @Test(arguments: seeds(1..<3))
  func aSlowPeerDoesNotHoldUpTheEnd(seed: UInt64) {
    let scene = Scene(seed, 12_000_000)
    let fast = scene.origin("delay=5ms,rate=50mbit")
    let slow = scene.origin("delay=50ms,rate=300kbit")
    let peer = scene.downloader(from: [slow.address, fast.address])
    let time = scene.finish(within: 60)
    // 12 MB at 50 Mbit/s take 1.9 s.
    #expect(time < 3 * .second, "seed \(seed): \(time / .millisecond) ms")
    #expect(scene.redundancy < 0.02, "seed \(seed): \(scene.redundancy)")
    #expect(peer.swarm.progress(scene.downloads[0].key).from.count == 2)
  }

  @Test(arguments: seeds(1..<3))
  func whatIsBufferedIsBounded(seed: UInt64) {
    let scene = Scene(seed, 10_000_000)
    let origins = (0..<3).map { _ in scene.origin("delay=20ms,rate=100mbit") }
    let peer = scene.downloader(from: origins.map(\.address)) { $0.bufferLimit = 1 << 20 }
    peer.verificationDelay = 5 * .millisecond
    var most = 0
    scene.world.afterTurn = { host in
      guard let host = host as? WorldPeer else { return }
      most = max(most, host.swarm.buffered)
      if host.swarm.buffered > host.configuration.bufferLimit { scene.world.violate("\(host.swarm.buffered) buffered") }
    }
    scene.finish(within: 30)
    #expect(most > 900_000)
    #expect(peer.swarm.progress(scene.downloads[0].key).from.count == 3)
  }

  /// Two files, one of which nobody is sending any more: it must not keep the other from being fetched.
  @Test func aStuckFileDoesNotStarveAnother() {
    let scene = Scene(1, 4_000_000)
    let stuck = scene.origin("delay=5ms,rate=50mbit")
    let peer = scene.downloader(from: [stuck.address]) { $0.bufferLimit = 1 << 20 }
    scene.world.run(for: 200 * .millisecond)
    scene.world.crash(stuck)
    let other = WorldFile(seed: 99, size: 3_000_000)
    let origin = scene.origin("delay=5ms", other)
    let key = scene.world.download(other, to: peer, from: [origin.address])
    let isDone = scene.world.run(for: 60 * .second) { peer[key].completedAt != nil }
    #expect(isDone)
    scene.check()
  }

  @Test func aHundredThousandPieces() {
    let scene = Scene(1, 100_000 * 1_024, .size(1_024))
    #expect(scene.file.cut.pieces == 100_000)
    let origin = scene.origin("delay=5ms")
    let peer = scene.downloader(from: [origin.address], having: [ChunkRun(first: 0, count: 99_000)])
    scene.finish(within: 30)
    #expect(peer[scene.downloads[0].key].verified == 1_000)
  }

  /// A map with many runs is announced in many HAVEs, before the manifest is there.
  @Test func aScatteredMapOfAHundredThousandPieces() {
    let scene = Scene(1, 100_000 * 1_024, .size(1_024))
    let origin = scene.origin("delay=5ms")
    let odd = (0..<50_000).map { ChunkRun(first: UInt32(2 * $0 + 1), count: 1) }
    let middle = scene.downloader("delay=5ms", from: [origin.address], having: odd)
    scene.world.run(for: 10 * .second) { !middle.swarm.chunks(scene.downloads[0].key).isEmpty }
    scene.world.crash(origin)
    let half = scene.downloader("delay=5ms", from: [middle.address])
    let known = { half.swarm.downloads.first?.sources.compactMap { $0.pieces?.count }.first ?? 0 }
    #expect(scene.world.run(for: 30 * .second) { known() == middle.swarm.chunks(scene.downloads[0].key).count })
    #expect(half.ledgerIsRight && middle.ledgerIsRight)
    scene.check()
  }

  @Test(arguments: seeds(1..<3))
  func theLedgerIsRightThroughout(seed: UInt64) {
    let scene = Scene(seed, 2_000_000, .size(20_000))
    let tracker = scene.world.addTracker(link: Scene.link("delay=5ms"))
    let origins = (0..<3).map { scene.origin("delay=\(10 * $0 + 1)ms,rate=8mbit,loss=\($0)%", trackers: [tracker]) }
    for _ in 0..<3 { scene.downloader("delay=10ms,rate=10mbit", trackers: [tracker]) }
    var turns = 0
    scene.world.afterTurn = { host in
      guard let host = host as? WorldPeer else { return }
      turns += 1
      if turns % 97 == 0, !host.ledgerIsRight { scene.world.violate("\(host.address): the ledger is wrong") }
    }
    scene.world.run(for: 900 * .millisecond)
    scene.world.crash(origins[0])
    origins[1].tamper = { _ in false }
    scene.finish(within: 60)
  }
}
