import ShoalBase
import ShoalContent
import ShoalLink
import ShoalSimulator
import ShoalTransport
import ShoalWire
import TestSupport
import Testing

@testable import ShoalSwarm

/// Messages in OPEN: how many round trips they save, and that a replayed one does no harm.
@Suite struct EarlyMessageTests {
  /// How long a file takes over a round trip of 100 ms, if the ticket gives its cut.
  private func seconds(
    _ size: Int, expected: Cut? = nil, _ origin: (inout SwarmConfiguration) -> Void = { _ in },
    tamper: ((inout [UInt8]) -> Bool)? = nil
  ) -> Double {
    let scene = Scene(3, size)
    let server = scene.world.addPeer(Scene.configuration(origin), link: Scene.link("delay=25ms"))
    server.tamper = tamper
    scene.world.share(scene.file, from: server)
    let peer = scene.world.addPeer(Scene.configuration(), link: Scene.link("delay=25ms"))
    let start = scene.world.now
    let key = scene.world.download(scene.file, to: peer, from: [server.address], expected: expected ?? scene.file.cut)
    let isDone = scene.world.run(for: 20 * .second) { peer[key].completedAt != nil }
    #expect(isDone && !peer.distrusts(server.address))
    scene.check()
    return Double(scene.world.now - start) / 1e9
  }

  @Test func aSmallFileTakesTwoRoundTrips() {
    let time = seconds(1_024)
    #expect(time < 0.21, "\(time)")
    // A token proves the address, so the file comes together with the answer to the OPEN that has it.
    let proven = seconds(1_024, { $0.transport.maxHalfOpen = 0 })
    #expect(proven < 0.21, "\(proven)")
    let large = seconds(200_000)
    #expect(large < 0.5, "\(large)")
  }

  @Test func aWrongTicketCostsLittle() {
    for wrong in [
      Cut(size: 1_023, pieceExponent: 16, chunks: 1), Cut(size: 2_000, pieceExponent: 16, chunks: 1),
      Cut(size: 1_024, pieceExponent: 10, chunks: 1),
    ] {
      let time = seconds(1_024, expected: wrong)
      #expect(time < 0.55, "\(wrong) \(time)")
    }
  }

  @Test func aPeerOfAnEarlierRevisionGetsThemInData() {
    let time = seconds(
      200_000,
      tamper: { datagram in
        if datagram[3] == PacketType.accept.rawValue { datagram.removeLast() }
        return true
      })
    #expect(time < 0.55, "\(time)")
  }

  @Test func underLossTheyAreDelivered() {
    for seed in seeds(1..<9) {
      let scene = Scene(seed, [3_000, 100_000, 500_000][Int(seed % 3)])
      let origin = scene.origin("delay=10ms,loss=30%")
      let peer = scene.world.addPeer(Scene.configuration(), link: Scene.link("delay=10ms,reorder=20%,duplicate=20%"))
      let key = scene.world.download(scene.file, to: peer, from: [origin.address], expected: scene.file.cut)
      let isDone = scene.world.run(for: 60 * .second) { peer[key].completedAt != nil }
      #expect(isDone && !peer.distrusts(origin.address), "seed \(seed)")
      scene.check()
    }
  }

  private func open(_ messages: [[UInt8]], _ id: UInt64, token: UInt64 = 0) throws -> [UInt8] {
    var open = OpenPacket()
    (open.window, open.maxDatagram, open.idleTimeout, open.token) = (1_000, 65_507, 30, token)
    var bytes = try open.encoded(connection: id)
    let early = messages.flatMap { $0 }
    bytes.replaceSubrange(OpenPacket.overhead..<OpenPacket.overhead + early.count, with: early)
    Datagram.seal(&bytes)
    return bytes
  }

  /// Somebody who saw an OPEN with a token sends it again and again, also under other ids, in its sender's name.
  @Test func aReplayedOpenDoesNoHarm() throws {
    let file = WorldFile(seed: 1, size: 1_000_000)
    var configuration = SwarmConfiguration()
    configuration.transport.maxHalfOpen = 0
    var bare = BareSwarm(configuration)
    let key = bare.swarm.share(file.manifest, name: "file", at: bare.now)
    let victim = Address(ipv4: 0x0102_0304, port: 9)
    var want = Want()
    (want.id, want.serves) = (file.id, 1)
    var request = Request()
    request.ranges = [RangeField(offset: 0, length: 1_000_000)]
    var done = Progress()
    done.bytes = 1_000_000
    let messages = try [want.encoded(), request.encoded(), done.encoded(), Cancel().encoded()]
    bare.hand(try open(messages, 7), from: victim)
    let retry = try #require(bare.sent().first)
    let token = try RetryPacket.decode(retry.bytes.span).token
    let replay = try open(messages, 7, token: token)
    var bytes = 0
    for round in 1...5 {
      bare.hand(replay, from: victim)
      bytes += bare.sent(for: 100 * .millisecond).reduce(0) { $0 + $1.bytes.count }
      #expect(bare.swarm.connectionCount == 1 && bytes <= 3 * 1_200 * round, "\(bytes)")
    }
    // Nothing of it is believed to have been served, and the connection ends by itself.
    _ = bare.sent(for: 15 * .second)
    #expect(bare.swarm.connectionCount == 0)
    var hasServed = false
    for event in bare.events() {
      if case .served(key, _, _) = event { hasServed = true }
    }
    #expect(!hasServed)
    // The token has expired.
    bare.hand(replay, from: victim)
    let types = bare.sent().map { PacketType(rawValue: $0.bytes[3]) }
    #expect(types == [.retry])
  }

  @Test func withoutATokenNothingIsDoneBeforeTheAddressIsProven() throws {
    let file = WorldFile(seed: 1, size: 100_000)
    var bare = BareSwarm()
    _ = bare.swarm.share(file.manifest, name: "file", at: bare.now)
    var want = Want()
    want.id = file.id
    var request = Request()
    request.ranges = [RangeField(offset: 0, length: 1_000)]
    let address = Address(ipv4: 0x0102_0304, port: 9)
    bare.hand(try open([try want.encoded(), try request.encoded()], 7), from: address)
    let answers = bare.sent(for: 3 * .second)
    let areAccepts = answers.allSatisfy { $0.bytes[3] == PacketType.accept.rawValue }
    #expect(areAccepts && !answers.isEmpty && bare.swarm.connectionCount == 0 && bare.offsets.isEmpty)
    let first = try #require(answers.first)
    let accept = try AcceptPacket.decode(first.bytes.span)
    #expect(accept.note?.early == 1)
    // Any packet with its id proves the address, even one without messages.
    try bare.say([], 0, on: accept.responder, from: address)
    _ = bare.sent(for: 100 * .millisecond)
    #expect(bare.swarm.connectionCount == 1 && bare.offsets == [0])
  }

  @Test func whatIsMalformedInAnOpenIsPadding() throws {
    var bare = BareSwarm()
    let address = Address(ipv4: 0x0102_0304, port: 9)
    var bytes = try open([[MessageType.want.rawValue, 0xff, 0xff]], 7)
    bare.hand(bytes, from: address)
    #expect(bare.sent().count == 1)
    // A message whose fields are cut off ends the connection, as it does in DATA.
    bytes = try open([[MessageType.want.rawValue, 0, 1, 7]], 8)
    bare.hand(bytes, from: address)
    let answer = try #require(bare.sent().first)
    let accept = try AcceptPacket.decode(answer.bytes.span)
    try bare.say([], 0, on: accept.responder, from: address)
    let isClosed = bare.sent().contains { $0.bytes[3] == PacketType.close.rawValue }
    #expect(isClosed && bare.swarm.connectionCount == 0)
  }
}
