import ShoalBase
import ShoalLink
import ShoalSimulator
import ShoalWire
import Testing

@testable import ShoalTransport

/// Great numbers of OPENs, forged or not: whoever receives what is sent to its address is let in.
@Suite struct RetryTests {
  private func open(_ id: UInt64, token: UInt64 = 0) throws -> [UInt8] {
    var open = OpenPacket()
    open.window = 100
    open.token = token
    return try open.datagram(connection: id)
  }

  /// Forged OPENs sent to a host, each from a different address.
  private struct Flood {
    let world: World
    let server: WorldEndpoint
    var random: SeededGenerator
    var bytes: [UInt8]
    var mostHalfOpen = 0

    /// Sends this many per second, for this long, or until `condition` holds.
    mutating func run(_ rate: Int, for milliseconds: Int, until condition: () -> Bool = { false }) {
      for _ in 0..<milliseconds where !condition() {
        for _ in 0..<rate / 1_000 {
          for i in 8..<16 { bytes[i] = UInt8(truncatingIfNeeded: random.next()) }
          let address = Address(ipv4: UInt32(truncatingIfNeeded: random.next() >> 8) | 1 << 31, port: 9)
          server.endpoint.receive(bytes.span, from: address, at: world.now)
        }
        world.flush(server)
        mostHalfOpen = max(mostHalfOpen, server.endpoint.hosts.halfOpen)
        world.run(for: .millisecond)
      }
    }
  }

  /// 20,000 forged OPENs a second, and one honest peer that begins in the middle.
  @Test(arguments: [(0, 1), (10, 1), (10, 2), (10, 3), (10, 4)] as [(Int, UInt64)])
  func aFloodOfForgedOpensKeepsNoOneOut(loss: Int, seed: UInt64) throws {
    let world = World(seed: seed)
    let server = world.addEndpoint()
    let peer = world.addEndpoint(link: try LinkSpec(parsing: "delay=20ms,loss=\(loss)%"))
    var sentTo: [Address: Int] = [:]
    world.network.onSend = { datagram, _ in
      if datagram.from == server.address { sentTo[datagram.to, default: 0] += datagram.bytes.count }
      return true
    }
    var flood = Flood(world: world, server: server, random: SeededGenerator(seed: seed), bytes: try open(1))
    flood.run(20_000, for: 100)
    world.connect(peer, to: server)
    let start = world.now
    flood.run(20_000, for: 2_000) { peer.connection != nil && server.connection != nil }
    #expect(peer.connection != nil && server.connection != nil, "seed \(seed)")
    #expect(world.now - start <= 2 * .second && flood.mostHalfOpen <= 64)
    #expect(server.endpoint.connections.count <= 65)
    sentTo[peer.address] = nil
    #expect(sentTo.values.allSatisfy { $0 < 1_200 }, "\(sentTo.values.max() ?? 0) bytes to one address")
    #expect(world.violations.isEmpty)
  }

  @Test func oneHostCannotUseUpTheHalfOpen() throws {
    let world = World(seed: 1)
    let server = world.addEndpoint()
    let forged = Address(ipv4: 0x0102_0304, port: 9)
    for id in 1...1_000 as ClosedRange<UInt64> {
      let bytes = try open(id)
      server.endpoint.receive(bytes.span, from: forged.with(port: UInt16(id)), at: world.now)
      world.flush(server)
    }
    #expect(server.endpoint.hosts.halfOpen == 16)
    // Nor can a forger shut out the host whose address it forges.
    let victim = world.addEndpoint(address: forged.with(port: 7_401))
    world.connect(victim, to: server)
    world.run(for: .second)
    #expect(victim.connections.count == 1 && server.connections.count == 1)
    #expect(server.endpoint.hosts.connections(of: HostKey(forged)) == 1)
  }

  @Test func aTokenIsOfOneAddressAndIdAndTime() throws {
    let world = World(seed: 1)
    let server = world.addEndpoint(.with { $0.maxHalfOpen = 0 })
    let tap = Tap(world)
    let peer = Address(ipv4: 0x0102_0304, port: 9)
    func answer(_ bytes: [UInt8], from address: Address) throws -> (PacketType, [UInt8]) {
      server.endpoint.receive(bytes.span, from: address, at: world.now)
      world.flush(server)
      let last = try #require(tap.datagrams.last)
      #expect(last.datagram.to == address && last.datagram.bytes.count < bytes.count)
      return (last.type, last.datagram.bytes)
    }
    let (type, bytes) = try answer(try open(7), from: peer)
    #expect(type == .retry && server.endpoint.connections.count == 0)
    let token = try RetryPacket.decode(bytes.span).token
    #expect(try answer(try open(8, token: token), from: peer).0 == .retry)
    #expect(try answer(try open(7, token: token), from: peer.with(port: 10)).0 == .retry)
    #expect(try answer(try open(7, token: token ^ 1), from: peer).0 == .retry)
    #expect(server.endpoint.connections.count == 0)
    #expect(try answer(try open(7, token: token), from: peer).0 == .accept)
    // The same OPEN again belongs to the same connection, which ends by itself.
    #expect(try answer(try open(7, token: token), from: peer).0 == .accept)
    #expect(server.endpoint.connections.count == 1)
    world.run(for: 11 * .second)
    #expect(server.endpoint.connections.count == 0)
    #expect(try answer(try open(7, token: token), from: peer).0 == .retry)
  }

  @Test func aForgedRetryStopsNoHandshake() throws {
    let pair = try Pair("delay=10ms")
    let tap = Tap(pair.world)
    let id = try #require(pair.world.connect(pair.a, to: pair.b))
    let opener = pair.a[try #require(pair.a.slot(id))].localID
    for token in 0...99 as ClosedRange<UInt64> {
      var retry = RetryPacket()
      retry.token = token
      let bytes = try retry.datagram(connection: opener)
      pair.world.network.send(NetworkDatagram(from: pair.b.address, to: pair.a.address, bytes: bytes))
    }
    pair.world.run(for: .second)
    #expect(pair.a.connections.count == 1 && pair.b.connections.count == 1 && tap.count(.open) <= 3)
    // One that comes later brings nothing new.
    var retry = RetryPacket()
    retry.token = 5
    let bytes = try retry.datagram(connection: opener)
    pair.world.network.send(NetworkDatagram(from: pair.b.address, to: pair.a.address, bytes: bytes))
    pair.world.run(for: .second)
    #expect(tap.count(.open) <= 3 && pair.a.connections.count == 1)
  }

  @Test func whoOnlyEverRetriesIsGivenUp() throws {
    let pair = try Pair("delay=10ms", TransportConfiguration(), .with { $0.maxHalfOpen = 0 })
    let tap = Tap(pair.world)
    var token: UInt8 = 0
    tap.change = { datagram, type in
      guard type == .retry else { return true }
      token += 1
      datagram.bytes[16] = token
      datagram.bytes.mend()
      return true
    }
    pair.world.connect(pair.a, to: pair.b)
    pair.world.run(for: 20 * .second)
    #expect(pair.a.closed.map(\.code) == [CloseCode.unreachable.rawValue])
    #expect(tap.count(.open) == 5 && pair.b.endpoint.connections.count == 0)
  }

  @Test func anOlderPeerThatIgnoresRetryComesInWhenThePressureIsOver() throws {
    let pair = try Pair("delay=10ms")
    let tap = Tap(pair.world)
    tap.change = { _, type in type != .retry }
    let forged = Address(ipv4: 0x0102_0304, port: 9)
    for id in 1...64 as ClosedRange<UInt64> {
      let from = Address(ipv4: forged.ipv4 + UInt32(id), port: 9)
      let bytes = try open(id)
      pair.b.endpoint.receive(bytes.span, from: from, at: pair.world.now)
    }
    pair.world.flush(pair.b)
    pair.world.run(for: 3_500 * .millisecond)
    pair.world.connect(pair.a, to: pair.b)
    pair.world.run(for: 2 * .second)
    #expect(tap.count(.retry) > 0 && pair.a.connections.count == 1)
  }

  @Test func theRoundTripIsThatOfTheLastOpen() throws {
    let pair = try Pair("delay=10ms", TransportConfiguration(), .with { $0.maxHalfOpen = 0 })
    try pair.connect()
    #expect(pair.a.inside.path.roundTrip.smoothed == 20 * .millisecond)
    #expect(pair.world.now.nanoseconds == 50 * .millisecond)
  }
}
