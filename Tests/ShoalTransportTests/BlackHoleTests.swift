import ShoalBase
import ShoalLink
import ShoalSimulator
import ShoalWire
import Testing

@testable import ShoalTransport

@Suite struct BlackHoleTests {
  private static let loopback = "delay=20us,rate=10gbit"
  private static let wide = TransportConfiguration.with { $0.mtu = 65_535 }

  /// On loopback a few milliseconds hold several probe timeouts, and many losses.
  @Test(arguments: RepeatMode.allCases)
  func aStallOfTheReceiverLeavesThePathWide(mode: RepeatMode) throws {
    var configuration = BlackHoleTests.wide
    configuration.repeatMode = mode
    let pair = try Pair(BlackHoleTests.loopback, configuration)
    let (id, _) = try pair.connect()
    pair.world.run(for: 2 * .second)
    #expect(pair.a.status(id)?.datagram == 65_507)
    var timeouts = 0
    for stall in [15, 100, 400] as [Nanoseconds] {
      pair.world.sendFile(20_000_000, from: pair.a, on: id)
      pair.world.run(for: 3 * .millisecond)
      pair.world.network.onSend = { _, _ in false }
      pair.world.run(for: stall * .millisecond)
      timeouts = max(timeouts, pair.a.status(id)?.probeTimeouts ?? 0)
      pair.world.network.onSend = nil
      #expect(pair.world.run(for: 10 * .second) { pair.world.isComplete })
      #expect(pair.a.status(id)?.datagram == 65_507, "after \(stall) ms")
    }
    #expect(timeouts > 3)
  }

  /// Many losses in a row while other packets get through: only time distinguishes them from a black hole.
  @Test func aBurstOfLossesOnAFastPathLeavesItWide() throws {
    let pair = try Pair(BlackHoleTests.loopback, BlackHoleTests.wide)
    let (id, _) = try pair.connect()
    pair.world.run(for: 2 * .second)
    pair.world.sendFile(50_000_000, from: pair.a, on: id)
    pair.world.run(for: .millisecond)
    let end = pair.world.now + 20 * .millisecond
    pair.world.network.onSend = { datagram, now in now > end || datagram.bytes.count < 2_000 }
    for _ in 0..<40 {
      pair.world.sendMessage(from: pair.a, on: id)
      pair.world.run(for: .millisecond)
      #expect(pair.a.status(id)?.datagram == 65_507)
    }
    #expect(pair.world.run(for: 10 * .second) { pair.world.isComplete })
    #expect(pair.a.status(id)?.datagram == 65_507)
  }

  /// If small packets do not get through either, size is not the reason.
  @Test func anOutageOfSmallPacketsLeavesThePathWide() throws {
    let pair = try Pair("delay=10ms")
    let (id, _) = try pair.connect()
    pair.world.run(for: 2 * .second)
    pair.world.network.onSend = { _, _ in false }
    pair.world.sendMessage(from: pair.a, on: id)
    pair.world.run(for: 10 * .second)
    pair.world.network.onSend = nil
    #expect(pair.world.run(for: 3 * .second) { pair.world.isComplete })
    #expect(pair.a.status(id)?.datagram == 1_472)
  }

  @Test(arguments: ["delay=20us", "delay=20ms,rate=100mbit"], [true, false])
  func aPathThatHasBecomeNarrowIsFoundInTime(link: String, bulk: Bool) throws {
    for mode in RepeatMode.allCases {
      var configuration = BlackHoleTests.wide
      configuration.repeatMode = mode
      let pair = try Pair(link, configuration)
      let (id, _) = try pair.connect()
      pair.world.run(for: 5 * .second)
      #expect(pair.a.status(id)?.datagram == 65_507)
      pair.world.network.onSend = { datagram, _ in datagram.bytes.count <= 1_472 }
      pair.world.sendFile(5_000_000, from: pair.a, on: id)
      let start = pair.world.now
      while pair.a.status(id)?.datagram == 65_507, pair.world.now - start < 10 * .second {
        // Small packets that get through all the while, or none.
        if !bulk { pair.world.sendMessage(from: pair.a, on: id) }
        pair.world.run(for: 20 * .millisecond)
      }
      #expect(pair.world.now - start < 3 * .second, "\(mode)")
      #expect(pair.world.run(for: 10 * .second) { pair.world.isComplete })
    }
  }
}
