import ShoalBase
import ShoalContent
import ShoalSimulator
import ShoalSwarm
import ShoalTransport
import ShoalWire
import Testing

/// How the cut of a file is determined from tickets, OFFERs and the manifest.
struct OfferTests {
  /// Chunks may be announced before the OFFER: up to 4,096 runs are kept, and if there are more they are asked for
  /// again.
  @Test(arguments: [4_096, 4_097]) func whatIsToldEarlyIsKeptOrAskedForAgain(runs: Int) {
    let scene = Scene(1, 100 * 1_024, .size(1_024))
    let server = ScriptedServer(scene, offers: nil)
    let peer = scene.downloader(from: [server.address])
    scene.world.run(for: .second) { server.wants == 1 }
    let told = (0..<runs).map { ChunkRun(first: UInt32(2 * $0 + 1), count: 1) }
    for first in stride(from: 0, to: runs, by: 100) {
      var have = Have()
      (have.file, have.chunks) = (server.number, Array(told[first..<min(first + 100, runs)]))
      server.say(have)
    }
    scene.world.run(for: 200 * .millisecond)
    var offer = Offer()
    (offer.file, offer.size, offer.pieceExponent) = (server.number, scene.file.cut.size, scene.file.cut.pieceExponent)
    offer.chunks = scene.file.cut.chunks
    server.say(offer)
    scene.world.run(for: 500 * .millisecond)
    if runs == 4_096 {
      #expect(server.wants == 1 && server.ends == 0)
      #expect(peer.swarm.chunks(scene.downloads[0].key).count == 50, "what was told early")
    } else {
      #expect(server.wants == 2 && server.ends == 1 && server.asked.isEmpty)
      (offer.file, offer.have) = (server.number, [ChunkRun(first: 0, count: offer.chunks)])
      server.say(offer)
      scene.finish(within: 5)
    }
  }

  /// The ticket is wrong: what is sent before the OFFER does not match it, and nobody is to blame.
  @Test func aWrongTicketIsNotThePeersFault() {
    let scene = Scene(3, 200_000)
    let server = ScriptedServer(scene, offers: nil)
    let peer = scene.world.addPeer(Scene.configuration(), link: Scene.link("delay=5ms"))
    let expected = Cut(size: 190_000)
    let key = scene.world.download(scene.file, to: peer, from: [server.address], expected: expected)
    scene.downloads.append((peer, key))
    scene.world.run(for: 200 * .millisecond)
    var offer = Offer()
    (offer.file, offer.size, offer.pieceExponent) = (server.number, scene.file.cut.size, scene.file.cut.pieceExponent)
    (offer.chunks, offer.have) = (scene.file.cut.chunks, [ChunkRun(first: 0, count: scene.file.cut.chunks)])
    server.say(offer)
    scene.finish(within: 5)
    #expect(!peer.distrusts(server.address))
  }

  /// The ticket is found to be wrong: the next peer is not asked for what it says.
  @Test func aWrongTicketIsUsedOnce() {
    let scene = Scene(4, 200_000)
    let servers = (0..<2).map { _ in ScriptedServer(scene, offers: nil) }
    var asked: [RangeField] = []
    servers[1].sendsManifest = { range in
      asked.append(range)
      return false
    }
    let peer = scene.world.addPeer(Scene.configuration(), link: Scene.link("delay=5ms"))
    let key = scene.world.download(scene.file, to: peer, from: [servers[0].address], expected: Cut(size: 190_000))
    scene.downloads.append((peer, key))
    scene.world.run(for: 200 * .millisecond)
    scene.tellInTurn(of: [servers[1]])
    scene.world.run(for: 500 * .millisecond)
    #expect(asked.isEmpty && servers[1].wants == 1)
  }

  /// An OFFER contradicts the ticket: the manifest that the OFFER describes is asked for at once.
  @Test func anOfferCorrectsTheTicket() {
    let scene = Scene(5, 200_000)
    let server = ScriptedServer(scene)
    let length = UInt32(scene.file.manifest.bytes.count)
    server.sendsManifest = { $0.length == length }
    let peer = scene.world.addPeer(Scene.configuration(), link: Scene.link("delay=5ms"))
    let expected = Cut(size: 200_000, pieceExponent: scene.file.cut.pieceExponent - 1, chunks: 2)
    #expect(expected.isValid)
    let key = scene.world.download(scene.file, to: peer, from: [server.address], expected: expected)
    scene.downloads.append((peer, key))
    #expect(scene.finish(within: 10) < 2 * .second)
  }

  /// The peer that was to send the manifest goes, or no longer serves the file: another is asked at once.
  @Test(arguments: [false, true]) func theManifestIsAskedOfAnother(isRefused: Bool) {
    let scene = Scene(6, 200_000)
    let first = ScriptedServer(scene)
    first.sendsManifest = { _ in false }
    let second = ScriptedServer(scene)
    scene.downloader()
    scene.tellInTurn(of: [first, second])
    scene.world.run(for: 300 * .millisecond)
    if isRefused {
      var refuse = Refuse()
      (refuse.file, refuse.code) = (first.number, Refusal.unknownFile.rawValue)
      // It wants the file itself, so that the connection stays open.
      var want = Want()
      (want.file, want.id) = (9, scene.file.id)
      first.say(want)
      first.say(refuse)
    } else {
      first.leave()
    }
    #expect(scene.finish(within: 10) < .second)
  }

  /// Once the size is proven, a peer that offers another is distrusted.
  @Test func whoOffersAnotherSizeThanTheProvenIsDistrusted() {
    let scene = Scene(7, 200_000)
    let origin = ScriptedServer(scene, answer: { _ in [] })
    let liar = ScriptedServer(scene, offers: { $0.size = 199_999 })
    let peer = scene.downloader()
    scene.tellInTurn(of: [origin])
    scene.world.run(for: 500 * .millisecond)
    scene.tellInTurn(of: [liar])
    scene.world.run(for: 500 * .millisecond)
    #expect(peer.distrusts(liar.address) && !peer.distrusts(origin.address) && liar.asked.isEmpty)
  }

  /// The first name counts, and others cannot change it.
  @Test func theFirstNameStays() {
    let scene = Scene(8, 200_000)
    let first = ScriptedServer(scene, offers: { $0.name = "one" }, answer: { _ in [] })
    let second = ScriptedServer(scene, offers: { $0.name = "two" })
    let peer = scene.downloader()
    scene.tellInTurn(of: [first])
    scene.world.run(for: 100 * .millisecond)
    scene.tellInTurn(of: [second])
    scene.finish(within: 10)
    #expect(peer.swarm.name(scene.downloads[0].key) == "one")
  }

  /// A few bytes now and then are no progress: the manifest is asked of another peer after five seconds.
  @Test func aManifestInDropsIsAskedOfAnother() {
    let scene = Scene(17, 10_000_000)
    let slow = ScriptedServer(scene)
    slow.sendsManifest = { _ in false }
    let origin = ScriptedServer(scene)
    scene.downloader()
    scene.tellInTurn(of: [slow, origin])
    for i in 0..<40 as Range<UInt64> {
      scene.world.run(for: 200 * .millisecond)
      slow.sendManifest(RangeField(offset: i * 20, length: 20))
    }
    #expect(scene.finish(within: 10) < 2 * .second)
  }

  /// If a ticket gives the size, peers that say the same are asked for the manifest before all others.
  @Test func thoseWhoAgreeWithTheTicketAreAskedFirst() {
    let scene = Scene(18, 200_000)
    var (isOddAsked, isRightAsked) = (false, false)
    let first = ScriptedServer(scene)
    first.sendsManifest = { _ in false }
    let odd = ScriptedServer(scene, offers: { $0.size = 199_999 })
    odd.sendsManifest = { _ in
      isOddAsked = true; return false
    }
    let right = ScriptedServer(scene)
    right.sendsManifest = { _ in
      isRightAsked = true; return true
    }
    let peer = scene.world.addPeer(Scene.configuration(), link: Scene.link("delay=5ms"))
    let key = scene.world.download(scene.file, to: peer, from: [first.address], expected: scene.file.cut)
    scene.downloads.append((peer, key))
    scene.world.run(for: 100 * .millisecond)
    scene.tellInTurn(of: [odd, right])
    scene.world.run(for: 100 * .millisecond)
    first.leave()
    scene.finish(within: 10)
    #expect(isRightAsked && !isOddAsked)
  }

  /// A second OFFER under the same number has no effect.
  @Test func aSecondOfferIsIgnored() {
    let scene = Scene(19, 200_000)
    let server = ScriptedServer(scene)
    server.sendsManifest = { _ in false }
    let peer = scene.downloader(from: [server.address])
    scene.world.run(for: 200 * .millisecond)
    var offer = Offer()
    (offer.file, offer.size, offer.pieceExponent) = (server.number, 7, 63)
    server.say(offer)
    scene.world.run(for: 100 * .millisecond)
    #expect(peer.swarm.connectionCount == 1 && server.wants == 1)
    server.sendManifest(RangeField(offset: 0, length: UInt32(scene.file.manifest.bytes.count)))
    scene.finish(within: 3)
  }
}
