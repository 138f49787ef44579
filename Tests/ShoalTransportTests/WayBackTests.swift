import ShoalBase
import Testing

@testable import ShoalTransport

/// What ACKs wait on the way back, told by another clock.
struct WayBackTests {
  private let start = Instant(nanoseconds: 1_000 * .second)

  private func add(
    _ back: inout WayBack, after: Nanoseconds, took: Nanoseconds, offset: UInt32 = 0
  ) -> Nanoseconds? {
    back.add((start + after - took).wireMicroseconds &+ offset, at: start + after)
  }

  @Test(arguments: [0, 5, 0x7FFF_FFFF, 0xFFFF_FFF0] as [UInt32]) func aWaitShowsWhateverTheClock(offset: UInt32) {
    var back = WayBack()
    #expect(add(&back, after: 0, took: 20 * .millisecond, offset: offset) == 0)
    let second = add(&back, after: .second, took: 120 * .millisecond, offset: offset)
    #expect(second == 100 * .millisecond)
    #expect(back.arrivedAt == start + 900 * .millisecond)
    // A faster one than the first shows that both had waited.
    #expect(add(&back, after: 1_001 * .millisecond, took: 10 * .millisecond, offset: offset) == 0)
    #expect(add(&back, after: 1_002 * .millisecond, took: 30 * .millisecond, offset: offset) == 20 * .millisecond)
  }

  @Test func whatIsLateDoesNotTurnTimeBack() {
    var back = WayBack()
    _ = add(&back, after: 0, took: 20 * .millisecond)
    _ = add(&back, after: 500 * .millisecond, took: 20 * .millisecond)
    _ = add(&back, after: 600 * .millisecond, took: 500 * .millisecond)
    #expect(back.arrivedAt == start + 500 * .millisecond)
    #expect(back.add(nil, at: start + .second) == nil && back.arrivedAt == start + .second)
  }

  /// A clock that runs 100 ppm slower makes delays appear to grow without end.
  @Test func aDriftingClockIsNotTakenForAWait() {
    var back = WayBack()
    var most: Nanoseconds = 0
    for second in 0..<300 {
      let drift = Nanoseconds(second) * 100 * .microsecond
      most = max(most, add(&back, after: Nanoseconds(second) * .second, took: 20 * .millisecond + drift) ?? 0)
    }
    #expect(most <= 3 * .millisecond)
  }

  /// Whatever a peer says of its clock, the path is no shorter than it was seen to be.
  @Test(arguments: [0, 1, 1_000_000_000, .max] as [Nanoseconds]) func aLieMakesNoPathShorter(wait: Nanoseconds) {
    var roundTrip = RoundTrip()
    roundTrip.add(40 * .millisecond)
    for sample: Nanoseconds in [40 * .millisecond, 50 * .millisecond, 2 * .second] {
      let there = WayBack.deduct(wait, from: sample, roundTrip)
      #expect(there >= 40 * .millisecond && there <= sample)
    }
    #expect(WayBack.deduct(nil, from: .second, roundTrip) == .second)
    #expect(WayBack.deduct(.second, from: .second + 50 * .millisecond, roundTrip) == 50 * .millisecond)
  }
}
