import ShoalBase
import TestSupport
import Testing

@testable import ShoalTransport

/// The controllers by themselves, fed with ACKs by hand, and those that follow RFCs on paths.
@Suite struct ControllerTests {
  /// An ACK of this many packets, a round trip after the one before.
  private func sample(
    _ bbr: Bbr, round: Int, acked: Int, lost: Int, corrupt: Int = 0, spurious: Int = 0, roundTrip: Nanoseconds
  ) -> CongestionSample {
    var losses = Losses()
    for _ in 0..<lost { losses.unqueued.add(bbr.phase) }
    losses.runs = lost
    losses.bytes = lost * 1_200
    var counts = PhaseCounts()
    for _ in 0..<acked { counts.add(bbr.phase) }
    var rate = DeliveryRate.Sample()
    rate.isValid = true
    rate.priorDelivered = UInt64(round) * 1_000_000
    rate.bytesPerSecond = 1e6 * Double(min(1 << round, 64))
    return CongestionSample(
      now: Instant(nanoseconds: Nanoseconds(round + 1) * 40 * .millisecond), ackedBytes: acked * 1_200, acked: counts,
      losses: losses, spurious: spurious, corrupt: corrupt, priorInFlight: acked * 1_200, bytesInFlight: 0,
      rate: rate, delivered: UInt64(round + 1) * 1_000_000, roundTrip: roundTrip, smoothedRoundTrip: roundTrip)
  }

  @Test func reportedCorruptionIsExemptUpToATenth() {
    // A path that is known to lose nothing.
    var random = RandomLoss()
    var quiet = LossTally()
    quiet.add(acked: PhaseCounts(steady: 1_500), isQueued: false, isCrowded: false, losses: Losses(), corrupt: 0)
    random.add(quiet, includingProbes: false)
    var tally = LossTally()
    var counts = PhaseCounts()
    for _ in 0..<920 { counts.add(.probing) }
    var losses = Losses()
    for _ in 0..<80 { losses.unqueued.add(.probing) }
    tally.add(acked: counts, isQueued: false, isCrowded: false, losses: losses, corrupt: 80)
    #expect(tally.excess(over: random) == 0)
    // Of 15 % reported, only a tenth of all is believed.
    for _ in 0..<70 { losses.unqueued.add(.probing) }
    var more = LossTally()
    for _ in 0..<850 - 920 + 70 { counts.add(.probing) }
    more.add(acked: counts, isQueued: false, isCrowded: false, losses: losses, corrupt: 150)
    let excess = more.excess(over: random)
    #expect((0.03...0.06).contains(excess), "\(excess)")
    // Nothing is believed while a queue stands.
    var queued = LossTally()
    losses.queued = 80
    losses.unqueued = PhaseCounts()
    queued.add(acked: counts, isQueued: true, isCrowded: false, losses: losses, corrupt: 80)
    #expect(queued.excess(over: random) > 0.05)
  }

  @Test func aFirstFlightThatOnlyCameLateDoesNotEndStartup() {
    var bbr = Bbr(datagram: 1_200, seed: 1, at: .zero)
    bbr.started(roundTrip: 40 * .millisecond, nil, at: .zero)
    for round in 0..<3 {
      bbr.acknowledged(sample(bbr, round: round, acked: 60, lost: 0, roundTrip: 40 * .millisecond))
    }
    #expect(bbr.state == .startup)
    // Two rounds that do not grow lose half of what they sent; growth that shows only after the first would be no wonder.
    for round in 3..<5 {
      #expect(bbr.state == .startup)
      var bad = sample(bbr, round: round, acked: 40, lost: 40, roundTrip: 40 * .millisecond)
      bad.rate.bytesPerSecond = 4e6
      bbr.acknowledged(bad)
    }
    #expect(bbr.state != .startup && bbr.bounds.most.isFinite)
    // The packets had only been late.
    bbr.acknowledged(sample(bbr, round: 4, acked: 40, lost: 0, spurious: 40, roundTrip: 40 * .millisecond))
    #expect(bbr.state == .startup && !bbr.bounds.most.isFinite)
  }

  @Test func lossesWithoutAQueueAreRandom() {
    var random = RandomLoss()
    for _ in 0..<20 {
      var tally = LossTally()
      tally.steady = LossTally.Class(packets: 100, lost: 5)
      tally.runs = 5
      random.add(tally, includingProbes: false)
    }
    #expect((0.045...0.055).contains(random.share))
    // Packets that leave slowly are not lost: so the loss was not random.
    for _ in 0..<10 {
      var tally = LossTally()
      tally.slow = LossTally.Class(packets: 60, lost: 0)
      random.add(tally, includingProbes: false)
    }
    #expect(random.share < 0.02)
  }

  @Test func lossInAQueueOfOthersIsNotRandom() {
    var random = RandomLoss()
    for round in 0..<60 {
      var tally = LossTally()
      tally.add(
        acked: PhaseCounts(steady: 100), isQueued: round > 20, isCrowded: round > 20, losses: Losses(), corrupt: 0)
      tally.steady.lost = 20
      random.add(tally, includingProbes: false)
      if round == 20 { #expect(random.share > 0.15) }
    }
    #expect(random.share < 0.001)
  }

  /// What was expected at the rate that was known then has been expected.
  @Test func aFallingRateIsNoBunchOfAcks() {
    var aggregation = AckAggregation()
    for ack in 0..<2_000 {
      let bandwidth = ack < 1_000 ? 1e6 : 1e4
      aggregation.add(
        1.01 * bandwidth / 100, bandwidth: bandwidth, most: 1e9, at: .zero + Int64(ack) * 10 * .millisecond,
        round: UInt64(ack / 10), rounds: 10)
    }
    #expect(aggregation.value < 200_000)
  }

  @Test func lossInRunsScattersMore() {
    var random = RandomLoss()
    var single = RandomLoss()
    for _ in 0..<20 {
      var tally = LossTally()
      tally.steady = LossTally.Class(packets: 100, lost: 5)
      tally.runs = 5
      single.add(tally, includingProbes: false)
      tally.runs = 1
      random.add(tally, includingProbes: false)
    }
    #expect(random.most(of: 300) > single.most(of: 300) + 5)
  }

  @Test func cubicFillsACleanPath() throws {
    var path = try Bottleneck(50, 40, queue: 1, seed: 1)
    let (share, wire) = try path.transfer(30_000_000, rate: 50, .cubic)
    #expect(share > 0.88 && wire < 1.04, "\(share) \(wire)")
  }

  @Test func cubicsShareAlike() throws {
    var path = try Bottleneck(10, 30, queue: 1, seed: 1)
    try path.send(2_000_000_000, .cubic)
    path.world.run(for: 2 * .second)
    try path.send(2_000_000_000, .cubic)
    path.world.run(for: 10 * .second)
    let bytes = path.run(seconds: 30)
    #expect(bytes.min()! > 0.35 * (bytes[0] + bytes[1]), "\(bytes)")
  }

  @Test func ledbatLeavesTheLineToOthers() throws {
    var path = try Bottleneck(20, 30, queue: 4, seed: 1)
    try path.send(2_000_000_000, .ledbat)
    let alone = path.run(seconds: 10)[0] / 10 / (20 * 125_000)
    #expect(alone > 0.7, "\(alone)")
    #expect(path.connection.path.roundTrip.smoothed < (30 + 75) * .millisecond)
    try path.send(2_000_000_000, .cubic)
    path.world.run(for: 3 * .second)
    let bytes = path.run(seconds: 30)
    #expect(bytes[1] > 0.85 * (bytes[0] + bytes[1]), "\(bytes)")
  }

  /// A window reduced because of reordering is restored, as nothing was lost.
  @Test(arguments: [CongestionAlgorithm.cubic, .ledbat])
  func reorderingSlowsNeither(congestion: CongestionAlgorithm) throws {
    for seed in seeds(1..<3) {
      var shares: [Double] = []
      for more in ["", "reorder=20%"] {
        var path = try Bottleneck(50, 40, queue: 4, more: more, seed: seed)
        shares.append(try path.transfer(10_000_000, rate: 50, congestion).share)
      }
      #expect(shares[1] > 0.9 * shares[0], "\(congestion), seed \(seed): \(shares)")
    }
  }

  @Test(arguments: [CongestionAlgorithm.cubic, .ledbat])
  func corruptionSlowsNeither(congestion: CongestionAlgorithm) throws {
    var ratios: [Double] = []
    for seed in seeds(1..<3) {
      var shares: [Double] = []
      for more in ["", "corrupt=1%"] {
        var path = try Bottleneck(50, 40, queue: 4, more: more, seed: seed)
        shares.append(try path.transfer(10_000_000, rate: 50, congestion).share)
      }
      ratios.append(shares[1] / shares[0])
    }
    // One seed in eight is unlucky at the start.
    #expect(ratios.sorted()[ratios.count / 2] > 0.75, "\(congestion): \(ratios)")
  }

  /// The peer's count is believed only as far as it can do no harm: up to a tenth.
  @Test func noMoreLossesAreExcusedThanATenth() {
    var exemption = CorruptionExemption()
    var excused = 0
    for round in 0..<100 {
      for part in 0..<10 {
        let bbr = Bbr(datagram: 1_500, seed: 1, at: .zero)
        var told = sample(bbr, round: round, acked: 7, lost: 3, roundTrip: 40 * .millisecond)
        told.now = Instant.zero + .second + Nanoseconds(round * 10 + part) * 4 * .millisecond
        told.corrupt = 100
        excused += told.losses.packets - exemption.counting(told)
      }
    }
    #expect((900...1_020).contains(excused), "\(excused)")
  }
}
