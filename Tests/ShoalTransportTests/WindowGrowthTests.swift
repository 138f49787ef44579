import ShoalBase
import ShoalSimulator
import Testing

@testable import ShoalTransport

/// How `cubic` and `ledbat` grow and give way, in virtual time.
@Suite struct WindowGrowthTests {
  /// RFC 9002 §7.8: a window that is not the limit says nothing about the path.
  @Test(arguments: [CongestionAlgorithm.cubic, .ledbat])
  func whatDoesNotLimitDoesNotGrow(_ congestion: CongestionAlgorithm) throws {
    let pair = try Pair(
      "rate=1gbit,delay=20ms",
      .with {
        $0.congestion = congestion
        $0.window = 64
      })
    _ = try #require(try pair.transfer(10_000_000))
    #expect(pair.a.inside.path.congestion.window < 4 * 64 * 1_500)
  }

  /// RFC 9438 §5.8: time in which nothing is sent does not count.
  @Test func cubicDoesNotGrowWhileIdle() throws {
    var path = try Bottleneck(50, 40, seed: 1)
    try path.send(30_000_000, .cubic)
    path.world.run(for: 60 * .second) { path.world.isComplete }
    let known = path.connection.path.congestion.window
    let lost = path.senders[0].endpoint.counters.lost
    path.world.run(for: 60 * .second)
    path.world.sendFile(30_000_000, from: path.senders[0], on: path.senders[0].connection!)
    path.world.run(for: 400 * .millisecond)
    #expect(path.connection.path.congestion.window < known * 12 / 10)
    #expect(path.senders[0].endpoint.counters.lost - lost < 20)
  }

  /// A latecomer, to which the first sender's queue looks like part of the path, must not take the first sender's share
  /// for good.
  @Test func anEarlierLedbatIsNotStarved() throws {
    var path = try Bottleneck(10, 40, queue: 4, seed: 1)
    try path.send(2_000_000_000, .ledbat)
    path.world.run(for: 20 * .second)
    try path.send(2_000_000_000, .ledbat)
    path.world.run(for: 40 * .second)
    let bytes = path.run(seconds: 60)
    #expect(bytes.allSatisfy { $0 > 0.15 * (bytes[0] + bytes[1]) }, "\(bytes)")
  }

  @Test func ledbatSlowsDownAlsoAfterLosses() throws {
    var path = try Bottleneck(20, 40, queue: 0.5, seed: 1)
    try path.send(2_000_000_000, .ledbat)
    var slowdowns = 0
    var wasSlow = false
    for _ in 0..<3_000 {
      path.world.run(for: 10 * .millisecond)
      let isSlow = path.connection.path.congestion.stateName == "slowdown"
      if isSlow, !wasSlow { slowdowns += 1 }
      wasSlow = isSlow
    }
    #expect(slowdowns >= 2, "\(slowdowns)")
  }
}
