import ShoalBase
import ShoalSimulator
import Testing

@testable import ShoalTransport

/// Several senders at one bottleneck, whose queue may never be empty: what it drops must not be taken for random loss.
@Suite struct CrowdTests {
  /// Senders, Mbit/s, round trip in ms, queue in bandwidth-delay products, and the most that may be dropped.
  @Test(arguments: [(4, 20, 40, 1.0, 0.04), (8, 20, 40, 4, 0.04), (16, 100, 20, 1, 0.06)])
  func manyDoNotFloodAQueue(count: Int, rate: Int, roundTrip: Int, queue: Double, most: Double) throws {
    for seed in CongestionTests.seeds.prefix(1) {
      var path = try Bottleneck(rate, roundTrip, queue: queue, seed: seed)
      for _ in 0..<count {
        try path.send()
        path.world.run(for: 300 * .millisecond)
      }
      path.world.run(for: 8 * .second)
      let before = path.world.network.counters(of: path.receiver.address)!.down
      let bytes = path.run(seconds: 10)
      let after = path.world.network.counters(of: path.receiver.address)!.down
      let dropped = Double(after.dropped - before.dropped) / Double(after.offered - before.offered)
      #expect(dropped < most, "seed \(seed): \(dropped)")
      #expect(bytes.reduce(0, +) / 10 > 0.93 * Double(rate) * 125_000, "seed \(seed)")
    }
  }

  @Test func inTimeTheyShareAlike() throws {
    var path = try Bottleneck(20, 40, queue: 1, seed: 1)
    for _ in 0..<6 {
      try path.send()
      path.world.run(for: 300 * .millisecond)
    }
    path.world.run(for: 30 * .second)
    let bytes = path.run(seconds: 30)
    let sum = bytes.reduce(0, +)
    let jain = sum * sum / 6 / bytes.reduce(0) { $0 + $1 * $1 }
    #expect(jain > 0.85, "\(bytes)")
  }

  /// A longer path is not a queue, and its losses are again recognised as random.
  @Test func anotherPathIsFound() throws {
    for seed in CongestionTests.seeds.prefix(1) {
      var path = try Bottleneck(20, 20, loss: 1, seed: seed)
      try path.send()
      path.world.run(for: 15 * .second)
      try path.change(20, 80, queue: 1, loss: 5)
      path.world.run(for: 40 * .second)
      let share = path.run(seconds: 10)[0] / 10 / (20 * 125_000 * 0.95)
      #expect(share > 0.9, "seed \(seed): \(share)")
    }
  }
}
