import ShoalBase
import Testing

@testable import Shoal

@Suite struct StampTests {
  /// Records are stamped by the monotonic clock: an hour on it is an hour between stamps, whatever the wall clock does.
  @Test func aStampIsMonotonic() {
    let now = SystemClock.now()
    let hour = 3_600 * Nanoseconds.second
    #expect(SystemClock.stamp(at: now + hour) - SystemClock.stamp(at: now) == hour)
    #expect(abs(SystemClock.stamp() - SystemClock.wall()) < 60 * Nanoseconds.second)
  }
}
