import ShoalBase
import ShoalLink
import ShoalSimulator
import ShoalWire
import Testing

@testable import ShoalTransport

@Suite struct HandshakeTests {
  @Test func bothEndsOpenOnce() throws {
    let pair = try Pair("delay=10ms")
    let tap = Tap(pair.world)
    try pair.connect()
    #expect(pair.world.now.nanoseconds == 30 * .millisecond)
    pair.world.run(for: 5 * .second)
    #expect(pair.a.connections.count == 1 && !pair.a.connections[0].byPeer)
    #expect(pair.b.connections.count == 1 && pair.b.connections[0].byPeer)
    #expect(tap.count(.open) == 1 && tap.count(.accept) == 1)
    // Each end has one sample of the round trip, from the handshake or from the first packets.
    #expect(pair.a.inside.path.roundTrip.smoothed == 20 * .millisecond)
    #expect(pair.b.inside.path.roundTrip.smoothed == 20 * .millisecond)
  }

  @Test func aLostOpenIsRepeated() throws {
    for lost in 1...2 {
      let pair = try Pair("delay=10ms")
      let tap = Tap(pair.world)
      tap.lose = [.open: lost]
      try pair.connect()
      #expect(tap.times(.open) == Array([0, 250 * .millisecond, 1_000 * .millisecond].prefix(lost + 1)))
    }
  }

  @Test func aLostAcceptIsRepeated() throws {
    let pair = try Pair("delay=10ms")
    let tap = Tap(pair.world)
    tap.lose = [.accept: 2]
    try pair.connect()
    #expect(pair.a.connections.count == 1 && pair.b.connections.count == 1)
    #expect(tap.count(.accept) <= 4)
  }

  @Test func theResponderRepeatsAcceptUntilItHearsFromTheOpener() throws {
    let pair = try Pair("delay=10ms")
    let tap = Tap(pair.world)
    tap.lose = [.ack: 1, .probe: 1]
    try pair.connect()
    #expect(pair.world.now.nanoseconds < 600 * .millisecond)
    #expect(pair.b.connections.count == 1)
  }

  @Test func aDuplicatedOpenMakesOneConnection() throws {
    let pair = try Pair("delay=10ms,duplicate=100%")
    try pair.connect()
    pair.world.run(for: 5 * .second)
    #expect(pair.b.connections.count == 1 && pair.b.endpoint.connections.count == 1)
    #expect(pair.world.violations.isEmpty && pair.b.closed.isEmpty)
  }

  @Test func anUnansweredOpenIsGivenUpAfterThree() throws {
    let pair = try Pair("loss=100%/0%")
    let tap = Tap(pair.world)
    pair.world.connect(pair.a, to: pair.b)
    pair.world.run(for: 20 * .second)
    #expect(tap.count(.open) == 3)
    #expect(pair.a.closed.map(\.code) == [CloseCode.unreachable.rawValue] && pair.a.closed.first?.byPeer == false)
    pair.world.run(for: Constants.patience)
    #expect(pair.a.closed.count == 1)
    #expect(pair.a.endpoint.connections.count == 0 && pair.a.endpoint.deadline == .distantFuture)
  }

  @Test func whoNeverProvesItsAddressIsForgotten() throws {
    let pair = try Pair("loss=0%/100%,delay=10ms")
    let tap = Tap(pair.world)
    pair.world.connect(pair.a, to: pair.b)
    pair.world.run(for: 4 * .second)
    #expect(pair.b.endpoint.hosts.halfOpen == 1)
    pair.world.run(for: Constants.patience)
    #expect(pair.b.endpoint.hosts.halfOpen == 0 && pair.b.endpoint.connections.count == 0 && pair.b.closed.isEmpty)
    #expect(tap.count(.accept) <= 6)
  }

  @Test func theSmallerWindowWinsAndGoBackNIfEitherAsks() throws {
    for (first, second) in [(5, 9), (9, 5), (65_536, 65_536), (1, 4_096)] as [(UInt32, UInt32)] {
      for (mode, other) in [(0, 0), (0, 1), (1, 0), (1, 1)] as [(UInt8, UInt8)] {
        let pair = try Pair(
          "delay=1ms", seed: 3,
          .with {
            $0.window = first
            $0.repeatMode = RepeatMode(rawValue: mode)!
          },
          .with {
            $0.window = second
            $0.repeatMode = RepeatMode(rawValue: other)!
          })
        let (a, b) = try pair.connect()
        for status in [pair.a.status(a), pair.b.status(b)] {
          #expect(status?.window == min(first, second))
          #expect(status?.repeatMode == (mode + other > 0 ? .goBackN : .selectiveRepeat))
        }
      }
    }
  }

  @Test func theShorterIdleTimeoutHoldsForBoth() throws {
    let pair = try Pair(
      "delay=1ms", .with { $0.idleTimeout = 7 * .second }, .with { $0.idleTimeout = 40 * .second })
    try pair.connect()
    #expect(pair.a.inside.idleTimeout == 7 * .second)
    #expect(pair.b.inside.idleTimeout == 7 * .second)
  }

  /// Turns an OPEN into one of version 9.
  private static func changeVersion(_ datagram: inout NetworkDatagram, _ type: PacketType) {
    guard type == .open else { return }
    datagram.bytes[2] = 9
    datagram.bytes.mend()
  }

  @Test func anUnspokenVersionIsAnswered() throws {
    // Our OPEN comes to a host of another version…
    let pair = try Pair("delay=1ms")
    let tap = Tap(pair.world)
    tap.change = { datagram, type in
      Self.changeVersion(&datagram, type)
      if type == .version {
        // … which speaks these.
        datagram.bytes[16] = 7
        datagram.bytes[17] = 9
        datagram.bytes.mend()
      }
      return true
    }
    let id = try #require(pair.world.connect(pair.a, to: pair.b))
    pair.world.run(for: 100 * .millisecond)
    #expect(tap.count(.version) == 1 && pair.b.endpoint.connections.count == 0)
    #expect(pair.a.closed.map(\.code) == [CloseCode.version.rawValue])
    #expect(pair.a.versions(id) == 7...9)
    #expect(tap.datagrams.first { $0.type == .version }.map { $0.datagram.bytes.count } ?? 99 < 20)
  }

  @Test func aVersionThatNamesOursIsNotBelieved() throws {
    let pair = try Pair("delay=1ms")
    let tap = Tap(pair.world)
    tap.change = { datagram, type in
      Self.changeVersion(&datagram, type)
      return true
    }
    pair.world.connect(pair.a, to: pair.b)
    pair.world.run(for: 100 * .millisecond)
    #expect(tap.count(.version) == 1 && pair.a.closed.isEmpty)
  }

  @Test func onlyLongOpensOfAnotherVersionAreAnswered() throws {
    let pair = try Pair()
    let tap = Tap(pair.world)
    for (type, length) in [(PacketType.open, 1_199), (.data, 1_200), (.version, 1_200), (.accept, 1_200)] {
      var bytes = [UInt8](repeating: 0, count: length)
      bytes.replaceSubrange(0..<4, with: [0x53, 0x68, 9, type.rawValue])
      bytes.mend()
      pair.world.network.send(NetworkDatagram(from: pair.a.address, to: pair.b.address, bytes: bytes))
    }
    pair.world.run(for: .second)
    #expect(tap.count(.version) == 1, "only the one that was sent to it")
    #expect(pair.b.endpoint.ignored == 4)
  }

  private func open(_ id: UInt64, _ change: (inout OpenPacket) -> Void = { _ in }) throws -> [UInt8] {
    var open = OpenPacket()
    open.window = 100
    change(&open)
    return try open.datagram(connection: id)
  }

  @Test func aForgedAddressGetsAtMostThreeTimesWhatCameFromIt() throws {
    let world = World(seed: 1)
    let host = world.addEndpoint()
    let tap = Tap(world)
    let victim = Address(ipv4: 0x0102_0304, port: 5)
    var received = 0
    for round in 0..<200 {
      // The same OPEN over and over, and others that are each new.
      for id in [1, UInt64(1_000 + round)] {
        let bytes = try open(id)
        received += bytes.count
        world.network.send(NetworkDatagram(from: victim, to: host.address, bytes: bytes))
      }
      world.run(for: 20 * .millisecond)
      let sent = tap.datagrams.filter { $0.datagram.to == victim }.reduce(0) { $0 + $1.datagram.bytes.count }
      #expect(sent <= 3 * received)
    }
    world.run(for: Constants.patience)
    #expect(host.connections.isEmpty && host.endpoint.connections.count == 0 && host.endpoint.hosts.halfOpen == 0)
    // What comes back is a small part of what was sent, not the whole allowance.
    #expect(host.bytesSent < received / 5)
  }

  @Test func halfOpenConnectionsAreLimited() throws {
    let world = World(seed: 1)
    let host = world.addEndpoint(.with { $0.maxHalfOpen = 10 })
    let tap = Tap(world)
    for id in 1...30 as ClosedRange<UInt64> {
      let from = Address(ipv4: UInt32(id), port: 9)
      world.network.send(NetworkDatagram(from: from, to: host.address, bytes: try open(id)))
    }
    world.run(for: .millisecond)
    #expect(host.endpoint.hosts.halfOpen == 10 && host.endpoint.connections.count == 10)
    #expect(tap.count(.retry) == 20 && tap.count(.close) == 0)
    world.run(for: Constants.patience)
    #expect(host.endpoint.hosts.halfOpen == 0)
    let other = world.addEndpoint()
    world.connect(other, to: host)
    world.run(for: .second)
    #expect(other.connections.count == 1)
  }

  @Test func whoIsRefusedAsBusyLearnsIt() throws {
    let pair = try Pair("delay=1ms", TransportConfiguration(), .with { $0.maxConnections = 1 })
    try pair.connect()
    pair.world.connect(pair.a, to: pair.b)
    pair.world.run(for: .second)
    #expect(pair.a.closed.map(\.code) == [CloseCode.busy.rawValue] && pair.a.closed.first?.byPeer == true)
    #expect(pair.a.connections.count == 1 && pair.b.connections.count == 1)
    #expect(pair.b.open(to: pair.a.address, at: pair.world.now) == nil)
  }

  @Test func unusableAddressesAreNotOpened() throws {
    let world = World(seed: 1)
    let host = world.addEndpoint()
    for address in [Address(ipv4: 0, port: 1), Address(ipv4: 1, port: 0), Address(ipv4: 0xe000_0001, port: 1)] {
      #expect(host.open(to: address, at: world.now) == nil)
    }
  }

  @Test func onlyTheRespondersOwnIdProvesTheAddress() throws {
    let pair = try Pair("loss=0%/100%,delay=1ms")
    let id = try #require(pair.world.connect(pair.a, to: pair.b))
    pair.world.run(for: 10 * .millisecond)
    #expect(pair.b.endpoint.hosts.halfOpen == 1)
    let slot = try #require(pair.a.slot(id))
    let openers = pair.a[slot].localID
    let responders = pair.b[0].localID
    // Whoever saw only the OPEN knows its id, and can guess at others.
    for guess in [openers, 0, 1, responders ^ 1, responders &+ 1] {
      let bytes = try DataPacket().datagram(connection: guess)
      pair.world.network.send(NetworkDatagram(from: pair.a.address, to: pair.b.address, bytes: bytes))
    }
    pair.world.run(for: 10 * .millisecond)
    #expect(pair.b.connections.isEmpty && pair.b.endpoint.hosts.halfOpen == 1)
    // Nor does the right id from another address end it.
    let bytes = try AckPacket().datagram(connection: responders)
    let other = Address(ipv4: 77, port: 7)
    pair.world.network.send(NetworkDatagram(from: other, to: pair.b.address, bytes: bytes))
    pair.world.run(for: 10 * .millisecond)
    #expect(pair.b.connections.isEmpty)
    pair.world.network.send(NetworkDatagram(from: pair.a.address, to: pair.b.address, bytes: bytes))
    pair.world.run(for: 10 * .millisecond)
    #expect(pair.b.connections.count == 1 && pair.b.endpoint.hosts.halfOpen == 0)
  }

  @Test func anAcceptThatPromisesMoreThanWasAskedIsIgnored() throws {
    let changes: [(inout AcceptPacket) -> Void] = [
      { $0.window = 11 }, { $0.window = 0 }, { $0.arq = 7 }, { $0.arq = 0 }, { $0.responder = 0 },
    ]
    for change in changes {
      let pair = try Pair(
        "delay=1ms",
        .with {
          $0.window = 10
          $0.repeatMode = .goBackN
        })
      let tap = Tap(pair.world)
      tap.change = { datagram, type in
        guard type == .accept, var packet = try? AcceptPacket.decode(datagram.bytes.span) else { return true }
        let id = Header.peek(datagram.bytes.span).connection
        change(&packet)
        datagram.bytes = (try? packet.datagram(connection: id)) ?? []
        return true
      }
      pair.world.connect(pair.a, to: pair.b)
      pair.world.run(for: 20 * .second)
      #expect(pair.a.connections.isEmpty && pair.a.closed.map(\.code) == [CloseCode.unreachable.rawValue])
    }
  }

  @Test func opensThatMakeNoSenseAreIgnored() throws {
    let world = World(seed: 1)
    let host = world.addEndpoint()
    let from = Address(ipv4: 3, port: 3)
    for bytes in [try open(0), try open(1) { $0.arq = 2 }, try open(2) { $0.window = 0 }] {
      world.network.send(NetworkDatagram(from: from, to: host.address, bytes: bytes))
    }
    world.run(for: .second)
    #expect(host.endpoint.connections.count == 0 && host.endpoint.ignored == 3)
  }

  @Test func bothMayOpenAtOnce() throws {
    let pair = try Pair("delay=10ms")
    pair.world.connect(pair.a, to: pair.b)
    pair.world.connect(pair.b, to: pair.a)
    pair.world.run(for: .second)
    #expect(pair.a.connections.count == 2 && pair.b.connections.count == 2)
    for (id, byPeer) in pair.a.connections { pair.world.sendFile(byPeer ? 20_000 : 30_000, from: pair.a, on: id) }
    #expect(pair.world.run(for: 10 * .second) { pair.world.isComplete })
    #expect(pair.world.violations.isEmpty)
  }
}
