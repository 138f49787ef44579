import ShoalBase
import Testing

@testable import ShoalSwarm

/// The rate at which a host finds that it may send to several peers.
struct UplinkControlTests {
  /// An uplink with this rate in bytes per second and a queue of this many bytes, and a host that always has more to
  /// send.
  private struct Bench {
    var control = UplinkControl()
    var now = Instant(nanoseconds: .second)
    var capacity: Double
    let queueLimit: Double
    var (sent, delivered, queued) = (UInt64(0), 0.0, 0.0)
    var dropped = 0.0

    var queueing: Nanoseconds { Nanoseconds(queued / capacity * 1e9) }

    init(_ capacity: Double, queue: Double) { (self.capacity, queueLimit) = (capacity, queue) }

    mutating func run(for seconds: Double) {
      for _ in 0..<Int(seconds * 1_000) {
        now = now + .millisecond
        control.refill(sent: sent, unsent: 0, queueing: queueing, roundTrip: 20 * .millisecond, at: now)
        while control.mayServe {
          control.spend(control.part)
          sent += UInt64(control.part)
          queued += Double(control.part)
          control.refill(sent: sent, unsent: 0, queueing: queueing, roundTrip: 20 * .millisecond, at: now)
        }
        let left = min(queued, capacity / 1_000)
        (queued, delivered) = (queued - left, delivered + left)
        if queued > queueLimit { (dropped, queued) = (dropped + queued - queueLimit, queueLimit) }
        guard control.isMeasurementDue(at: now) else { continue }
        control.measure(delivered: UInt64(delivered), isBusy: true, at: now)
      }
    }
  }

  @Test(arguments: [25e3, 250e3, 2.5e6, 125e6]) func theUplinkIsFilledAndItsQueueIsShort(_ capacity: Double) {
    var bench = Bench(capacity, queue: capacity * 0.2 + 100e3)
    bench.run(for: 10)
    let (before, dropped) = (bench.delivered, bench.dropped)
    bench.run(for: 20)
    let share = (bench.delivered - before) / (capacity * 20)
    #expect(share > 0.93, "\(share)")
    #expect((bench.dropped - dropped) / (capacity * 20) < 0.02, "\(bench.dropped - dropped)")
  }

  @Test func aFasterUplinkIsFound() {
    var bench = Bench(1e6, queue: 300e3)
    bench.run(for: 10)
    bench.capacity = 10e6
    bench.run(for: 5)
    let before = bench.delivered
    bench.run(for: 10)
    #expect(bench.delivered - before > 0.9 * 10e6 * 10)
  }

  @Test func aSlowerUplinkIsFound() {
    var bench = Bench(10e6, queue: 1e6)
    bench.run(for: 10)
    bench.capacity = 1e6
    bench.run(for: 25)
    let (sent, before) = (bench.sent, bench.dropped)
    bench.run(for: 10)
    #expect((bench.dropped - before) / Double(bench.sent - sent) < 0.05)
  }

  @Test func aSlowUplinkServesFewAtATime() {
    var slow = Bench(25e3, queue: 50e3)
    slow.run(for: 10)
    var fast = Bench(2.5e6, queue: 500e3)
    fast.run(for: 10)
    #expect(slow.control.turns == 2 && fast.control.turns > 30)
    #expect(UplinkControl().turns > 2, "before anything was measured")
  }

  /// What is measured while there is little to send says nothing about the uplink.
  @Test func aPauseIsForgotten() {
    var bench = Bench(2.5e6, queue: 500e3)
    bench.run(for: 10)
    let rate = bench.control.rate
    for _ in 0..<100 {
      bench.now = bench.now + 200 * .millisecond
      bench.control.measure(
        delivered: UInt64(bench.delivered), isBusy: false, at: bench.now)
    }
    #expect(bench.control.rate > 0.7 * rate)
    // A connection that ends takes with it what it had delivered.
    bench.control.measure(delivered: 0, isBusy: true, at: bench.now + 200 * .millisecond)
    #expect(bench.control.rate > 0.7 * rate)
  }
}
