import ShoalBase
import ShoalContent
import ShoalLink
import ShoalSimulator
import ShoalWire
import Testing

@testable import ShoalTransport

/// What a peer says out of turn, and what is said to a peer that has proven nothing.
@Suite struct ConversationEdgeTests {
  private func put(_ bytes: [UInt8], from: Address, into host: WorldEndpoint, _ world: World) {
    var bytes = bytes
    bytes.mend()
    host.endpoint.receive(bytes.span, from: from, at: world.now)
    world.flush(host)
  }

  /// Whoever saw an OPEN knows the id in it, and could otherwise end a connection that is not open yet.
  @Test func aResetEndsNothingThatIsNotOpen() throws {
    let pair = try Pair("loss=0%/100%,delay=1ms")
    let id = try #require(pair.world.connect(pair.a, to: pair.b))
    pair.world.run(for: 10 * .millisecond)
    let openers = pair.a[try #require(pair.a.slot(id))].localID
    put(try ResetPacket().datagram(connection: openers), from: pair.a.address, into: pair.b, pair.world)
    #expect(pair.b.endpoint.hosts.halfOpen == 1 && pair.b.closed.isEmpty)
    #expect(pair.b[0].state == .accepting)
  }

  @Test func aResetOfAClosedConnectionIsNotReportedAgain() throws {
    let pair = try Pair("delay=1ms")
    let (id, _) = try pair.connect()
    let remote = pair.a.inside.remoteID
    pair.a.endpoint.close(id, .done, at: pair.world.now)
    pair.world.flush(pair.a)
    put(try ResetPacket().datagram(connection: remote), from: pair.b.address, into: pair.a, pair.world)
    let event = pair.a.endpoint.nextEvent()
    #expect(event == nil && pair.a.endpoint.connections.count == 1)
  }

  @Test func abandoningAnUnopenedConnectionSendsNoClose() throws {
    let pair = try Pair("delay=10ms")
    let tap = Tap(pair.world)
    let id = try #require(pair.world.connect(pair.a, to: pair.b))
    pair.a.endpoint.close(id, .done, at: pair.world.now)
    pair.world.flush(pair.a)
    pair.world.run(for: 300 * .millisecond)
    #expect(tap.datagrams.count { $0.type == .close && $0.datagram.from == pair.a.address } == 0)
  }

  /// Only DATA shows that the peer does not know yet.
  @Test func aCloseAnswersDataAlone() throws {
    let pair = try Pair("delay=1ms")
    let (id, _) = try pair.connect()
    pair.world.run(for: 5 * .second)
    let local = pair.a.inside.localID
    pair.a.endpoint.close(id, .done, at: pair.world.now)
    pair.world.flush(pair.a)
    let before = pair.a.endpoint.counters.sent
    let others = [
      try AckPacket().datagram(connection: local), try ProbedPacket().datagram(connection: local),
      try ChallengePacket().datagram(connection: local), try ClosePacket().datagram(connection: local),
    ]
    for bytes in others { put(bytes, from: pair.b.address, into: pair.a, pair.world) }
    #expect(pair.a.endpoint.counters.sent == before)
    put(try DataPacket().datagram(connection: local), from: pair.b.address, into: pair.a, pair.world)
    #expect(pair.a.endpoint.counters.sent == before + 1)
  }

  @Test func aProbeOfAnotherLengthThanItSaysIsNotAnswered() throws {
    let pair = try Pair("delay=1ms")
    try pair.connect()
    pair.world.run(for: 5 * .second)
    let local = pair.a.inside.localID
    let tap = Tap(pair.world)
    var probe = ProbePacket()
    probe.size = 1_300
    let bytes = try probe.datagram(connection: local, capacity: 1_472)
    put(bytes + [0], from: pair.b.address, into: pair.a, pair.world)
    #expect(tap.count(.probed) == 0)
    put(bytes, from: pair.b.address, into: pair.a, pair.world)
    #expect(tap.count(.probed) == 1)
  }

  /// How much may be sent to an address that has proven nothing depends on how much came from it.
  @Test func anAcceptLeavesOnlyForWhatCameIn() throws {
    let pair = try Pair("loss=0%/100%,delay=1ms")
    pair.world.connect(pair.a, to: pair.b)
    pair.world.run(for: 10 * .millisecond)
    let tap = Tap(pair.world)
    pair.b[0].path.validation.received = pair.b[0].path.validation.sent / Limits.amplification
    pair.world.run(for: 260 * .millisecond) { tap.count(.open) > 0 }
    #expect(tap.count(.accept) == 0)
    // The next OPEN pays for the next ACCEPT.
    pair.world.run(for: 10 * .millisecond)
    #expect(tap.count(.accept) == 1)
  }

  /// 0 means no preference, whichever end says it.
  @Test(arguments: [PacketType.open, .accept]) func anIdleTimeoutOfZeroIsNone(_ by: PacketType) throws {
    let pair = try Pair("delay=1ms")
    let tap = Tap(pair.world)
    tap.change = { datagram, type in
      let id = Header.peek(datagram.bytes.span).connection
      if type == by, type == .open, var packet = try? OpenPacket.decode(datagram.bytes.span) {
        packet.idleTimeout = 0
        datagram.bytes = (try? packet.datagram(connection: id)) ?? []
      } else if type == by, var packet = try? AcceptPacket.decode(datagram.bytes.span) {
        packet.idleTimeout = 0
        datagram.bytes = (try? packet.datagram(connection: id)) ?? []
      }
      return true
    }
    try pair.connect()
    #expect(pair.a.inside.idleTimeout == 30 * .second)
    #expect(pair.b.inside.idleTimeout == 30 * .second)
  }

  /// An ACCEPT that comes after several OPENs may answer any of them, including those before the RETRY.
  @Test func afterARetryOfSeveralOpensTheRoundTripIsAGuess() throws {
    let pair = try Pair("delay=10ms", TransportConfiguration(), .with { $0.maxHalfOpen = 0 })
    let tap = Tap(pair.world)
    tap.lose = [.retry: 1]
    pair.world.connect(pair.a, to: pair.b)
    pair.world.run(for: .second) { pair.a.connection != nil }
    #expect(tap.count(.open) == 3 && !pair.a.inside.path.roundTrip.hasSample)
  }

  @Test func aTokenOfZeroTakesNoTokenAway() throws {
    let pair = try Pair("loss=0%/100%,delay=1ms")
    let id = try #require(pair.world.connect(pair.a, to: pair.b))
    let slot = try #require(pair.a.slot(id))
    for token in [7, 0] as [UInt64] {
      var retry = RetryPacket()
      retry.token = token
      put(try retry.datagram(connection: pair.a[slot].localID), from: pair.b.address, into: pair.a, pair.world)
    }
    #expect(pair.a[slot].handshake.token == 7)
  }

  @Test func anIdIsGoodForOneConnectionOnly() throws {
    let pair = try Pair("delay=1ms", .with { $0.maxConnections = 1 }, TransportConfiguration())
    let (first, _) = try pair.connect()
    pair.a.endpoint.close(first, .done, at: pair.world.now)
    pair.world.flush(pair.a)
    pair.world.run(for: 2 * .second)
    pair.a.connections.removeAll()
    let second = try #require(pair.world.connect(pair.a, to: pair.b))
    #expect(first.slot == second.slot && first != second)
    #expect(pair.a.status(first) == nil && !pair.a.send([1], on: first) && pair.a.status(second) != nil)
  }

  /// Nobody can take the place of a connection that we opened, however long it has been idle.
  @Test func noNewcomerTakesThePlaceOfWhatWeOpened() throws {
    let world = World(seed: 1)
    let server = world.addEndpoint(.with { $0.maxConnections = 8 })
    let hosts = (0..<7).map { _ in world.addEndpoint() }
    let own = try #require(world.connect(server, to: hosts[0]))
    world.run(for: .second)
    for host in hosts {
      world.connect(host, to: server)
      world.run(for: 20 * .millisecond)
    }
    world.run(for: 12 * .second)
    let newcomer = world.addEndpoint()
    world.connect(newcomer, to: server)
    world.run(for: .second)
    #expect(newcomer.connections.count == 1 && server.status(own) != nil)
    #expect(server.closed.count == 1)
  }

  /// A connection over which a peer is served counts as useful too.
  @Test func whatIsAcknowledgedIsUseful() throws {
    let pair = try Pair("delay=1ms")
    let (id, _) = try pair.connect()
    pair.world.run(for: 5 * .second)
    let before = pair.world.now
    pair.world.sendFile(1_000, from: pair.a, on: id)
    pair.world.run(for: .second)
    #expect(pair.a.inside.lastContentAt >= before && pair.b.inside.lastContentAt >= before)
  }
}
