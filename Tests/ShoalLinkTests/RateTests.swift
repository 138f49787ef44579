import ShoalBase
import ShoalLink
import Testing

@Suite struct RateTests {
  @Test func theRateIsExactOverTime() {
    // A datagram takes 2,666.67 ns: rounding each would be off by 0.33 ms after a million.
    var link = Link(LinkParameters(rate: 3_000_000_000, queue: 1_000_000_000), seed: 1)
    var last = Instant.zero
    for _ in 0..<30_000 {
      guard let delivery = link.admit(ipLength: 1_000, payloadLength: 972, at: .zero).delivery else { break }
      last = delivery.release
    }
    #expect(last == at(milliseconds: 80))
    #expect(link.counters.bytes == 30_000_000)
  }

  @Test func aDatagramLeavesWithItsLastBit() {
    var link = Link(LinkParameters(delay: 5 * .millisecond, rate: 8_000_000), seed: 1)
    #expect(link.admit(ipLength: 1_000, payloadLength: 972, at: .zero).delivery?.release == at(milliseconds: 6))
    #expect(link.admit(ipLength: 500, payloadLength: 472, at: .zero).delivery?.release.nanoseconds == 6_500_000)
    // The line has been idle since 1.5 ms; idle time is not credited.
    #expect(
      link.admit(ipLength: 1_000, payloadLength: 972, at: at(milliseconds: 9)).delivery?.release
        == at(milliseconds: 15))
  }

  @Test func theQueueHoldsItsBytesAndDropsTheTail() {
    var link = Link(LinkParameters(rate: 8_000_000, queue: 10_000), seed: 1)
    let fates = (0..<15).map { _ in link.admit(ipLength: 1_000, payloadLength: 972, at: .zero) }
    #expect(fates.prefix(10).allSatisfy { $0.delivery != nil })
    #expect(fates.dropFirst(10).allSatisfy { $0 == .dropped(.queue) })
    #expect(link.counters.droppedQueue == 5)
    // After 1 ms one datagram has been sent and there is room for another; a little earlier there is none.
    let early = at(milliseconds: 1) - 1
    #expect(link.admit(ipLength: 1_000, payloadLength: 972, at: early) == .dropped(.queue))
    #expect(
      link.admit(ipLength: 1_000, payloadLength: 972, at: at(milliseconds: 1)).delivery?.release
        == at(milliseconds: 11))
    #expect(link.admit(ipLength: 40, payloadLength: 12, at: at(milliseconds: 1)) == .dropped(.queue))
  }

  @Test func theQueueTellsHowLongItIs() {
    var link = Link(LinkParameters(delay: 5 * .millisecond, rate: 8_000_000, queue: 10_000), seed: 1)
    #expect(link.queueDelay(at: .zero) == 0)
    for _ in 0..<12 { _ = link.admit(ipLength: 1_000, payloadLength: 972, at: .zero) }
    // Ten datagrams of a millisecond each; the delay after that is not part of the queue.
    #expect(link.queueDelay(at: .zero) == 10 * .millisecond)
    #expect(link.queueDelay(at: at(milliseconds: 4)) == 6 * .millisecond)
    #expect(link.queueDelay(at: at(milliseconds: 11)) == 0)
    #expect(link.counters.offeredBytes == 12_000 && link.counters.bytes == 10_000)
    #expect(Link(.clean, seed: 1).queueDelay(at: at(milliseconds: 3)) == 0)
  }

  @Test func anIdleLineTakesADatagramLongerThanItsQueue() {
    var link = Link(LinkParameters(rate: 8_000_000, queue: 0), seed: 1)
    #expect(link.admit(ipLength: 1_000, payloadLength: 972, at: .zero).delivery != nil)
    #expect(link.admit(ipLength: 1_000, payloadLength: 972, at: .zero) == .dropped(.queue))
    #expect(link.admit(ipLength: 1_000, payloadLength: 972, at: at(milliseconds: 1)).delivery != nil)
  }

  @Test func theDefaultQueueIsABandwidthDelayProduct() {
    #expect(LinkParameters(delay: 10 * .millisecond, rate: 100_000_000).queueLimit == 250_000)
    #expect(LinkParameters(delay: 1 * .millisecond, rate: 100_000_000).queueLimit == 64_000)
    #expect(LinkParameters(rate: 100_000_000).queueLimit == 64_000)
    #expect(LinkParameters(delay: 60 * .second, rate: 1_000_000_000_000).queueLimit == 15_000_000_000_000)
    #expect(LinkParameters(delay: 10 * .millisecond, rate: 100_000_000, queue: 9).queueLimit == 9)
    var link = Link(LinkParameters(delay: 10 * .millisecond, rate: 100_000_000), seed: 1)
    let passed = (0..<400).count { _ in link.admit(ipLength: 1_000, payloadLength: 972, at: .zero).delivery != nil }
    #expect(passed == 250)
  }

  @Test func withoutARateNothingQueues() {
    var link = Link(LinkParameters(queue: 0), seed: 1)
    for _ in 0..<1_000 {
      #expect(link.admit(ipLength: 60_000, payloadLength: 59_972, at: .zero).delivery?.release == .zero)
    }
  }

  @Test func theSlowestAndTheFastestRateWork() {
    var slow = Link(LinkParameters(rate: 1, queue: 1_000_000_000), seed: 1)
    for _ in 0..<100 { _ = slow.admit(ipLength: 65_535, payloadLength: 65_507, at: .zero) }
    #expect(slow.counters.delivered == 100)
    var fast = Link(LinkParameters(delay: 60 * .second, rate: 1_000_000_000_000), seed: 1)
    for _ in 0..<100 { _ = fast.admit(ipLength: 1_250, payloadLength: 1_222, at: .zero) }
    #expect(
      fast.admit(ipLength: 1_250, payloadLength: 1_222, at: .zero).delivery?.release
        == at(milliseconds: 60_000) + 1_010)
  }

  @Test func theMTUComesBeforeTheQueue() {
    var link = Link(LinkParameters(rate: 8_000_000, mtu: 1_400), seed: 1)
    #expect(link.admit(ipLength: 1_401, payloadLength: 1_373, at: .zero) == .dropped(.mtu))
    // The datagram that was too long has used none of the rate.
    #expect(
      link.admit(ipLength: 1_400, payloadLength: 1_372, at: .zero).delivery?.release.nanoseconds == 1_400_000)
    #expect(link.counters.droppedMTU == 1)
    #expect(link.counters.offered == 2)
  }
}
