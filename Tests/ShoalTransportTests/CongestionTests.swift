import ShoalBase
import ShoalSimulator
import TestSupport
import Testing

@testable import ShoalTransport

/// How BBR copes with paths, in virtual time. Shares are of what the path can carry, once the connection is open.
@Suite struct CongestionTests {
  static let seeds = TestSupport.seeds(1..<2)

  @Test(arguments: [(0.0, 0.93), (5, 0.9), (30, 0.75)])
  func randomLossCostsItsShare(loss: Double, least: Double) throws {
    for seed in CongestionTests.seeds.prefix(1) {
      var path = try Bottleneck(50, 40, loss: loss, seed: seed)
      let (share, wire) = try path.transfer(25_000_000, rate: 50, loss: loss)
      #expect(share > least, "seed \(seed): \(share)")
      #expect(wire < 1.015, "seed \(seed): \(wire)")
    }
  }

  /// Mbit/s, round trip in ms, loss in per cent, and the seconds by which the rate must be found.
  @Test(arguments: [(400, 40, 5.0, 3), (20, 300, 2, 8)])
  func farOrFastItIsTheSame(rate: Int, roundTrip: Int, loss: Double, after: Int) throws {
    var path = try Bottleneck(rate, roundTrip, loss: loss, seed: 1)
    try path.send()
    path.world.run(for: Nanoseconds(after) * .second)
    let share = path.run(seconds: 1)[0] / (Double(rate) * 125_000 * (1 - loss / 100))
    #expect(share > 0.95, "\(share)")
  }

  /// Mbit/s, round trip in ms, and a queue in bandwidth-delay products that does not hold a millisecond's burst.
  @Test(arguments: [(100, 40, 0.02, 0.75), (100, 40, 0.03, 0.85), (100, 4, 0.2, 0.9), (1_000, 4, 0.1, 0.9)])
  func aQueueShorterThanABurstIsNotFlooded(rate: Int, roundTrip: Int, queue: Double, least: Double) throws {
    for seed in CongestionTests.seeds.prefix(1) {
      var path = try Bottleneck(rate, roundTrip, queue: queue, seed: seed)
      let (share, wire) = try path.transfer(min(rate * 300_000, 100_000_000), rate: rate)
      #expect(share > least && wire < 1.1, "seed \(seed): \(share) \(wire)")
      #expect(try #require(path.bbr?.randomLoss.share) < 0.02, "seed \(seed)")
    }
  }

  @Test func theShareOfRandomLossIsKnown() throws {
    for seed in CongestionTests.seeds {
      var path = try Bottleneck(50, 40, loss: 10, seed: seed)
      try path.send()
      path.world.run(for: 3 * .second)
      let random = try #require(path.bbr?.randomLoss.share)
      #expect((0.075...0.125).contains(random), "seed \(seed): \(random)")
      let rate = path.run(seconds: 5)[0] / 5 / (50 * 125_000 * 0.9)
      #expect(rate > 0.93, "seed \(seed): \(rate)")
    }
  }

  @Test func aDeepQueueStaysEmpty() throws {
    for seed in CongestionTests.seeds {
      var path = try Bottleneck(50, 40, queue: 10, seed: seed)
      try path.send()
      path.world.run(for: 2 * .second)
      var samples: [Nanoseconds] = []
      for _ in 0..<60 {
        path.world.run(for: 50 * .millisecond)
        samples.append(path.connection.path.roundTrip.latest ?? 0)
      }
      #expect(samples.sorted()[30] < 46 * .millisecond, "seed \(seed)")
      #expect(try #require(path.bbr?.randomLoss.share) < 0.005)
    }
  }

  @Test func aShallowQueueIsNotOverrun() throws {
    for seed in CongestionTests.seeds {
      var path = try Bottleneck(100, 40, queue: 0.1, seed: seed)
      let (share, wire) = try path.transfer(30_000_000, rate: 100)
      #expect(share > 0.84 && wire < 1.05, "seed \(seed): \(share) \(wire)")
    }
  }

  @Test(arguments: [(1.0, 0.3...0.6), (0.25, 0.2...0.6)])
  func cubicKeepsItsShare(queue: Double, share: ClosedRange<Double>) throws {
    for seed in CongestionTests.seeds.prefix(1) {
      var path = try Bottleneck(20, 30, queue: queue, seed: seed)
      try path.send()
      path.world.run(for: .second)
      try path.send(2_000_000_000, .cubic)
      let bytes = path.run(seconds: 30)
      let cubic = bytes[1] / (bytes[0] + bytes[1])
      #expect(share.contains(cubic), "seed \(seed): \(cubic)")
    }
  }

  @Test(arguments: [1.0, 4])
  func twoShareAlike(queue: Double) throws {
    for seed in CongestionTests.seeds.prefix(1) {
      var path = try Bottleneck(10, 30, queue: queue, seed: seed)
      try path.send()
      path.world.run(for: .second)
      try path.send()
      let bytes = path.run(seconds: 40)
      let sum = bytes[0] + bytes[1]
      let jain = sum * sum / 2 / (bytes[0] * bytes[0] + bytes[1] * bytes[1])
      #expect(jain > 0.94 && sum / 40 > 0.93 * 10 * 125_000, "seed \(seed): \(bytes)")
    }
  }

  @Test func aDropIsFollowedAndSoIsARise() throws {
    for seed in CongestionTests.seeds {
      var path = try Bottleneck(100, 40, seed: seed)
      try path.send()
      path.world.run(for: 2 * .second)
      try path.change(20, 40, queue: 5)
      path.world.run(for: 18 * 40 * .millisecond)
      #expect(path.connection.path.congestion.pacingRate < 1.3 * 20 * 125_000, "seed \(seed)")
      path.world.run(for: 8 * 40 * .millisecond)
      #expect(path.connection.path.roundTrip.smoothed < 60 * .millisecond, "seed \(seed)")
      try path.change(100, 40, queue: 1)
      path.world.run(for: 25 * 40 * .millisecond)
      #expect(path.connection.path.congestion.pacingRate > 0.85 * 100 * 125_000, "seed \(seed)")
      // None of it was random.
      #expect(try #require(path.bbr?.randomLoss.share) < 0.05, "seed \(seed)")
    }
  }

  @Test func burstsAreNotCongestion() throws {
    for seed in CongestionTests.seeds {
      var path = try Bottleneck(100, 40, loss: 3, more: "burst=5", seed: seed)
      let (share, _) = try path.transfer(30_000_000, rate: 100, loss: 3)
      #expect(share > 0.8, "seed \(seed): \(share)")
    }
  }

  @Test func reorderingIsNotLoss() throws {
    for seed in CongestionTests.seeds {
      var path = try Bottleneck(100, 40, more: "reorder=20%", seed: seed)
      let (share, wire) = try path.transfer(30_000_000, rate: 100)
      #expect(share > 0.88 && wire < 1.02, "seed \(seed): \(share) \(wire)")
      #expect(path.connection.path.roundTrip.minimum ?? .max < 42 * .millisecond)
    }
  }

  @Test func reorderingOnAFastPathSendsLittleTwice() throws {
    var path = try Bottleneck(1_000, 40, more: "reorder=20%", seed: 1)
    let (_, wire) = try path.transfer(60_000_000, rate: 1_000)
    #expect(wire < 1.02, "\(wire)")
  }

  @Test func anIdleApplicationIsNotASlowPath() throws {
    let rate = 50
    for seed in CongestionTests.seeds {
      var path = try Bottleneck(rate, 40, loss: 10, seed: seed)
      try path.send(5_000_000)
      path.world.run(for: 5 * .second)
      let known = path.connection.path.congestion.pacingRate
      // A trickle, far below what the path carries.
      for _ in 0..<100 {
        path.world.sendFile(10_000, from: path.senders[0], on: path.senders[0].connection!)
        path.world.run(for: 100 * .millisecond)
      }
      #expect(path.connection.path.congestion.pacingRate > 0.7 * known, "seed \(seed)")
      path.world.sendFile(50_000_000, from: path.senders[0], on: path.senders[0].connection!)
      path.world.run(for: 15 * 40 * .millisecond)
      let share = path.run(seconds: 2)[0] / 2 / (Double(rate) * 125_000 * 0.9)
      #expect(share > 0.88, "seed \(seed): \(share)")
    }
  }

  @Test func aBlackoutIsSurvived() throws {
    for seed in CongestionTests.seeds {
      var path = try Bottleneck(50, 40, loss: 1, seed: seed)
      try path.send()
      path.world.run(for: 2 * .second)
      try path.change(50, 40, queue: 1, loss: 100)
      path.world.run(for: 2 * .second)
      #expect(path.connection.path.congestion.pacingRate >= 2 * 1_200 * 25)
      try path.change(50, 40, queue: 1, loss: 1)
      path.world.run(for: 2 * .second + 15 * 40 * .millisecond)
      let share = path.run(seconds: 1)[0] / (50 * 125_000 * 0.99)
      #expect(share > 0.85, "seed \(seed): \(share)")
    }
  }

  @Test func corruptionIsNotCongestion() throws {
    for seed in CongestionTests.seeds {
      var path = try Bottleneck(100, 40, more: "corrupt=5%", seed: seed)
      let (share, wire) = try path.transfer(30_000_000, rate: 100, loss: 5)
      #expect(share > 0.85 && wire < 1.02, "seed \(seed): \(share) \(wire)")
    }
  }
}
