import ShoalSimulator
import ShoalSwarm
import ShoalTransport
import ShoalWire
import Testing

/// What is asked of whom, and what becomes of it when a peer goes, falls silent or turns out to be slow.
struct FetchTests {
  private static let piece: UInt32 = 16_384

  /// The cut of the whole is told before the OFFER: up to 4,096 runs are kept, and of more it is asked again.
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

  /// At most 1,024 pieces are asked of one peer at a time, so that it need not remember more.
  @Test func aThousandAndTwentyFourPiecesAreAskedOfOnePeer() {
    let scene = Scene(2, 3_000 * 1_024, .size(1_024))
    let server = ScriptedServer(scene, answer: { _ in [] })
    let peer = scene.downloader(from: [server.address]) { $0.leastRequests = 16 << 20 }
    scene.world.run(for: .second)
    #expect(server.asked.count == 1_024 && Set(server.asked).count == 1_024)
    server.send(server.asked[7])
    scene.world.run(for: 100 * .millisecond)
    #expect(server.asked.count == 1_025 && peer.ledgerIsRight)
  }

  /// A wrong ticket of our own: what is sent before the OFFER does not fit it, and nobody is to blame.
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

  /// An OFFER says otherwise than the ticket: the manifest is asked for at once by what it says.
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

  /// The peer that was to send the manifest goes, or does not serve the file any more: another is asked at once.
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
      first.say(refuse)
    } else {
      first.leave()
    }
    #expect(scene.finish(within: 10) < .second)
  }

  /// Where the size is proven, who offers another is distrusted.
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

  /// The first name counts, and is not to be changed by others.
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

  /// A silent peer is told not to send what others are asked for, and asked for nothing for ten seconds.
  @Test func aSilentPeerIsLeftAloneForTenSeconds() {
    let scene = Scene(9, 40 * Int(Self.piece), .size(Int(Self.piece)))
    let silent = ScriptedServer(scene, answer: { _ in [] })
    let other = ScriptedServer(scene, "delay=5ms,rate=100kbit")
    let peer = scene.downloader(from: [silent.address]) { $0.leastRequests = 5 * Int(Self.piece) }
    scene.world.run(for: .second) { silent.asked.count == 5 }
    let start = scene.world.now
    scene.tellInTurn(of: [other])
    scene.world.run(for: 6 * .second) { !silent.cancelled.isEmpty }
    let pause = scene.world.now - start
    #expect(pause > 2_900 * .millisecond && pause < 3_500 * .millisecond, "\(pause)")
    scene.world.run(for: 50 * .millisecond)
    #expect(Set(silent.cancelled) == Set(silent.asked) && silent.asked.count == 5)
    // In the middle of its rest it is asked for nothing, though there is much to ask for.
    scene.world.run(for: 9 * .second)
    #expect(silent.asked.count == 5 && !peer.swarm.progress(scene.downloads[0].key).isComplete)
    scene.world.run(for: 2 * .second)
    #expect(silent.asked.count > 5)
    silent.answer = { [$0] }
    for range in Set(silent.asked) { silent.send(range) }
    scene.finish(within: 60)
    #expect(peer.ledgerIsRight)
  }

  /// Two are silent, the second of them when nobody else is left: what it owes stays with it and is asked for again.
  @Test func theLastThatSentIsAskedAgain() {
    let scene = Scene(10, 40 * Int(Self.piece), .size(Int(Self.piece)))
    let first = ScriptedServer(scene, answer: { _ in [] })
    let second = ScriptedServer(scene, "delay=5ms,rate=400kbit")
    scene.downloader(from: [first.address]) { $0.leastRequests = 5 * Int(Self.piece) }
    scene.world.run(for: .second) { first.asked.count == 5 }
    scene.tellInTurn(of: [second])
    scene.world.run(for: 6 * .second) { !first.cancelled.isEmpty }
    // From now on the second sends nothing either.
    scene.world.run(for: .second)
    second.answer = { _ in [] }
    scene.world.run(for: 5 * .second)
    let before = second.asked.count
    scene.world.run(for: 3_500 * .millisecond)
    let again = second.asked.suffix(second.asked.count - before)
    #expect(!again.isEmpty && !second.cancelled.isEmpty && again.allSatisfy { second.cancelled.contains($0) })
    for server in [first, second] { server.answer = { [$0] } }
    scene.finish(within: 60)
  }

  /// Near the end two are asked for the same piece: when one has sent it, the other is told.
  @Test func theSlowerIsToldThatAPieceHasCome() {
    let scene = Scene(11, 2 * Int(Self.piece), .size(Int(Self.piece)))
    let slow = ScriptedServer(scene)
    slow.answer = { [$0.first(4_096)] }
    let fast = ScriptedServer(scene, "delay=1ms,rate=100mbit")
    let peer = scene.downloader(from: [slow.address])
    scene.world.run(for: .second) { slow.asked.count == 2 }
    scene.world.run(for: 500 * .millisecond)
    let start = scene.world.now
    scene.tellInTurn(of: [fast])
    scene.finish(within: 10)
    #expect(scene.world.now - start < 2 * .second, "before the slow one counts as silent")
    // All of it is in one CANCEL in the end, or piece by piece before.
    scene.world.run(for: 100 * .millisecond)
    #expect(Set(slow.cancelled) == Set(slow.asked))
    #expect(fast.asked.allSatisfy { $0.length == Self.piece - 4_096 } && fast.asked.count == 2)
    #expect(peer.swarm.progress(scene.downloads[0].key).from.count == 2)
  }

  /// A tracker that is added while a file is wanted is asked for it at once.
  @Test func aTrackerThatComesLaterIsAskedAtOnce() {
    let scene = Scene(12, 200_000)
    let trackers = (0..<2).map { _ in scene.world.addTracker(link: Scene.link("delay=5ms")) }
    _ = scene.origin(trackers: [trackers[1]])
    let peer = scene.downloader(trackers: [trackers[0]])
    scene.world.run(for: 20 * .second)
    var isAsked = false
    scene.world.network.onSend = { datagram, _ in
      if datagram.from == peer.address, TrackerNetwork.packetType(of: datagram.bytes) == .lookup { isAsked = true }
      return true
    }
    // Just after the first has been asked once more.
    #expect(scene.world.run(for: 25 * .second) { isAsked })
    peer.swarm.add(tracker: trackers[1], at: scene.world.now)
    scene.world.flush(peer)
    #expect(scene.finish(within: 30) < .second)
  }

  /// Of two who come to be known at the same time, one at least hears of the other at once.
  @Test func whoHasJustBeenRegisteredAsksForOthers() {
    let scene = Scene(13, 2_000_000)
    let tracker = scene.world.addTracker(link: Scene.link("delay=5ms"))
    let peer = scene.downloader(trackers: [tracker])
    // Long enough that the first questions, a second apart, are over.
    scene.world.run(for: 10 * .second)
    var lookups: [Instant] = []
    scene.world.network.onSend = { datagram, now in
      if datagram.from == peer.address, TrackerNetwork.packetType(of: datagram.bytes) == .lookup { lookups.append(now) }
      return true
    }
    #expect(scene.world.run(for: 5 * .second) { !lookups.isEmpty })
    let server = ScriptedServer(scene, answer: { _ in [] })
    scene.tell(0, of: [server.address])
    let isKnown = scene.world.run(for: 5 * .second) {
      peer.events.contains { if case .tracker(_, .registered) = $0 { true } else { false } }
    }
    let registered = scene.world.now
    scene.world.run(for: 200 * .millisecond)
    #expect(isKnown && lookups.last ?? .zero >= registered)
  }

  /// Who makes us queue answers and takes none is left, at the 1,025th.
  @Test func answersThatAreNotTakenHaveALimit() throws {
    var bare = BareSwarm()
    let address = Address(ipv4: 0x0a00_0001, port: 7_400)
    let id = try bare.accept(from: address, as: 5)
    var request = Request()
    request.ranges = [RangeField(offset: 0, length: 1)]
    let message = try request.encoded()
    // The first number after that of the OPEN; nothing is sent meanwhile.
    try bare.say(Array(repeating: message, count: 1_024), 0, on: id, from: address)
    #expect(bare.swarm.connectionCount == 1)
    try bare.say([message], 1, on: id, from: address)
    #expect(bare.swarm.connectionCount == 0)
    let codes = bare.events().compactMap { event -> UInt16? in
      if case .disconnected(_, true, let code, _, false) = event { code } else { nil }
    }
    #expect(codes == [CloseCode.protocolError.rawValue])
  }

  /// Of the peers that a tracker tells of, those that have most are tried first.
  @Test func thoseWhoHaveMostAreTriedFirst() throws {
    var bare = BareSwarm()
    let tracker = Address(ipv4: 0x0a00_0002, port: 7_400)
    let id = TrackerNetwork.digest(1)
    _ = bare.swarm.download(id: id, at: bare.now)
    bare.swarm.add(tracker: tracker, at: bare.now)
    var peers = PeersPacket()
    peers.id = id
    for i in 0..<20 as Range<UInt32> {
      var peer = PeerEntry()
      (peer.address, peer.have) = (Address(ipv4: 0x0a00_0100 + i, port: 7_400), i * 7 % 20)
      peers.peers.append(peer)
    }
    var dialled: [UInt32] = []
    for _ in 0..<10 {
      for (to, bytes) in bare.sent(for: 50 * .millisecond) {
        let (header, type) = try Header.decode(bytes.span.bytes)
        switch type {
        case .connect: bare.hand(try ConnectedPacket().datagram(connection: header.connection), from: tracker)
        case .lookup: bare.hand(try peers.datagram(connection: header.connection), from: tracker)
        case .open: dialled.append((to.ipv4 - 0x0a00_0100) * 7 % 20)
        default: break
        }
      }
    }
    #expect(Array(dialled.prefix(8)) == [19, 18, 17, 16, 15, 14, 13, 12])
  }
}
