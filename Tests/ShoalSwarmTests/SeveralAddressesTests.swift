import ShoalBase
import ShoalSimulator
import ShoalTransport
import ShoalWire
import Testing

@testable import ShoalSwarm

/// A host name with several addresses, all of one peer.
@Suite struct SeveralAddressesTests {
  private let dead = Address(ipv4: 0xc000_0209, port: 7_401)
  private let other = Address(ipv4: 0xc000_020a, port: 7_401)

  private func download(_ scene: Scene, at addresses: [Address]) -> (WorldPeer, FileKey) {
    let peer = scene.downloader()
    peer.swarm.add(peerAt: addresses, for: scene.downloads[0].key, at: scene.world.now)
    scene.world.flush(peer)
    return (peer, scene.downloads[0].key)
  }

  @Test func oneThatIsDeadCostsAQuarterOfASecond() {
    for count in 1...2 {
      let scene = Scene(UInt64(count), 300_000)
      let origin = scene.origin()
      let (peer, key) = download(scene, at: [dead, other].prefix(count) + [origin.address])
      let time = scene.finish(within: 5)
      #expect(time < Nanoseconds(count) * 350 * .millisecond + 300 * .millisecond)
      #expect(peer.swarm.progress(key).from[origin.address] == 300_000)
      // Nobody is told that the others failed, as the peer is there.
      #expect(!peer.events.contains { if case .disconnected(_, false, _, _, _) = $0 { true } else { false } })
    }
  }

  @Test func whereTheFirstAnswersTheOthersAreNotTried() {
    let scene = Scene(1, 3_000_000)
    let (first, second) = (scene.origin(), scene.origin())
    let (peer, key) = download(scene, at: [first.address, second.address, dead])
    #expect(peer.swarm.knownPeers(key) == 1)
    scene.finish(within: 20)
    #expect(peer.swarm.progress(key).from == [first.address: 3_000_000])
    #expect(second.contentSent == 0 && second.swarm.counters.received == 0)
  }

  @Test func ofTwoThatAnswerLateOneIsKept() {
    // Both are more than a quarter of a second away.
    for link in ["delay=200ms", "delay=150ms,jitter=100ms", "delay=140ms"] {
      let scene = Scene(7, 1_000_000)
      let (first, second) = (scene.origin(link), scene.origin("delay=120ms"))
      let (peer, key) = download(scene, at: [first.address, second.address])
      var most = 0
      scene.world.afterTurn = { if $0 === peer { most = max(most, peer.swarm.progress(key).peers) } }
      scene.finish(within: 60)
      #expect(most == 1)
      #expect(peer.swarm.progress(key).from.count == 1)
    }
  }

  @Test func itIsSoughtAtItsOtherAddressesWhenItIsGone() {
    let scene = Scene(1, 20_000_000)
    let (first, second) = (scene.origin("rate=40mbit,delay=5ms"), scene.origin("rate=40mbit,delay=5ms"))
    let (peer, key) = download(scene, at: [first.address, second.address])
    scene.world.run(for: 2 * .second)
    scene.world.crash(first)
    let time = scene.finish(within: 120)
    #expect(peer.swarm.progress(key).from.count == 2)
    #expect(time < 90 * .second)
  }

  @Test func whatIsToldOfThemApartIsOnePeerStill() {
    let scene = Scene(1, 1_000_000)
    let (first, second) = (scene.origin(), scene.origin())
    let (peer, key) = download(scene, at: [first.address, second.address])
    for address in [second.address, first.address] { peer.swarm.add(peer: address, for: key, at: scene.world.now) }
    // And the name is resolved again, to more addresses.
    peer.swarm.add(peerAt: [other, second.address, first.address], for: key, at: scene.world.now)
    #expect(peer.swarm.knownPeers(key) == 1)
    scene.world.flush(peer)
    scene.finish(within: 20)
    #expect(peer.swarm.progress(key).from.count == 1)
  }

  @Test func aPeerThatConnectsByItselfIsTheSame() {
    // It wants something from us, too, and connects first.
    let scene = Scene(1, 1_000_000)
    let origin = scene.origin()
    let (peer, key) = download(scene, at: [dead, other, origin.address])
    let back = WorldFile(seed: 9, size: 500_000, chunking: .automatic)
    scene.world.share(back, from: peer)
    let wanted = scene.world.download(back, to: origin, from: [peer.address])
    scene.finish(within: 10)
    scene.world.run(for: 5 * .second) { origin[wanted].completedAt != nil }
    #expect(origin[wanted].completedAt != nil)
    #expect(peer.swarm.progress(key).from == [origin.address: 1_000_000])
  }

  @Test func theBookAddsUp() {
    // Whatever is added and dropped, each address belongs to at most one peer, and there are never more than allowed.
    var random = SeededGenerator(seed: 3)
    var book = PeerBook()
    let addresses = (0..<40).map { Address(ipv4: 0xc000_0200 + UInt32($0), port: 7_401) }
    var now = Instant.zero
    for _ in 0..<4_000 {
      now = now + Nanoseconds(random.next() % 400) * .millisecond
      let address = addresses[Int(random.next() % 40)]
      switch random.next() % 7 {
      case 0: book.add(address, limit: 25)
      case 1: book.add(peerAt: (0..<Int(random.next() % 12)).map { _ in addresses[Int(random.next() % 40)] }, limit: 25)
      case 2: book.answered(address)
      case 3, 4: book.ended(address, wasUseful: random.next() % 2 == 0, at: now)
      default:
        let due = book.due(at: now)
        for address in due { #expect(book.others(address).allSatisfy { !due.contains($0) }) }
        for address in due { book.connecting(address, at: now) }
      }
      #expect(book.entries.count <= 25 && book.connectedCount == book.entries.values.count { $0.isConnected })
      #expect(book.peerCount <= book.entries.count)
      for address in book.entries.keys {
        #expect(book.others(address).allSatisfy { book.entries[$0]?.peer == book.entries[address]?.peer })
        #expect(book.others(address).count < 8)
      }
    }
  }
}
