import ShoalBase
import ShoalContent
import ShoalSimulator
import ShoalWire
import TestSupport
import Testing

@testable import ShoalSwarm

/// Peers tell each other of others: a swarm needs no tracker once it has begun, and nobody can be aimed at strangers.
struct PeerExchangeTests {
  /// Receivers that know only the origin find each other, and the origin need not send everything to each of them.
  @Test(arguments: seeds(1..<3)) func receiversFindEachOther(seed: UInt64) {
    let scene = Scene(seed, 4_000_000)
    let origin = scene.origin("delay=5ms,rate=8mbit")
    for _ in 0..<4 { scene.downloader("delay=5ms,rate=20mbit", from: [origin.address]) }
    scene.finish(within: 60)
    #expect(origin.contentSent < 7_000_000, "seed \(seed): \(origin.contentSent)")
    for (peer, key) in scene.downloads { #expect(peer.swarm.progress(key).from.count > 1) }
  }

  /// The tracker leaves, then the origin, once the receivers together have all bytes; a newcomer knows only one of
  /// them.
  @Test(arguments: seeds(1..<2)) func aSwarmOutlivesItsTracker(seed: UInt64) {
    let scene = Scene(seed, 4_000_000)
    let tracker = scene.world.addTracker(link: Scene.link("delay=5ms"))
    let origin = scene.origin("delay=5ms,rate=8mbit", trackers: [tracker])
    scene.world.run(for: .second)
    for _ in 0..<3 { scene.downloader("delay=5ms,rate=8mbit", trackers: [tracker], from: [origin.address]) }
    scene.world.run(for: .second)
    if let host = scene.world.host(at: tracker) { scene.world.crash(host) }
    let isAllThere = scene.world.run(for: 60 * .second) {
      let have = scene.downloads.reduce(BitSet(capacity: scene.file.cut.pieces)) { $0.union($1.peer[$1.key].written) }
      return have.isComplete && !scene.isComplete
    }
    #expect(isAllThere, "seed \(seed)")
    scene.world.crash(origin)
    scene.downloader("delay=5ms,rate=8mbit", from: [scene.downloads[0].peer.address])
    scene.finish(within: 60)
    #expect(scene.downloads[3].peer.swarm.progress(scene.downloads[3].key).from.count >= 2, "seed \(seed)")
  }

  /// A peer that comes later and has much of the file is asked within a second of connecting to any peer. A sharer
  /// connects to nobody; it is found through the tracker even while others give.
  @Test(arguments: seeds(1..<3)) func aSharerThatComesLaterIsUsedSoon(seed: UInt64) {
    let scene = Scene(seed, 4_000_000)
    let tracker = scene.world.addTracker(link: Scene.link("delay=5ms"))
    for _ in 0..<3 { _ = scene.origin("delay=5ms,rate=300kbit", trackers: [tracker]) }
    scene.downloader("delay=5ms", trackers: [tracker])
    scene.world.run(for: 9 * .second)
    let late = scene.origin("delay=5ms,rate=20mbit", trackers: [tracker])
    let isUsed = scene.world.run(for: 1_500 * .millisecond) { late.contentSent > 0 }
    #expect(isUsed, "seed \(seed)")
  }

  @Test(arguments: seeds(1..<4)) func aSourceThatComesLaterIsUsedWithinASecond(seed: UInt64) {
    let scene = Scene(seed, 4_000_000)
    let origin = scene.origin("delay=5ms,rate=500kbit")
    let peer = scene.downloader("delay=5ms", from: [origin.address])
    scene.world.run(for: 5 * .second)
    let half = ChunkRun(first: 0, count: scene.file.cut.chunks / 2)
    let late = scene.downloader("delay=5ms,rate=20mbit", from: [origin.address], having: [half])
    #expect(scene.world.run(for: 3 * .second) { late.swarm.connectionCount > 0 })
    let isUsed = scene.world.run(for: .second) { late.contentSent > 0 }
    #expect(isUsed && peer.swarm.progress(scene.downloads[0].key).from.count >= 1, "seed \(seed)")
  }

  /// A waiting peer learns of the first sharer soon after the tracker does, however long it has waited.
  @Test(arguments: [3, 47, 1_000] as [Nanoseconds]) func theFirstSharerIsUsedSoon(after seconds: Nanoseconds) {
    let scene = Scene(5, 1_000_000)
    let tracker = scene.world.addTracker(link: Scene.link("delay=5ms"))
    let peer = scene.downloader("delay=5ms", trackers: [tracker])
    scene.world.run(for: seconds * .second)
    let origin = scene.origin("delay=5ms,rate=20mbit", trackers: [tracker])
    #expect(scene.world.run(for: 1_200 * .millisecond) { origin.contentSent > 0 })
    #expect(peer.swarm.connectionCount == 1)
    scene.finish(within: 10)
  }

  /// A peer names a thousand strangers: each gets at most three OPENs, few are tried each second, and the download does
  /// not suffer.
  @Test func strangersAreLeftInPeace() {
    let scene = Scene(1, 4_000_000)
    let origin = scene.origin("delay=5ms,rate=2mbit")
    var told = 0
    let liar = ScriptedServer(scene, "delay=1ms", answer: { _ in [] })
    let peer = scene.downloader("delay=5ms", from: [origin.address, liar.address])
    var opens: [Address: Int] = [:]
    scene.world.network.onSend = { datagram, _ in
      if datagram.from == peer.address { opens[datagram.to, default: 0] += 1 }
      return true
    }
    scene.world.run(for: .second)
    for _ in 0..<60 {
      var known = Known()
      known.peers = (0..<16).map { KnownPeer(Address(ipv4: 0xcb00_7100 + UInt32(told + $0), port: 53)) }
      known.peers.append(KnownPeer(Address(ipv4: 0xa9fe_0001, port: 9)))
      told += 16
      known.file = liar.number
      liar.say(known)
      scene.world.run(for: 100 * .millisecond)
    }
    scene.finish(within: 60)
    scene.world.run(for: 100 * .second)
    let strangers = opens.filter { $0.key.ipv4 >> 8 == 0xcb0071 || $0.key.ipv4 >> 12 == 0xcb007 }
    #expect(!strangers.isEmpty && strangers.count <= SwarmConstants.knownByHost, "\(strangers.count)")
    #expect(strangers.values.allSatisfy { $0 <= 3 }, "\(strangers)")
    #expect(opens.keys.allSatisfy { !$0.isLinkLocal })
  }

  @Test func whatMayBeTold() {
    let wide = Address(ipv4: 0xc633_6407, port: 7_401)
    let inner = Address(ipv4: 0xc0a8_0107, port: 7_401)
    let own = Address(ipv4: 0x7f00_0001, port: 7_401)
    let link = Address(high: 0xfe80 << 48, low: 5, port: 7_401, scope: 2)
    let local = Address(high: 0xfd00 << 48, low: 5, port: 7_401)
    #expect(wide.mayBeTold(to: inner) && wide.mayBeTold(to: wide) && inner.mayBeTold(to: local))
    #expect(!inner.mayBeTold(to: wide) && !own.mayBeTold(to: wide) && own.mayBeTold(to: own))
    #expect(!link.mayBeTold(to: link) && !local.mayBeTold(to: wide) && !wide.with(port: 0).mayBeTold(to: wide))
  }
}
