import ShoalBase
import ShoalLink
import ShoalSimulator
import ShoalWire
import Testing

@testable import ShoalTransport

@Suite struct ClosingTests {
  @Test func closeTellsThePeerWhy() throws {
    let pair = try Pair("delay=10ms")
    let (id, other) = try pair.connect()
    pair.a.endpoint.close(id, .goingAway, "until tomorrow", at: pair.world.now)
    pair.world.flush(pair.a)
    #expect(!pair.a.send([1], on: id))
    pair.world.run(for: 100 * .millisecond)
    #expect(pair.b.closed.map(\.code) == [CloseCode.goingAway.rawValue])
    #expect(pair.b.closed.first?.reason == "until tomorrow" && pair.b.closed.first?.byPeer == true)
    #expect(pair.a.closed.isEmpty, "who closes is not told of it")
    // Both still remember it for a while; then nothing is left.
    #expect(pair.a.endpoint.connections.count == 1 && pair.b.endpoint.connections.count == 1)
    pair.world.run(for: 5 * .second)
    #expect(pair.a.endpoint.connections.count == 0 && pair.b.endpoint.connections.count == 0)
    #expect(pair.a.status(id) == nil && pair.b.status(other) == nil)
    #expect(pair.a.endpoint.deadline == .distantFuture && pair.b.endpoint.deadline == .distantFuture)
  }

  @Test func lateDataIsToldOfTheCloseAgain() throws {
    let pair = try Pair("delay=10ms")
    let (id, other) = try pair.connect()
    let tap = Tap(pair.world)
    tap.lose = [.close: 2]
    pair.world.sendFile(200_000, from: pair.b, on: other)
    pair.world.run(for: 15 * .millisecond)
    pair.a.endpoint.close(id, .done, at: pair.world.now)
    pair.world.flush(pair.a)
    pair.world.run(for: 400 * .millisecond)
    #expect(pair.b.closed.map(\.code) == [CloseCode.done.rawValue])
    #expect(tap.count(.close) == 3, "and no more than three")
  }

  @Test func afterLingeringDataIsReset() throws {
    let pair = try Pair("delay=10ms")
    let (id, other) = try pair.connect()
    let tap = Tap(pair.world)
    tap.lose = [.close: 9]
    pair.a.endpoint.close(id, .done, at: pair.world.now)
    pair.world.flush(pair.a)
    pair.world.run(for: .second)
    #expect(pair.a.endpoint.connections.count == 0 && pair.b.closed.isEmpty)
    pair.world.sendMessage(from: pair.b, on: other)
    pair.world.run(for: 100 * .millisecond)
    #expect(pair.b.closed.map(\.code) == [CloseCode.reset.rawValue] && tap.count(.reset) >= 1)
  }

  @Test func aPeerThatHasForgottenResets() throws {
    let pair = try Pair("delay=10ms")
    let (id, _) = try pair.connect()
    // It crashes and comes back at the same address.
    pair.world.crash(pair.b)
    let reborn = pair.world.addEndpoint(address: pair.b.address)
    pair.world.sendMessage(from: pair.a, on: id)
    pair.world.run(for: .second)
    #expect(pair.a.closed.map(\.code) == [CloseCode.reset.rawValue])
    #expect(reborn.endpoint.connections.count == 0 && pair.a.endpoint.establishedCount == 0)
  }

  @Test func aForgedResetIsIgnored() throws {
    let pair = try Pair("delay=10ms")
    try pair.connect()
    let local = pair.a.inside.localID
    let remote = pair.a.inside.remoteID
    for (id, from) in [(local, pair.b.address), (remote ^ 1, pair.b.address), (remote, Address(ipv4: 7, port: 7))] {
      let bytes = try ResetPacket().datagram(connection: id)
      pair.world.network.send(NetworkDatagram(from: from, to: pair.a.address, bytes: bytes))
    }
    pair.world.run(for: .second)
    #expect(pair.a.closed.isEmpty)
    let bytes = try ResetPacket().datagram(connection: remote)
    pair.world.network.send(NetworkDatagram(from: pair.b.address, to: pair.a.address, bytes: bytes))
    pair.world.run(for: .second)
    #expect(pair.a.closed.count == 1)
  }

  @Test func resetsAreFew() throws {
    let world = World(seed: 1)
    let host = world.addEndpoint()
    let tap = Tap(world)
    for id in 1...5_000 as ClosedRange<UInt64> {
      let bytes = try DataPacket().datagram(connection: id)
      world.network.send(NetworkDatagram(from: Address(ipv4: 9, port: 9), to: host.address, bytes: bytes))
      world.run(for: .millisecond)
    }
    #expect(tap.count(.reset) <= 100 * 6 && tap.count(.reset) >= 100 * 5)
  }

  @Test func whoHasForgottenUsIsToldNothingMore() throws {
    let pair = try Pair("delay=10ms")
    try pair.connect()
    let (local, remote) = (pair.a.inside.localID, pair.a.inside.remoteID)
    let tap = Tap(pair.world)
    let reset = try ResetPacket().datagram(connection: remote)
    pair.world.network.send(NetworkDatagram(from: pair.b.address, to: pair.a.address, bytes: reset))
    pair.world.run(for: 20 * .millisecond)
    for _ in 0..<5 {
      let data = try DataPacket().datagram(connection: local)
      pair.world.network.send(NetworkDatagram(from: pair.b.address, to: pair.a.address, bytes: data))
      pair.world.run(for: 20 * .millisecond)
    }
    #expect(pair.a.closed.map(\.code) == [CloseCode.reset.rawValue] && tap.count(.close) == 0)
  }

  /// What a peer says as it closes is not echoed back to it.
  @Test(arguments: [0, 5, 6, 7, 999] as [UInt16])
  func thePeersCloseIsNotEchoed(code: UInt16) throws {
    let pair = try Pair("delay=10ms")
    try pair.connect()
    let local = pair.a.inside.localID
    let tap = Tap(pair.world)
    var close = ClosePacket()
    (close.code, close.reason) = (code, String(repeating: "x", count: 255))
    for bytes in [try close.datagram(connection: local)]
      + (0..<9).map({ _ in try! DataPacket().datagram(connection: local) })
    {
      pair.world.network.send(NetworkDatagram(from: pair.b.address, to: pair.a.address, bytes: bytes))
      pair.world.run(for: 10 * .millisecond)
    }
    let answers = tap.datagrams.filter { $0.type == .close && $0.datagram.from == pair.a.address }
    #expect(answers.count == (5...7 ~= code ? 0 : 3))
    #expect(answers.allSatisfy { $0.datagram.bytes.count == 19 })
  }

  @Test func noAnswerToAStrangerIsAsLongAsWhatItAnswers() throws {
    let world = World(seed: 1)
    let host = world.addEndpoint(.with { $0.maxHalfOpen = 0 })
    let stranger = Address(ipv4: 9, port: 9)
    var answered: Set<PacketType> = []
    for type in PacketType.allCases {
      for version in [0, 1, 2] as [UInt8] {
        for length in Array(16...60) + [1_199, 1_200, 1_472] {
          var bytes = [0x53, 0x68, version, type.rawValue] + [UInt8](repeating: 1, count: length - 4)
          bytes.mend()
          let before = host.bytesSent
          host.endpoint.receive(bytes.span, from: stranger, at: world.now)
          world.flush(host)
          #expect(host.bytesSent - before < length, "\(type) of \(length) bytes")
          if host.bytesSent > before {
            answered.insert(type)
            #expect(type == .data ? length >= 28 : length >= 1_200, "\(type) of \(length) bytes")
          }
          world.run(for: 20 * .millisecond)
        }
      }
    }
    #expect(answered == [.open, .data])
  }

  @Test func silenceClosesBothEnds() throws {
    let pair = try Pair("delay=10ms", .with { $0.idleTimeout = 5 * .second })
    try pair.connect()
    pair.world.network.join(pair.a.address, link: try LinkSpec(parsing: "loss=100%"))
    pair.world.run(for: 5 * .second + 100 * .millisecond)
    #expect(pair.a.closed.map(\.code) == [CloseCode.idle.rawValue] && pair.a.closed.first?.byPeer == false)
    #expect(pair.b.closed.map(\.code) == [CloseCode.idle.rawValue])
    pair.world.run(for: 5 * .second)
    #expect(pair.a.endpoint.connections.count == 0 && pair.b.endpoint.connections.count == 0)
  }

  @Test func silenceClosesASenderToo() throws {
    let pair = try Pair("delay=10ms", .with { $0.idleTimeout = 5 * .second })
    let (id, _) = try pair.connect()
    pair.world.sendFile(1_000_000, from: pair.a, on: id)
    pair.world.run(for: 50 * .millisecond)
    pair.world.network.join(pair.a.address, link: try LinkSpec(parsing: "loss=100%"))
    pair.world.run(for: 6 * .second)
    #expect(pair.a.closed.map(\.code) == [CloseCode.idle.rawValue])
  }

  @Test func keepAlivesKeepIt() throws {
    let pair = try Pair("delay=10ms,loss=5%", .with { $0.idleTimeout = 5 * .second })
    let tap = Tap(pair.world)
    try pair.connect()
    pair.world.run(for: 600 * .second)
    #expect(pair.a.closed.isEmpty && pair.b.closed.isEmpty)
    #expect(pair.a.endpoint.establishedCount == 1)
    // A few small datagrams each time.
    #expect(pair.a.bytesSent < 600 / 5 * 3 * 300 && tap.count(.data) > 600 / 5 * 3)
  }

  @Test func aMessageThatBreaksTheProtocolCloses() throws {
    let pair = try Pair("delay=10ms")
    try pair.connect()
    var bytes = try DataPacket().datagram(connection: pair.b.inside.localID)
    let next = UInt32(truncatingIfNeeded: pair.b.inside.receiveWindow.next)
    bytes.replaceSubrange(16..<20, with: (0..<4).map { UInt8(truncatingIfNeeded: next >> (24 - 8 * $0)) })
    bytes += [6, 0, 200, 1, 2, 3]
    bytes.mend()
    pair.world.network.send(NetworkDatagram(from: pair.a.address, to: pair.b.address, bytes: bytes))
    pair.world.run(for: 100 * .millisecond)
    #expect(pair.b.closed.map(\.code) == [CloseCode.protocolError.rawValue] && pair.b.closed.first?.byPeer == false)
    #expect(pair.a.closed.map(\.code) == [CloseCode.protocolError.rawValue] && pair.a.closed.first?.byPeer == true)
  }

  @Test func countersSurviveTheConnection() throws {
    let pair = try Pair("delay=10ms,loss=5%")
    _ = try pair.transfer(300_000)
    pair.world.run(for: .second)
    let before = pair.a.endpoint.counters
    pair.a.endpoint.close(pair.a.connection!, .done, at: pair.world.now)
    pair.world.flush(pair.a)
    pair.world.run(for: 5 * .second)
    #expect(pair.a.endpoint.connections.count == 0)
    let after = pair.a.endpoint.counters
    #expect(after.contentSent == before.contentSent && after.lost == before.lost && after.sent == before.sent + 1)
    #expect(before.retransmitted > 0 && before.contentSent >= 300_000)
  }

  /// What both agreed on applies from ACCEPT on, even if that is the last thing ever heard.
  @Test func theIdleTimeoutOfAcceptHoldsAtOnce() throws {
    let pair = try Pair(
      "delay=10ms", .with { $0.idleTimeout = 30 * .second }, .with { $0.idleTimeout = 3 * .second })
    let tap = Tap(pair.world)
    let responder = pair.b.address
    tap.change = { datagram, type in datagram.from != responder || type == .accept }
    pair.world.connect(pair.a, to: pair.b)
    pair.world.run(for: 5 * .second)
    #expect(pair.a.closed.map(\.code) == [CloseCode.idle.rawValue])
  }
}
