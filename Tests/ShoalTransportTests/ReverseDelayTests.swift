import ShoalBase
import Testing

@testable import ShoalTransport

/// The queue on the way back, seen from timestamps of another clock.
struct ReverseDelayTests {
  private let start = Instant(nanoseconds: 1_000 * .second)

  /// A clock that reads `offset` microseconds more than ours.
  private func add(_ delay: inout ReverseDelay, after: Nanoseconds, took: Nanoseconds, offset: UInt32) {
    let now = start + after
    delay.add((now - took).wireMicroseconds &+ offset, at: now)
  }

  @Test(arguments: [0, 5, 0x7FFF_FFFF, 0xFFFF_FFF0] as [UInt32]) func aQueueShowsWhateverTheClock(offset: UInt32) {
    var delay = ReverseDelay()
    #expect(delay.growth(at: start) == 0)
    add(&delay, after: 0, took: 20 * .millisecond, offset: offset)
    #expect(delay.growth(at: start) == 0)
    for i in 1...50 { add(&delay, after: Nanoseconds(i) * 10 * .millisecond, took: 120 * .millisecond, offset: offset) }
    let growth = delay.growth(at: start + 500 * .millisecond)
    #expect(abs(growth - 100 * .millisecond) < .millisecond, "\(growth)")
    // A faster packet than the first shows that there was a queue all the time.
    add(&delay, after: 510 * .millisecond, took: 10 * .millisecond, offset: offset)
    #expect(delay.growth(at: start + 510 * .millisecond) > 80 * .millisecond)
  }

  @Test func oldDelaysAreForgotten() {
    var delay = ReverseDelay()
    add(&delay, after: 0, took: 20 * .millisecond, offset: 0)
    for i in 1...20 { add(&delay, after: Nanoseconds(i) * 10 * .millisecond, took: 520 * .millisecond, offset: 0) }
    #expect(delay.growth(at: start + .second) > 400 * .millisecond)
    #expect(delay.growth(at: start + 3 * .second) == 0)
  }

  /// A clock that runs 100 ppm slower makes delays appear to grow without end.
  @Test func aDriftingClockIsNotTakenForAQueue() {
    var delay = ReverseDelay()
    for second in 0..<1_000 {
      let drift = Nanoseconds(second) * 100 * .microsecond
      add(&delay, after: Nanoseconds(second) * .second, took: 20 * .millisecond + drift, offset: 0)
    }
    #expect(delay.growth(at: start + 999 * .second) < 15 * .millisecond)
  }
}
