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
    private var credit = 0.0
    private var random = SeededGenerator(seed: 1)
    var mostJitter: Nanoseconds = 0
    /// How long packets wait behind those of others.
    var others: Nanoseconds = 0

    var queueing: Nanoseconds { Nanoseconds(queued / capacity * 1e9) }

    init(_ capacity: Double, queue: Double) { (self.capacity, queueLimit) = (capacity, queue) }

    mutating func run(for seconds: Double) {
      for _ in 0..<Int(seconds * 1_000) {
        now = now + .millisecond
        let delay = queueing + others + jitter()
        control.note(sent: sent, queueing: delay, roundTrip: 20 * .millisecond + queueing, at: now)
        credit = min(credit + control.rate / 1_000, control.rate / 100 + 3_000)
        while credit > 0 {
          credit -= 1_452
          sent += 1_452
          queued += 1_452
        }
        let left = min(queued, capacity / 1_000)
        (queued, delivered) = (queued - left, delivered + left)
        control.heldBack()
        if queued > queueLimit { (dropped, queued) = (dropped + queued - queueLimit, queueLimit) }
        guard control.isMeasurementDue(at: now) else { continue }
        control.measure(delivered: UInt64(delivered), isBusy: true, at: now)
      }
    }

    /// By how much one of several round trips is longer for reasons other than the queue.
    private mutating func jitter() -> Nanoseconds {
      mostJitter > 0 ? Nanoseconds(random.next() % UInt64(mostJitter)) : 0
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

  /// What a host sends to a slow uplink must leave its acknowledgements and requests a short queue.
  @Test(arguments: [25e3, 250e3, 2.5e6]) func theQueueStaysShort(_ capacity: Double) {
    var bench = Bench(capacity, queue: capacity * 4)
    bench.run(for: 10)
    var sum = 0.0
    for _ in 0..<1_000 {
      bench.run(for: 0.02)
      sum += Double(bench.queueing) / 1e9
    }
    // Two datagrams take 116 ms at 25 kB/s.
    #expect(sum / 1_000 < max(0.03, 3 * 2_904 / capacity), "\(sum / 1_000)")
  }

  /// Jitter is not taken for a queue.
  @Test func aPathThatJittersIsFilled() {
    var bench = Bench(2.5e6, queue: 500e3)
    bench.mostJitter = 40 * .millisecond
    bench.run(for: 10)
    let before = bench.delivered
    bench.run(for: 10)
    #expect((bench.delivered - before) / (2.5e6 * 10) > 0.93)
  }

  /// A queue that others keep full, or a busy processor, slows it down but does not bring it to a halt.
  @Test func aQueueOfOthersDoesNotStopIt() {
    var bench = Bench(2.5e6, queue: 500e3)
    bench.run(for: 10)
    bench.others = 80 * .millisecond
    bench.run(for: 60)
    let before = bench.delivered
    bench.run(for: 20)
    #expect((bench.delivered - before) / (2.5e6 * 20) > 0.3)
    bench.others = 0
    bench.run(for: 5)
    let then = bench.delivered
    bench.run(for: 10)
    #expect((bench.delivered - then) / (2.5e6 * 10) > 0.93)
  }

  /// Before anything has arrived, little is sent: it might be too much for seconds.
  @Test func theFirstBurstIsShort() {
    var bench = Bench(1, queue: 1e6)
    bench.run(for: 0.2)
    #expect(bench.sent < 40_000)
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
