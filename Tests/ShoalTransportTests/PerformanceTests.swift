import ShoalBase
import ShoalLink
import ShoalSimulator
import ShoalWire
import TestSupport
import Testing

@testable import ShoalTransport

/// What the transport gets out of a path, in virtual time: generous bounds, which only a mistake misses.
@Suite struct PerformanceTests {
  private static let path = "delay=20ms,rate=100mbit,queue=500kB"

  @Test(arguments: [1, 10])
  func randomLossCostsLittle(percent: Int) throws {
    for seed in seeds(1..<2) {
      let pair = try Pair("\(PerformanceTests.path),loss=\(percent)%/0%,seed=\(seed)", seed: seed)
      let seconds = try #require(try pair.transfer(30_000_000))
      let share = 1 - Double(percent) / 100
      // The share of what the line carries without losses; start and headers count against it.
      #expect(30e6 / seconds > 0.85 * 12.5e6 * share, "\(30 / seconds) MB/s")
      let wire = Double(pair.a.bytesSent) * share / 30e6
      #expect(wire < 1.06, "\(wire) bytes sent for each that was needed")
      #expect(pair.a.endpoint.counters.spurious < 20)
    }
  }

  @Test func bbrKeepsNoQueue() throws {
    let pair = try Pair("delay=20ms,rate=100mbit,queue=5MB")
    let (id, _) = try pair.connect()
    pair.world.sendFile(60_000_000, from: pair.a, on: id)
    pair.world.run(for: 2 * .second)
    var samples: [Nanoseconds] = []
    for _ in 0..<250 {
      pair.world.run(for: 10 * .millisecond)
      samples.append(pair.a.inside.path.roundTrip.smoothed)
    }
    samples.sort()
    #expect(samples[125] < 46 * .millisecond, "a round trip of 40 ms")
    #expect(samples[249] < 60 * .millisecond)
  }

  @Test func aWindowOfOneBandwidthDelayProductFillsACleanPath() throws {
    let pair = try Pair(
      "delay=20ms,rate=100mbit,queue=1MB",
      .with {
        $0.congestion = .none
        $0.window = 360
      })
    let seconds = try #require(try pair.transfer(20_000_000))
    #expect(20e6 / seconds > 0.85 * 12.5e6)
    #expect(pair.a.mostOutstanding == 360 && pair.a.endpoint.counters.lost == 0)
  }

  @Test func halfAWindowIsHalfTheRate() throws {
    let pair = try Pair("delay=20ms,rate=100mbit", .with { $0.window = 170 })
    let seconds = try #require(try pair.transfer(10_000_000))
    let expected = 170 * 1_430 / 0.04
    #expect((0.75 * expected...1.05 * expected).contains(10e6 / seconds))
  }

  @Test func goBackNIsFarSlowerUnderLoss() throws {
    var rates: [Double] = []
    for mode in RepeatMode.allCases {
      let pair = try Pair("\(PerformanceTests.path),loss=1%/0%", .with { $0.repeatMode = mode })
      let seconds = try #require(try pair.transfer(5_000_000))
      rates.append(5 / seconds)
    }
    #expect(rates[1] < rates[0] / 3, "\(rates) MB/s")
    #expect(rates[1] > 0.5, "but it gets there")
    let clean = try Pair("delay=20ms,rate=100mbit,queue=2MB", .with { $0.repeatMode = .goBackN })
    let seconds = try #require(try clean.transfer(10_000_000))
    #expect(10 / seconds > 0.75 * 12.5, "without loss they are alike")
  }

  @Test func twoFlowsShare() throws {
    let world = World(seed: 3)
    let receiver = world.addEndpoint(link: try LinkSpec(parsing: PerformanceTests.path))
    let senders = (0..<2).map { _ in world.addEndpoint() }
    for sender in senders {
      world.connect(sender, to: receiver)
      world.run(for: .second)
      world.sendFile(100_000_000, from: sender, on: try #require(sender.connection))
      // The second finds the path taken.
      world.run(for: 2 * .second)
    }
    let before = receiver.connections.map { receiver.status($0.id)?.counters.bytesReceived ?? 0 }
    world.run(for: 4 * .second)
    let after = receiver.connections.map { receiver.status($0.id)?.counters.bytesReceived ?? 0 }
    let rates = zip(after, before).map { Double($0 - $1) / 4 }
    #expect(rates[0] + rates[1] > 0.9 * 12.5e6 && rates.min()! > 0.25 * rates.max()!, "\(rates)")
    #expect(world.violations.isEmpty)
  }

  @Test func aSlowPathIsNotFlooded() throws {
    let pair = try Pair("delay=50ms,rate=500kbit,queue=20kB")
    let seconds = try #require(try pair.transfer(500_000))
    #expect(seconds < 12 && pair.a.bytesSent < 700_000)
  }

  @Test func aPathThatBecomesSlowerIsFollowed() throws {
    let pair = try Pair("delay=20ms,rate=100mbit,queue=500kB")
    let (id, _) = try pair.connect()
    pair.world.sendFile(40_000_000, from: pair.a, on: id)
    pair.world.run(for: 2 * .second)
    pair.world.network.join(pair.a.address, link: try LinkSpec(parsing: "delay=20ms,rate=20mbit,queue=500kB"))
    pair.world.run(for: 4 * .second)
    #expect(pair.a.inside.path.roundTrip.smoothed < 80 * .millisecond)
    #expect(pair.a.inside.path.congestion.pacingRate < 4e6)
    pair.world.network.join(pair.a.address, link: try LinkSpec(parsing: "delay=20ms,rate=100mbit,queue=500kB"))
    pair.world.run(for: 4 * .second)
    #expect(pair.a.inside.path.congestion.pacingRate > 9e6)
  }

  @Test func anIdleConnectionStartsAgainAtItsRate() throws {
    let pair = try Pair(PerformanceTests.path)
    _ = try pair.transfer(20_000_000)
    pair.world.run(for: 25 * .second)
    let start = pair.world.now
    pair.world.sendFile(10_000_000, from: pair.a, on: pair.a.connection!)
    #expect(pair.world.run(for: 10 * .second) { pair.world.isComplete })
    #expect(pair.world.now - start < 1_150 * .millisecond)
    #expect(pair.a.endpoint.counters.lost < 200)
  }
}
