import Testing

@testable import ShoalBase

@Suite struct RateMeterTests {
  @Test func aStallHasNoRateAndNoEnd() {
    var meter = RateMeter()
    #expect(!meter.isStalled && meter.rate == 0 && meter.remaining(1) == nil)
    var count: UInt64 = 0
    for tenth in 0...100 {
      meter.add(count, at: 50 + Double(tenth) / 10)
      count += 100_000
    }
    #expect(abs(meter.rate - 1e6) < 1 && abs(meter.remaining(5_000_000)! - 5) < 0.01)
    count -= 100_000
    for tenth in 1...29 { meter.add(count, at: 60 + Double(tenth) / 10) }
    #expect(!meter.isStalled && meter.rate > 0 && meter.remaining(1) != nil)
    meter.add(count, at: 63)
    #expect(meter.isStalled && meter.rate == 0 && meter.remaining(1) == nil)
    // Growth after the stall counts again, starting from the averages at that time.
    meter.add(count + 1_000_000, at: 64)
    #expect(!meter.isStalled && meter.rate > 0 && meter.remaining(1) != nil)
  }

  @Test func whatNeverBeganIsStalledToo() {
    var meter = RateMeter()
    for tenth in 0...40 { meter.add(0, at: Double(tenth) / 10) }
    #expect(meter.isStalled && meter.remaining(1) == nil)
  }
}
