import Testing

@testable import shoal_dump

@Suite struct SteadyClockTests {
  private let second: Int64 = 1_000_000_000

  /// The wall clock is set by an hour while packets come: even a packet stamped before that and read after it gets its
  /// true time.
  @Test(arguments: [3_600, -3_600, 1]) func setWhileCapturing(by seconds: Int64) {
    let start = 1_700_000_000 * second
    var clock = SteadyClock(monotonic: 50 * second, wall: start)
    #expect(clock.time(of: UInt64(start + 7)) == UInt64(start + 7))
    let shift = seconds * second
    clock.note(monotonic: 51 * second, wall: start + second + shift)
    let before = clock.time(of: UInt64(start + second - 30_000_000))
    #expect(before == UInt64(start + second - 30_000_000))
    #expect(clock.time(of: UInt64(start + second + shift - 10_000_000)) == UInt64(start + second - 10_000_000))
    // Set back again.
    clock.note(monotonic: 52 * second, wall: start + 2 * second)
    #expect(clock.time(of: UInt64(start + 2 * second)) == UInt64(start + 2 * second))
  }

  /// Neither drift nor the time that passes between two readings counts as setting the clock.
  @Test func itsPaceIsFollowed() {
    var clock = SteadyClock(monotonic: 0, wall: second)
    for step in Int64(1)...1_000 { clock.note(monotonic: step * second, wall: second + step * second + step * 500_000) }
    #expect(clock.time(of: UInt64(1_001 * second)) == UInt64(1_001 * second))
  }
}
