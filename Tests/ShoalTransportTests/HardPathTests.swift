import ShoalBase
import ShoalLink
import ShoalSimulator
import ShoalWire
import Testing

@testable import ShoalTransport

/// Unusual paths: with a very thin return path, or a round trip of minutes.
@Suite struct HardPathTests {
  /// The seconds of a transfer, and the bytes sent for each one of the file.
  private func transfer(
    _ bytes: Int, _ link: String, _ congestion: CongestionAlgorithm = .bbr, seed: UInt64
  ) throws -> (seconds: Double, wire: Double) {
    var run = SimulatedTransfer(
      size: bytes, link: try LinkSpec(parsing: link), transport: .with { $0.congestion = congestion })
    run.limit = 2_000 * .second
    let result = run.run(seed: seed)
    #expect(result.violations.isEmpty)
    return (Double(result.time ?? 2_000 * .second) / 1e9, result.wire)
  }

  /// The return path has a hundredth of the rate and a queue of 4 kB: nothing stalls for want of ACKs.
  @Test(arguments: [CongestionAlgorithm.bbr, .cubic])
  func aThinWayBackCarriesTheAcks(congestion: CongestionAlgorithm) throws {
    for seed in CongestionTests.seeds.prefix(1) {
      let (seconds, _) = try transfer(
        1_250_000, "rate=1mbit/10kbit,delay=1ms,queue=12kB/4kB", congestion, seed: seed)
      #expect(seconds < 20, "seed \(seed): \(seconds)")
    }
  }

  /// ACKs that queue inflate the round trip, against which they must not be measured.
  @Test func acksDoNotHoldBackAShortPath() throws {
    let (seconds, _) = try transfer(2_500_000, "rate=10mbit/100kbit,delay=1ms,queue=100kB", seed: 1)
    #expect(seconds < 3.5)
  }

  /// What the first flight loses at random does not end startup.
  @Test func heavyLossFromTheStartIsNoCongestion() throws {
    for seed in UInt64(2)...3 {
      let (seconds, _) = try transfer(10_000_000, "rate=100mbit,delay=150ms,loss=40%,queue=3750kB", seed: seed)
      #expect(seconds < 8, "seed \(seed): \(seconds)")
    }
  }

  /// Losses in one round that did not raise the rate do not end startup: what the sender paces faster takes two rounds to
  /// show. When they did, this took 24 s.
  @Test func growthThatIsSlowToShowIsStillGrowth() throws {
    let (seconds, _) = try transfer(
      6_000_000, "rate=10mbit/500kbit,delay=500ms,loss=5%,queue=125kB/6250B", seed: 1)
    #expect(seconds < 13, "\(seconds)")
  }

  /// Who only receives need not know the round trip to know that it is long.
  @Test func aLossyLongPathNeedsFewAcks() throws {
    let link = try LinkSpec(parsing: "rate=20mbit/1mbit,delay=150ms,loss=20%,queue=750kB/37kB")
    let result = SimulatedTransfer(size: 5_000_000, link: link, transport: TransportConfiguration()).run(seed: 1)
    #expect(result.time != nil && result.receiver.sent < 600, "\(result.receiver.sent)")
  }

  /// Seconds of round trip. Nobody waits that long for a peer that is not there, but a late answer is taken.
  @Test(arguments: [3, 10, 120, 300])
  func aLongPathConnectsAndDelivers(roundTrip: Int) throws {
    let (seconds, _) = try transfer(20_000, "rate=10mbit,delay=\(roundTrip * 500)ms", seed: 1)
    #expect(seconds < Double(3 * roundTrip) + 1)
  }

  @Test func aLateAnswerOpensWhatWasGivenUp() throws {
    let pair = try Pair("delay=5s")
    pair.world.connect(pair.a, to: pair.b)
    pair.world.run(for: 4 * .second)
    #expect(pair.a.closed.map(\.code) == [CloseCode.unreachable.rawValue] && pair.a.connections.isEmpty)
    pair.world.run(for: 7 * .second)
    #expect(pair.a.connections.count == 1 && pair.a.inside.path.roundTrip.smoothed == 10 * .second)
    pair.world.run(for: 200 * .second)
    #expect(pair.a.closed.count == 1 && pair.b.connections.count == 1)
  }

  @Test(arguments: [false, true]) func acksThatQueueAreAskedForLessOften(isSure: Bool) {
    var thinning = AckThinning()
    var roundTrip = RoundTrip()
    roundTrip.add(60 * .millisecond)
    var now = Instant.zero
    func acks(_ count: Int, every spacing: Nanoseconds, waited: Nanoseconds) {
      for _ in 0..<count {
        now = now + spacing
        roundTrip.add(60 * .millisecond + waited)
        thinning.add(waited: waited, isSure: isSure, roundTrip, at: now)
      }
    }
    acks(100, every: 10 * .millisecond, waited: 10 * .millisecond)
    #expect(thinning.interval == nil)
    // What comes each 50 ms has waited for a second.
    acks(12, every: 50 * .millisecond, waited: .second)
    #expect(thinning.interval == 200 * .millisecond)
    acks(12, every: 200 * .millisecond, waited: 10 * .millisecond)
    #expect(thinning.interval == 100 * .millisecond)
  }

  /// A queue on the way there looks the same where ACKs do not tell when they left, but stays. One that is known to be
  /// on the way back is not given up, however long it takes to drain.
  @Test(arguments: [false, true]) func fewerAcksAreOnlyTried(isSure: Bool) {
    var thinning = AckThinning()
    var roundTrip = RoundTrip()
    roundTrip.add(60 * .millisecond)
    var now = Instant.zero
    var thinned = 0
    for _ in 0..<4_000 {
      now = now + 50 * .millisecond
      roundTrip.add(.second)
      thinning.add(waited: 940 * .millisecond, isSure: isSure, roundTrip, at: now)
      if thinning.interval != nil { thinned += 1 }
    }
    #expect(isSure ? thinned > 3_900 : thinned > 0 && thinned < 600, "\(thinned)")
  }

  /// ACKs that wait on the way back show no queue on the way there. When they did, random losses counted as congestion
  /// and stopped the sender.
  @Test func aFullWayBackIsNoCongestion() throws {
    for seed in UInt64(2)...3 {
      let (seconds, _) = try transfer(
        2_000_000, "rate=1mbit/10kbit,delay=500ms,loss=20%,queue=125kB/4kB", seed: seed)
      #expect(seconds < 39, "seed \(seed): \(seconds)")
    }
  }
}
