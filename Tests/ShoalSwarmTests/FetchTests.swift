import ShoalBase
import ShoalContent
import ShoalSimulator
import ShoalSwarm
import ShoalTransport
import ShoalWire
import Testing

/// How much is requested from whom, and when trackers are asked.
struct FetchTests {
  private static let piece: UInt32 = 16_384

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

  /// A connection on which nothing is wanted any more is kept for another ten seconds.
  @Test func whatIsNotNeededAnyMoreLastsTenSeconds() {
    let scene = Scene(23, 40 * Int(Self.piece), .size(Int(Self.piece)))
    let server = ScriptedServer(scene, "delay=5ms,rate=400kbit")
    let peer = scene.downloader(from: [server.address])
    #expect(scene.finish(within: 30) > 11 * .second)
    scene.world.run(for: 9_500 * .millisecond)
    #expect(server.ends == 1 && peer.swarm.connectionCount == 1)
    scene.world.run(for: .second)
    #expect(peer.swarm.connectionCount == 0)
  }

  /// A tracker that is added while a file is wanted is asked about it at once.
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
    // Just after the first one has been asked once more.
    #expect(scene.world.run(for: 25 * .second) { isAsked })
    peer.swarm.add(tracker: trackers[1], at: scene.world.now)
    scene.world.flush(peer)
    #expect(scene.finish(within: 30) < .second)
  }

  /// Of two peers that become known at the same time, at least one hears of the other at once.
  @Test func registeringAsksForPeers() {
    let scene = Scene(13, 2_000_000)
    let tracker = scene.world.addTracker(link: Scene.link("delay=5ms"))
    let peer = scene.downloader(trackers: [tracker])
    // Long enough that the first questions, a second apart, are over.
    scene.world.run(for: 10 * .second)
    var wanted: [UInt8] = []
    scene.world.network.onSend = { datagram, _ in
      if datagram.from == peer.address, TrackerNetwork.packetType(of: datagram.bytes) == .register {
        wanted.append((try? RegisterPacket.decode(datagram.bytes.span))?.query?.want ?? 0)
      }
      return true
    }
    let server = ScriptedServer(scene, answer: { _ in [] })
    scene.tell(0, of: [server.address])
    let isKnown = scene.world.run(for: 5 * .second) {
      peer.events.contains { if case .tracker(_, .registered) = $0 { true } else { false } }
    }
    #expect(isKnown && wanted.first ?? 0 > 0)
  }

  /// A peer that causes answers and acknowledges none is dropped at the 1,025th.
  @Test func answersThatAreNotTakenHaveALimit() throws {
    var bare = BareSwarm()
    let address = Address(ipv4: 0x0a00_0001, port: 7_400)
    let id = try bare.accept(from: address, as: 5)
    var request = Request()
    request.ranges = [RangeField(offset: 0, length: 1)]
    let message = try request.encoded()
    // The first number after that of the OPEN; nothing is sent meanwhile, not even HELLO and PASS.
    try bare.say(Array(repeating: message, count: 1_022), 0, on: id, from: address)
    #expect(bare.swarm.connectionCount == 1)
    try bare.say([message], 1, on: id, from: address)
    #expect(bare.swarm.connectionCount == 0)
    let codes = bare.events().compactMap { event -> UInt16? in
      if case .disconnected(_, true, let code, _, false) = event { code } else { nil }
    }
    #expect(codes == [CloseCode.protocolError.rawValue])
  }

  /// Of the peers that a tracker names, those that have most are tried first.
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
        let (header, type) = try Header.decode(bytes.span)
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
