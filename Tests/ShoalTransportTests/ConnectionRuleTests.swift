import ShoalBase
import ShoalContent
import ShoalLink
import ShoalSimulator
import ShoalWire
import Testing

@testable import ShoalTransport

/// Small rules of a connection that nobody would notice unless they were broken.
@Suite struct ConnectionRuleTests {
  /// A peer that sends now and then need not show that it is still there.
  @Test func trafficPutsOffKeepAlives() throws {
    let pair = try Pair("delay=5ms")
    let (id, _) = try pair.connect()
    let tap = Tap(pair.world)
    for _ in 0..<20 {
      pair.world.run(for: 3 * .second)
      pair.world.sendMessage(from: pair.a, on: id)
    }
    pair.world.run(for: .second)
    #expect(tap.times(.data, from: pair.a).count == 20)
    pair.world.run(for: 60 * .second)
    #expect((24...28).contains(tap.times(.data, from: pair.a).count), "and silence does not")
  }

  /// If it is not known which OPEN was answered, the first round trip comes from the answer to a path probe.
  @Test func theAnswerToAProbeOfThePathTellsTheTime() throws {
    let pair = try Pair("delay=20ms")
    let tap = Tap(pair.world)
    tap.lose = [.open: 1]
    let (id, _) = try pair.connect()
    #expect(pair.a.status(id)?.roundTrip == nil)
    pair.world.run(for: 100 * .millisecond)
    #expect(pair.a.status(id)?.roundTrip == 40 * .millisecond)
  }

  /// A window is not described further if nothing pays for the ACKs.
  @Test func whatIsNotPaidForIsNotDescribedFurther() throws {
    let pair = try Pair("delay=1ms")
    try pair.connect()
    pair.world.run(for: .second)
    let tap = Tap(pair.world)
    // The shortest packets, of which every other one is missing, and each asks for an ACK.
    let first = pair.b.inside.receiveWindow.next + 1
    for i in 0..<16_000 as Range<UInt64> {
      var packet = DataPacket()
      packet.sequence = UInt32(truncatingIfNeeded: first + 2 * i)
      let bytes = try packet.datagram(connection: pair.b.inside.localID, capacity: 28)
      pair.b.endpoint.receive(bytes.span, from: pair.a.address, at: pair.world.now)
      pair.world.flush(pair.b)
      if i % 64 == 0 { pair.world.run(for: .millisecond) }
    }
    pair.world.run(for: 50 * .millisecond)
    let before = tap.times(.ack, from: pair.b).count
    pair.world.run(for: 5 * .second)
    let further = tap.times(.ack, from: pair.b).count - before
    #expect(before > 20 && further <= 3, "\(before) \(further)")
  }

  /// A peer gives the same id to two of our connections: when one of them ends, the other can still be found.
  @Test func anIdThatIsGivenTwiceIsStillFoundOnce() throws {
    var endpoint = Endpoint(TransportConfiguration(), secrets: SecretGenerator(seed: 1))
    let peer = Address(ipv4: 0x0a00_0009, port: 7_400)
    var now = Instant.zero + .second
    var buffer = [UInt8](repeating: 0, count: 65_536)
    func drain(_ endpoint: inout Endpoint, at now: Instant) -> [[UInt8]] {
      var sent: [[UInt8]] = []
      while let transmit = endpoint.nextTransmit(into: &buffer, at: now) {
        sent.append(Array(buffer[..<transmit.headerLength]))
      }
      return sent
    }
    var ids: [ConnectionID] = []
    for _ in 0..<2 {
      let id = endpoint.open(to: peer, at: now)
      ids.append(try #require(id))
      let open = drain(&endpoint, at: now)[0]
      let header = try Header.decode(open.span).header
      var accept = AcceptPacket()
      (accept.responder, accept.window, accept.maxDatagram, accept.idleTimeout) = (77, 100, 1_500, 30)
      let bytes = try accept.datagram(connection: header.connection)
      endpoint.receive(bytes.span, from: peer, at: now)
      _ = drain(&endpoint, at: now)
    }
    let count = endpoint.establishedCount
    #expect(count == 2)
    endpoint.close(ids[0], .done, at: now)
    _ = drain(&endpoint, at: now)
    now = now + .second
    endpoint.expire(at: now)
    _ = drain(&endpoint, at: now)
    while endpoint.nextEvent() != nil {}
    let reset = try ResetPacket().datagram(connection: 77)
    endpoint.receive(reset.span, from: peer, at: now)
    var closed: [ConnectionID] = []
    while let event = endpoint.nextEvent() { if case .closed(let id, _, true) = event { closed.append(id) } }
    #expect(closed == [ids[1]])
  }

  /// 0 means that there is no id.
  @Test func noConnectionHasTheIdZero() {
    for capacity in [1, 4, 100] {
      let table = ConnectionTable(capacity: capacity)
      let (zero, other) = (table.localID(0), table.localID(0xabcd_0000_0000_0000))
      let slots = UInt64(capacity.roundedUpToPowerOfTwo)
      #expect(zero != 0 && zero % slots == 0 && other & ~(slots - 1) == 0xabcd_0000_0000_0000)
    }
  }
}
