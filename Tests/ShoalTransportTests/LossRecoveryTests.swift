import ShoalBase
import ShoalLink
import ShoalSimulator
import ShoalWire
import Testing

@testable import ShoalTransport

@Suite struct LossRecoveryTests {
  @Test(arguments: [
    "delay=20ms", "delay=20ms,rate=100mbit,queue=10MB", "delay=20ms,rate=100mbit,queue=10MB,jitter=15ms",
  ])
  func withoutLossNothingIsRepeated(link: String) throws {
    let pair = try Pair(link)
    _ = try pair.transfer(10_000_000)
    pair.world.run(for: 5 * .second)
    #expect(pair.a.endpoint.counters.lost == 0 && pair.a.endpoint.counters.retransmitted == 0)
    #expect(pair.b.endpoint.counters.duplicate == 0)
  }

  @Test func reorderingIsLearned() throws {
    let pair = try Pair("delay=20ms,rate=100mbit,queue=5MB,reorder=10%")
    let seconds = try #require(try pair.transfer(20_000_000))
    pair.world.run(for: .second)
    let counters = pair.a.endpoint.counters
    #expect(counters.retransmitted < 30 && counters.spurious <= counters.lost)
    #expect(counters.spurious > 0, "it had to be learned")
    #expect(20e6 / seconds > 0.8 * 12.5e6)
  }

  @Test(arguments: RepeatMode.allCases)
  func aLostTailIsProbed(mode: RepeatMode) throws {
    for lost in 1...4 {
      let pair = try Pair("delay=20ms", .with { $0.repeatMode = mode })
      let (id, _) = try pair.connect()
      pair.world.run(for: .second)
      let tap = Tap(pair.world)
      tap.lose[.data] = lost
      let start = pair.world.now
      pair.world.sendMessage(from: pair.a, on: id)
      #expect(pair.world.run(for: 10 * .second) { pair.world.isComplete })
      // A round trip, four times its variation and the delay of the ACK; twice that for two probes more.
      #expect(pair.world.now - start < (lost <= 2 ? 160 : 450) * .millisecond)
    }
  }

  @Test func aLostTailOfManyIsRepeatedInOneRoundTrip() throws {
    let pair = try Pair("delay=20ms")
    let (id, _) = try pair.connect()
    pair.world.sendFile(1_000_000, from: pair.a, on: id)
    pair.world.run(for: 5 * .second)
    let tap = Tap(pair.world)
    var count = 0
    tap.change = { datagram, type in
      guard type == .data, datagram.from == pair.a.address else { return true }
      count += 1
      // The last twelve of twenty, once.
      return !(9...20).contains(count)
    }
    let start = pair.world.now
    pair.world.sendFile(20 * 1_400, from: pair.a, on: id)
    #expect(pair.world.run(for: 10 * .second) { pair.world.isComplete })
    #expect(pair.world.now - start < 220 * .millisecond)
  }

  @Test func aLateAckOfAPacketThatWasDeclaredLostIsHonoured() throws {
    var send = SendWindow(first: 1 << 32, limit: 100)
    var result = AckResult()
    for i in 0..<10 as Range<Int64> {
      let number = send.packets.add(payload: .empty, messages: nil)
      send.sent(number, bytes: 100, phase: .steady, at: Instant(nanoseconds: i * .millisecond))
    }
    let first = UInt64(1) << 32
    send.evidence.echoed(sentAt: Instant(nanoseconds: 9 * .millisecond), beyondGap: true)
    send.acknowledge(first + 5..<first + 10, &result)
    let reordering = Reordering()
    var roundTrip = RoundTrip()
    roundTrip.add(10 * .millisecond)
    _ = SelectiveRepeat.detectLosses(&send, reordering, roundTrip, at: Instant(nanoseconds: 20 * .millisecond), &result)
    #expect(result.losses.packets == 5 && send.bytesInFlight == 0 && send.lostCount == 5)
    // One is retransmitted; then the ACK comes that reports all of them: it had only been late.
    let repeated = send.takeLost()
    #expect(repeated == first)
    send.sent(first, bytes: 100, phase: .steady, at: Instant(nanoseconds: 21 * .millisecond))
    result = AckResult()
    send.acknowledge(upTo: first + 10, &result)
    #expect(result.acked.total == 5 && result.spurious == 5 && result.lateness == 8 * .millisecond)
    let next = send.takeLost()
    #expect(send.isEmpty && send.bytesInFlight == 0 && send.lostCount == 0 && next == nil)
    // The retransmission, about which nothing is known, is not counted as overtaking others.
    #expect(send.evidence.newest?.sentAt == Instant(nanoseconds: 9 * .millisecond))
  }

  /// Over and over, from a few packets further on each time: always the lowest first, each once.
  @Test func whatGoesBackIsRepeatedInOrder() {
    let first = UInt64(1) << 32
    var send = SendWindow(first: first, limit: 1_000)
    while send.packets.capacity < 100 { send.grow() }
    for _ in 0..<100 {
      send.sent(send.packets.add(payload: .empty, messages: nil), bytes: 100, phase: .steady, at: .zero)
    }
    var result = AckResult()
    for round in 0..<5 as Range<UInt64> {
      send.acknowledge(upTo: first + round, &result)
      GoBackN.goBack(&send, .timeThreshold, &result)
      #expect(send.lostCount == 100 - Int(round) && send.bytesInFlight == 0)
      #expect(result.losses.packets == Int(round) + 1)
      for number in first + round..<first + 10 * (round + 1) {
        let lost = send.takeLost()
        #expect(lost == number)
        send.sent(number, bytes: 100, phase: .steady, at: .zero)
      }
    }
    var rest: [UInt64] = []
    while let lost = send.takeLost() {
      rest.append(lost)
      send.sent(lost, bytes: 100, phase: .steady, at: .zero)
    }
    #expect(rest == Array(first + 50..<first + 100) && send.lostCount == 0)
  }

  @Test func probesAreAtMostTwoSecondsApart() throws {
    let pair = try Pair("delay=20ms", .with { $0.idleTimeout = 120 * .second })
    let (id, _) = try pair.connect()
    pair.world.run(for: .second)
    let tap = Tap(pair.world)
    pair.world.sendMessage(from: pair.a, on: id)
    tap.change = { _, _ in false }
    pair.world.run(for: 60 * .second)
    let times = tap.times(.data, from: pair.a).filter { $0 > pair.world.now.nanoseconds - 50 * .second }
    let gaps = zip(times.dropFirst(), times).map { $0 - $1 }.filter { $0 > 0 }
    #expect((gaps.max() ?? 0) <= 2 * .second && (gaps.min() ?? 0) >= 1_400 * .millisecond)
    #expect(Set(gaps).count > gaps.count / 2, "they keep step with nothing")
    // As soon as the path is back, everything continues.
    tap.change = nil
    let start = pair.world.now
    #expect(pair.world.run(for: 3 * .second) { pair.world.isComplete })
    #expect(pair.world.now - start <= 2_100 * .millisecond)
  }

  @Test(arguments: ["1s/1s", "2s/20s", "200ms/50ms"])
  func afterOutagesItGoesOn(outage: String) throws {
    for mode in RepeatMode.allCases {
      for congestion in CongestionAlgorithm.allCases {
        let pair = try Pair(
          "delay=20ms,rate=8mbit,outage=\(outage)", seed: 9,
          .with {
            $0.repeatMode = mode
            $0.congestion = congestion
            $0.window = 512
          })
        let bytes = mode == .goBackN ? 1_200_000 : 4_000_000
        let seconds = try pair.transfer(bytes / (congestion == .ledbat ? 4 : 1), within: 1_000 * .second)
        // Controllers that react to loss start from nearly nothing after each outage, as TCP does, but they still make
        // progress.
        let isPatient = congestion == .cubic || congestion == .ledbat
        #expect(seconds ?? .infinity < (isPatient ? 1_000 : 150), "\(mode) \(congestion)")
        #expect(pair.world.violations.isEmpty && pair.a.closed.isEmpty && pair.b.closed.isEmpty)
        // What was on its way when an outage began must be sent again.
        if mode == .selectiveRepeat, congestion == .bbr { #expect(pair.a.bytesSent < bytes * 17 / 10) }
      }
    }
  }

  /// The outage, and the seconds by which 15 MB at 8 Mbit/s must have arrived: 15 s of line time.
  @Test(arguments: [("3s/2s", 50.0), ("2s/200ms", 22), ("5s/1s", 26)])
  func anOutageIsNotCongestion(outage: String, most: Double) throws {
    let pair = try Pair("delay=20ms,rate=8mbit,queue=1bdp,outage=\(outage)", seed: 2)
    let seconds = try pair.transfer(15_000_000)
    #expect(seconds ?? .infinity < most)
  }

  /// A probe that proves needless because its ACK was lost is not evidence of reordering.
  @Test func lostAcksAreNotReordering() throws {
    let pair = try Pair("delay=20ms,rate=20mbit,loss=0%/20%", seed: 3)
    try pair.connect()
    for _ in 0..<200 {
      pair.world.sendFile(20_000, from: pair.a, on: pair.a.connection!)
      pair.world.run(for: 300 * .millisecond)
    }
    #expect(pair.world.isComplete && pair.a.endpoint.counters.spurious == 0)
    #expect(pair.a.inside.path.reordering.packetThreshold == Constants.packetThreshold)
  }

  /// What an ACK settles must not be remembered forever.
  @Test func stopAndWaitKeepsNothing() throws {
    let pair = try Pair("delay=5ms")
    try pair.connect()
    for _ in 0..<500 {
      pair.world.sendMessage(from: pair.a, on: pair.a.connection!)
      pair.world.run(for: 100 * .millisecond)
    }
    #expect(pair.a.inside.sendWindow.roundTrips.count <= 2)
  }

  @Test func goBackNGoesBackOncePerRoundTrip() throws {
    let pair = try Pair(
      "delay=20ms,rate=20mbit",
      .with {
        $0.repeatMode = .goBackN
        $0.window = 64
      })
    let (id, _) = try pair.connect()
    let tap = Tap(pair.world)
    var count = 0
    tap.change = { _, type in
      if type == .data { count += 1 }
      return type != .data || count != 200
    }
    pair.world.sendFile(1_000_000, from: pair.a, on: id)
    #expect(pair.world.run(for: 10 * .second) { pair.world.isComplete })
    #expect((10...64).contains(pair.a.endpoint.counters.retransmitted))
    #expect(pair.a.endpoint.counters.lost == 1)
  }

  @Test func aNarrowerPathIsNoticed() throws {
    for bulk in [true, false] {
      let pair = try Pair("delay=10ms,rate=50mbit")
      let (id, _) = try pair.connect()
      pair.world.sendFile(500_000, from: pair.a, on: id)
      pair.world.run(for: 2 * .second)
      #expect(pair.a.status(id)?.datagram == 1_472)
      pair.world.network.join(pair.a.address, link: try LinkSpec(parsing: "delay=10ms,rate=50mbit,mtu=1400"))
      pair.world.sendFile(500_000, from: pair.a, on: id)
      for _ in 0..<200 {
        // Messages get through all the while: no probe timeout ever shows that blocks do not.
        if !bulk { pair.world.sendMessage(from: pair.a, on: id) }
        pair.world.run(for: 30 * .millisecond) { pair.world.isComplete }
      }
      #expect(pair.world.isComplete)
      // After a while larger sizes are tried again.
      pair.world.run(for: 30 * .second)
      #expect(pair.a.status(id)?.datagram == 1_372)
    }
  }

  @Test func aBurstOfLossesIsNoNarrowerPath() throws {
    let pair = try Pair("delay=20ms,rate=50mbit,queue=1MB")
    let (id, _) = try pair.connect()
    let tap = Tap(pair.world)
    pair.world.sendFile(10_000_000, from: pair.a, on: id)
    pair.world.run(for: 500 * .millisecond)
    #expect(pair.a.status(id)?.datagram == 1_472)
    tap.lose[.data] = 40
    var least = Int.max
    while !pair.world.run(for: 20 * .millisecond, until: { pair.world.isComplete }) {
      least = min(least, pair.a.status(id)?.datagram ?? 0)
    }
    #expect(least == 1_472)
  }

  @Test func pathsAreProbedForWhatTheyCarry() throws {
    for (mtu, limit, datagram) in [
      (1_500, 9_000, 1_472), (1_280, 1_500, 1_252), (1_492, 1_500, 1_464), (9_000, 9_000, 8_972), (9_000, 1_500, 1_472),
      (1_500, 1_280, 1_200), (65_535, 1_500, 1_472), (9_000, 8_950, 8_872), (1_400, 1_500, 1_372),
    ] {
      let pair = try Pair("delay=10ms,mtu=\(limit)", .with { $0.mtu = mtu })
      let (id, _) = try pair.connect()
      pair.world.run(for: 30 * .second)
      #expect(pair.a.status(id)?.datagram == datagram && pair.world.violations.isEmpty)
      let other = pair.b.connection
      #expect(other.flatMap { pair.b.status($0)?.datagram } == datagram)
    }
  }
}
