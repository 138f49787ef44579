import ShoalBase
import ShoalLink
import ShoalSimulator
import Testing

@testable import ShoalTransport

/// What a sender holds back.
@Suite struct RestraintTests {
  /// Before anything is acknowledged, no more leaves than the first congestion window.
  @Test(arguments: [CongestionAlgorithm.bbr, .cubic, .ledbat])
  func noMoreIsInFlightThanTheCongestionWindow(_ algorithm: CongestionAlgorithm) throws {
    let pair = try Pair("delay=100ms", .with { $0.congestion = algorithm })
    let (id, _) = try pair.connect()
    pair.world.run(for: 5 * .second)
    let window = pair.a.inside.path.congestion.window
    pair.world.sendFile(10_000_000, from: pair.a, on: id)
    pair.world.run(for: 190 * .millisecond)
    let inFlight = pair.a.inside.sendWindow.bytesInFlight
    #expect(inFlight <= window && inFlight > window / 2, "\(inFlight) of \(window)")
  }

  @Test func theWishForAcksFollowsTheWindow() throws {
    let pair = try Pair("delay=20ms,rate=100mbit")
    try pair.connect()
    #expect((1...8).contains(pair.a.inside.ackEvery))
    _ = try #require(try pair.transfer(3_000_000))
    #expect((1...64).contains(pair.a.inside.ackEvery))
  }

  @Test func probesOfThePathAreASecondApart() throws {
    let pair = try Pair("delay=1ms")
    let tap = Tap(pair.world)
    tap.change = { _, type in type != .probe }
    let (id, _) = try pair.connect()
    pair.world.sendFile(1_000, from: pair.a, on: id)
    pair.world.run(for: 20 * .second)
    let times = tap.times(.probe, from: pair.a)
    #expect(times.count >= 3 && zip(times, times.dropFirst()).allSatisfy { $1 - $0 >= .second })
  }
}
