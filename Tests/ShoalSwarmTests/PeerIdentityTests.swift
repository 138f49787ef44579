import ShoalBase
import ShoalContent
import ShoalSimulator
import ShoalTransport
import ShoalWire
import TestSupport
import Testing

@testable import ShoalSwarm

/// Two peers need one connection, however many addresses they have and whichever opened it; and a mere claim ends none.
@Suite struct PeerIdentityTests {
  /// The second address of a peer in these tests.
  private static func second(_ peer: WorldPeer) -> Address {
    Address(high: 0x2001_0db8 << 32, low: peer.address.low, port: 7_401)
  }

  private static func give(_ scene: Scene, _ peers: WorldPeer...) {
    for peer in peers { scene.world.network.add(second(peer), to: peer.address) }
  }

  @Test(arguments: seeds(1..<5)) func aPeerWithTwoAddressesIsOnePeer(seed: UInt64) {
    let scene = Scene(seed, 5_000_000)
    let link = seed % 2 == 0 ? "delay=10ms,rate=20mbit" : "delay=10ms,rate=20mbit,loss=5%"
    let origin = scene.origin(link)
    let peer = scene.downloader(link)
    let key = scene.downloads[0].key
    Self.give(scene, origin, peer)
    for address in [origin.address, Self.second(origin)] {
      peer.swarm.add(peer: address, for: key, at: scene.world.now)
    }
    scene.world.flush(peer)
    scene.world.run(for: 1_800 * .millisecond)
    #expect(peer.swarm.connectionCount == 1 && origin.swarm.connectionCount == 1, "seed \(seed)")
    scene.finish(within: 30)
    let from = peer.swarm.progress(key).from
    #expect(from.count == 1 && from.values.first == 5_000_000, "seed \(seed): \(from)")
    let served = origin.events.compactMap { if case .served(_, _, let bytes) = $0 { bytes } else { nil } }
    scene.world.run(for: 30 * .second)
    #expect(served.count <= 1, "seed \(seed)")
    #expect(origin.swarm.connectionCount == 0, "seed \(seed)")
    #expect(!peer.swarm.openLinks.contains { $0.older != nil })
  }

  /// Each knows both addresses of the other, and both connect at the same moment.
  @Test(arguments: seeds(1..<5)) func twoThatCallEachOtherKeepOneConnection(seed: UInt64) {
    let scene = Scene(seed, 4_000_000)
    let half = scene.file.cut.chunks / 2
    let runs = [ChunkRun(first: 0, count: half), ChunkRun(first: half, count: scene.file.cut.chunks - half)]
    let link = "delay=20ms,rate=10mbit" + (seed % 2 == 0 ? "" : ",loss=3%")
    let origin = scene.origin("delay=20ms,rate=200kbit")
    let pair = runs.map { scene.downloader(link, from: [origin.address], having: [$0]) }
    Self.give(scene, pair[0], pair[1])
    let areReady = scene.world.run(for: 5 * .second) {
      scene.downloads.allSatisfy { $0.peer.swarm.progress($0.key).total > 0 }
    }
    #expect(areReady)
    for (own, other) in [(0, 1), (1, 0)] {
      for address in [pair[other].address, Self.second(pair[other])] {
        pair[own].swarm.add(peer: address, for: scene.downloads[own].key, at: scene.world.now)
      }
    }
    for peer in pair { scene.world.flush(peer) }
    scene.world.run(for: 800 * .millisecond)
    for peer in pair { #expect(peer.swarm.connectionCount == 2, "seed \(seed)") }
    scene.finish(within: 30)
    for (peer, key) in scene.downloads {
      #expect(peer.swarm.progress(key).from.count <= 2, "seed \(seed): \(peer.swarm.progress(key).from)")
    }
  }

  /// The other address is used as soon as the connection has ended.
  @Test func theOtherAddressIsUsedWhenTheFirstFails() {
    let scene = Scene(3, 20_000_000)
    let origin = scene.origin("delay=10ms,rate=10mbit")
    let peer = scene.downloader("delay=10ms,rate=10mbit")
    Self.give(scene, origin, peer)
    let key = scene.downloads[0].key
    for address in [origin.address, Self.second(origin)] {
      peer.swarm.add(peer: address, for: key, at: scene.world.now)
    }
    scene.world.flush(peer)
    scene.world.run(for: 2 * .second)
    #expect(peer.swarm.connectionCount == 1)
    let kept = peer.swarm.openLinks[0].address
    scene.world.network.onSend = { datagram, _ in datagram.to.isIPv4 != kept.isIPv4 }
    let isGone = scene.world.run(for: 40 * .second) { !peer.swarm.openLinks.contains { $0.address == kept } }
    #expect(isGone)
    #expect(scene.world.run(for: .second) { peer.swarm.openLinks.contains { $0.address != kept && $0.isOpen } })
    scene.finish(within: 60)
  }

  /// A peer whose old connection has gone silent opens a new one, which is not closed in favour of the old.
  @Test func aConnectionIsNotEndedForOneThatIsDead() {
    let scene = Scene(4, 20_000_000)
    let origin = scene.origin("delay=10ms,rate=10mbit")
    let peer = scene.downloader("delay=10ms,rate=10mbit", from: [origin.address])
    Self.give(scene, origin, peer)
    scene.world.run(for: 2 * .second)
    scene.world.network.onSend = { datagram, _ in !datagram.to.isIPv4 }
    peer.swarm.add(peer: Self.second(origin), for: scene.downloads[0].key, at: scene.world.now)
    scene.world.flush(peer)
    scene.world.run(for: 3 * .second)
    #expect(peer.swarm.openLinks.contains { !$0.address.isIPv4 && $0.isOpen })
    #expect(origin.swarm.openLinks.contains { !$0.address.isIPv4 && $0.isOpen })
    scene.finish(within: 40)
  }

  /// A liar was there first and claims to be the origin; it gives nothing and answers every SAME with a CLOSE.
  @Test(arguments: seeds(1..<5)) func aFalseNameKeepsNobodyOut(seed: UInt64) {
    let scene = Scene(seed, 2_000_000)
    let origin = scene.origin("delay=10ms,rate=20mbit")
    var links: [ConnectionID] = []
    let liar = scene.liar("delay=1ms", offers: nil) { stranger, event, now in
      var hello = Hello()
      hello.peer = origin.swarm.identity
      switch event {
      case .opened(let id, _):
        links.append(id)
        stranger.send(hello, on: id)
      case .other(let id, .same) where seed % 2 == 0: stranger.endpoint.close(id, .duplicate, at: now)
      default: break
      }
    }
    let peer = scene.downloader("delay=10ms", from: [liar.address])
    let key = scene.downloads[0].key
    scene.world.run(for: .second)
    peer.swarm.add(peer: origin.address, for: key, at: scene.world.now)
    scene.world.flush(peer)
    scene.world.run(for: 400 * .millisecond)
    var same = Same()
    for proof in 0..<100 as Range<UInt64> {
      same.proof = proof
      for link in links { liar.send(same, on: link) }
    }
    scene.world.flush(liar)
    let time = scene.finish(within: 5)
    #expect(time < 2 * .second && peer.swarm.progress(key).from == [origin.address: 2_000_000], "seed \(seed)")
  }

  /// A peer that is told of its own address notices, and does not try it again.
  @Test func nobodyTalksToItself() {
    let scene = Scene(1, 1_000_000)
    let peer = scene.downloader("delay=5ms")
    Self.give(scene, peer)
    let key = scene.downloads[0].key
    peer.swarm.add(peer: Self.second(peer), for: key, at: scene.world.now)
    scene.world.flush(peer)
    var calls = 0
    scene.world.network.onSend = { datagram, _ in
      if Header.peek(datagram.bytes.span).packetType == .open { calls += 1 }
      return true
    }
    scene.world.run(for: 100 * .second)
    #expect(peer.swarm.connectionCount == 0 && calls <= 1, "\(calls)")
  }

  /// The proof for one pair of connections is none for another.
  @Test func aProofHoldsForOnePair() {
    let ids = (0..<4).map { ConnectionIDs(opener: $0, responder: $0 + 100) }
    var proofs: Set<UInt64> = []
    for kept in ids { for ended in ids { proofs.insert(Same.proof(kept: kept, ended: ended)) } }
    #expect(proofs.count == 16)
  }
}
