import ShoalBase
import ShoalLink
import ShoalSimulator
import ShoalWire
import Testing

@testable import ShoalTransport

/// What strangers must not make us keep, send or do even once more than intended.
@Suite struct BoundEdgeTests {
  private func put(_ bytes: [UInt8], from: Address, into host: WorldEndpoint, _ world: World) {
    host.endpoint.receive(bytes.span, from: from, at: world.now)
  }

  @Test func statelessAnswersThatWaitAreFew() throws {
    let world = World(seed: 1)
    let host = world.addEndpoint(.with { $0.maxHalfOpen = 0 })
    let tap = Tap(world)
    for id in 1...2_000 as ClosedRange<UInt64> {
      var open = OpenPacket()
      open.window = 1
      put(try open.datagram(connection: id), from: Address(ipv4: 9, port: 9), into: host, world)
    }
    world.flush(host)
    #expect(tap.count(.retry) == Constants.statelessReplies)
  }

  @Test func aQuietHourEarnsNoMoreResetsThanASecond() throws {
    let world = World(seed: 1)
    let host = world.addEndpoint()
    let tap = Tap(world)
    world.run(for: 3_600 * .second)
    for id in 1...1_000 as ClosedRange<UInt64> {
      put(try DataPacket().datagram(connection: id), from: Address(ipv4: 9, port: 9), into: host, world)
      world.flush(host)
    }
    #expect(tap.count(.reset) == Constants.resetsPerSecond)
  }

  @Test func nothingIsKeptOfAHostThatHasNothing() {
    var ledger = HostLedger(TransportConfiguration())
    for number in 0..<1_000 as Range<UInt32> {
      let host = HostKey(Address(ipv4: number, port: 1))
      var standing = HostLedger.Standing.unproven
      ledger.joined(host, standing)
      ledger.took(10, host)
      ledger.proved(host, &standing)
      ledger.left(host, standing)
      ledger.took(-10, host)
    }
    let shares = Mirror(reflecting: ledger).children.first { $0.label == "shares" }
    #expect(shares.map { Mirror(reflecting: $0.value).children.count } == 0)
  }

  @Test func oneCancelSplitsNoMoreThanTheLimitInAll() {
    var queue = SendQueue()
    for i in 0..<10 as Range<UInt64> {
      queue.append(Payload(source: 0, space: .content, file: 1, offset: i * 1_000, length: 900))
    }
    queue.cancel(
      file: 1, space: 0, ranges: (0..<10).map { RangeField(offset: $0 * 1_000 + 500, length: 1) }, limit: 12)
    #expect(queue.rangeCount == 12 && queue.bytes == 9_000 - 2)
  }

  @Test func whatAMessageTookIsGivenBack() {
    var window = SendWindow(first: 100, limit: 64)
    for _ in 0..<1_000 {
      let number = window.packets.add(payload: .empty, messages: [1, 2, 3])
      #expect(window.packets[number].messages == 0 && window.packets.messages.bytes == 3)
      window.sent(number, bytes: 50, phase: .steady, at: .zero)
      var result = AckResult()
      window.acknowledge(upTo: number + 1, &result)
    }
    #expect(window.packets.messages.bytes == 0)
  }

  /// The idle timeout is the shorter of the two, whichever end has it.
  @Test func theRespondersShorterIdleTimeoutHoldsToo() throws {
    let pair = try Pair(
      "delay=1ms", .with { $0.idleTimeout = 40 * .second }, .with { $0.idleTimeout = 7 * .second })
    try pair.connect()
    #expect(pair.a.inside.idleTimeout == 7 * .second)
    #expect(pair.b.inside.idleTimeout == 7 * .second)
  }

  @Test func threeOpensTakeThreeAndAQuarterSeconds() throws {
    let pair = try Pair("loss=100%/0%")
    pair.world.connect(pair.a, to: pair.b)
    pair.world.run(for: 20 * .second) { !pair.a.closed.isEmpty }
    #expect(pair.world.now.nanoseconds == 3_250 * .millisecond)
  }

  @Test func anAnswerToOneOfTwoOpensIsNoSample() throws {
    let pair = try Pair("delay=10ms")
    let tap = Tap(pair.world)
    tap.lose = [.open: 1]
    pair.world.connect(pair.a, to: pair.b)
    pair.world.run(for: .second) { pair.a.connection != nil }
    #expect(tap.count(.open) == 2 && !pair.a.inside.path.roundTrip.hasSample)
  }

  @Test func theSameRetryTwiceIsOne() throws {
    let pair = try Pair("loss=0%/100%,delay=1ms")
    let id = try #require(pair.world.connect(pair.a, to: pair.b))
    let slot = try #require(pair.a.slot(id))
    var retry = RetryPacket()
    retry.token = 7
    for _ in 0..<5 {
      put(try retry.datagram(connection: pair.a[slot].localID), from: pair.b.address, into: pair.a, pair.world)
      pair.world.flush(pair.a)
    }
    #expect(pair.a[slot].handshake.retries == 1 && pair.a[slot].handshake.sent == 1)
  }

  @Test func aVersionCountsOnlyBeforeAnAcceptAndInTheRightOrder() throws {
    func version(_ lowest: UInt8, _ highest: UInt8, _ id: UInt64) throws -> [UInt8] {
      var packet = VersionPacket()
      (packet.lowest, packet.highest) = (lowest, highest)
      return try packet.datagram(connection: id)
    }
    let opening = try Pair("loss=0%/100%,delay=1ms")
    let id = try #require(opening.world.connect(opening.a, to: opening.b))
    let slot = try #require(opening.a.slot(id))
    put(try version(9, 7, opening.a[slot].localID), from: opening.b.address, into: opening.a, opening.world)
    #expect(opening.a[slot].state == .opening)

    let pair = try Pair("delay=1ms")
    try pair.connect()
    put(try version(7, 9, pair.a.inside.localID), from: pair.b.address, into: pair.a, pair.world)
    #expect(pair.a.inside.state == .established)
  }

  @Test func aChallengeIsAnsweredWithItsToken() throws {
    let pair = try Pair("delay=1ms")
    try pair.connect()
    let tap = Tap(pair.world)
    var challenge = ChallengePacket()
    challenge.token = 0x0102_0304_0506_0708
    let local = pair.a.inside.localID
    put(try challenge.datagram(connection: local), from: pair.b.address, into: pair.a, pair.world)
    pair.world.flush(pair.a)
    let answer = try #require(tap.datagrams.first { $0.type == .response })
    #expect(try ResponsePacket.decode(answer.datagram.bytes.span).token == challenge.token)
  }

  /// Only what is new in a count of corrupt datagrams matters, and it does not implicate packets that have only just
  /// left.
  @Test func aReportOfCorruptionIsCountedOnce() throws {
    let pair = try Pair("delay=10ms")
    let (id, _) = try pair.connect()
    pair.world.run(for: 2 * .second)
    pair.world.sendFile(20 * 1_100, from: pair.a, on: id)
    pair.world.flush(pair.a)
    let flight = pair.a.inside.sendWindow.bytesInFlight
    pair.a.inside.probing.due = 2
    for corrupt in [5, 5, 4] as [UInt32] {
      var ack = AckPacket()
      ack.next = UInt32(truncatingIfNeeded: pair.a.inside.sendWindow.base)
      (ack.top, ack.first, ack.delay, ack.corrupt) = (ack.next, ack.next, .max, corrupt)
      put(try ack.datagram(connection: pair.a.inside.localID), from: pair.b.address, into: pair.a, pair.world)
      #expect(pair.a.inside.reportedCorrupt == 5)
    }
    #expect(
      flight > 10_000 && pair.a.inside.sendWindow.bytesInFlight == flight && pair.a.inside.sendWindow.lostCount == 0)
    // An acknowledgement ends the probing.
    #expect(pair.a.inside.probing.due == 2)
    var ack = AckPacket()
    ack.next = UInt32(truncatingIfNeeded: pair.a.inside.sendWindow.base + 1)
    (ack.top, ack.first, ack.delay, ack.corrupt) = (ack.next, ack.next, .max, 5)
    put(try ack.datagram(connection: pair.a.inside.localID), from: pair.b.address, into: pair.a, pair.world)
    #expect(pair.a.inside.probing.due == 0)
  }

  @Test func theTwoProbesAreOfTwoPackets() throws {
    let pair = try Pair("delay=10ms")
    let (id, _) = try pair.connect()
    pair.world.run(for: 2 * .second)
    let tap = Tap(pair.world)
    tap.change = { _, type in type != .data }
    pair.world.sendFile(3_000, from: pair.a, on: id)
    pair.world.flush(pair.a)
    let first = tap.count(.data)
    pair.world.run(for: 10 * .second) { tap.count(.data) > first }
    pair.world.flush(pair.a)
    let probes = tap.datagrams.filter { $0.type == .data }.dropFirst(first).prefix(2).map {
      Array($0.datagram.bytes[16..<20])
    }
    #expect(first == 3 && probes.count == 2 && probes[0] != probes[1])
  }

  /// Attempts are counted up to 255, and a packet that has had more is still a retransmission.
  @Test func theAttemptStopsAt255() throws {
    let pair = try Pair("delay=10ms")
    let (id, _) = try pair.connect()
    pair.world.run(for: 2 * .second)
    let tap = Tap(pair.world)
    tap.lose = [.data: 1]
    pair.world.sendFile(1_000, from: pair.a, on: id)
    pair.world.flush(pair.a)
    pair.a.inside.sendWindow.packets[pair.a.inside.sendWindow.base].attempts = 256
    pair.world.run(for: 5 * .second) { pair.world.isComplete }
    #expect(tap.datagrams.filter { $0.type == .data }.dropFirst().first?.datagram.bytes[20] == 255)
  }

  @Test func whatComesTwiceIsCounted() throws {
    let pair = try Pair("delay=1ms")
    try pair.connect()
    pair.world.run(for: 2 * .second)
    let before = pair.a.endpoint.counters
    for attempt in [0, 1, 2] as [UInt8] {
      var packet = DataPacket()
      packet.sequence = UInt32(truncatingIfNeeded: pair.a.inside.receiveWindow.next) &- (attempt == 0 ? 0 : 1)
      packet.attempt = attempt
      put(try packet.datagram(connection: pair.a.inside.localID), from: pair.b.address, into: pair.a, pair.world)
    }
    let after = pair.a.endpoint.counters
    #expect(after.duplicate == before.duplicate + 2 && after.receivedRetransmitted == before.receivedRetransmitted + 2)
  }

  @Test func aSearchThatIsDoneIsNotBegunAnew() throws {
    let pair = try Pair("delay=1ms")
    let (id, _) = try pair.connect()
    pair.world.run(for: 5 * .second)
    let found = pair.a.inside.datagram
    pair.a.endpoint.allow(mtu: 1_500, on: id, at: pair.world.now)
    #expect(found == 1_472 && pair.a.inside.datagram == found)
  }

  /// On a slow path, one probe timeout is longer than it takes to suspect a black hole: three must have passed.
  @Test func aLossOnASlowPathIsNoBlackHole() throws {
    let pair = try Pair("delay=1s", .with { $0.mtu = 1_500 })
    let (id, _) = try pair.connect()
    pair.world.run(for: 20 * .second)
    let tap = Tap(pair.world)
    tap.lose = [.data: 1]
    pair.world.sendFile(1_400, from: pair.a, on: id)
    #expect(pair.world.run(for: 20 * .second) { pair.world.isComplete })
    #expect(pair.a.inside.datagram == 1_472)
  }
}
