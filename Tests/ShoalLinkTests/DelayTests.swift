import ShoalBase
import ShoalLink
import Testing

@Suite struct DelayTests {
  @Test func theDelayIsTheDelay() {
    var link = Link(LinkParameters(delay: 30 * .millisecond), seed: 1)
    for (index, fate) in link.offer(100).enumerated() {
      #expect(fate == .delivered(Fate.Delivery(release: at(milliseconds: Int64(index) + 30))))
    }
  }

  @Test func jitterIsUniformWhereDatagramsAreFarApart() {
    var link = Link(LinkParameters(delay: 10 * .millisecond, jitter: 2 * .millisecond), seed: 2)
    let extra = link.offer(20_000, every: 5 * .millisecond).enumerated().map { index, fate in
      (fate.delivery?.release ?? .zero) - at(milliseconds: 5 * Int64(index) + 10)
    }
    #expect(extra.allSatisfy { (0...2 * .millisecond).contains($0) })
    let mean = extra.reduce(0, +) / 20_000
    #expect((975_000...1_025_000).contains(mean))
    let low = extra.count { $0 < 500 * .microsecond }
    #expect((4_700...5_300).contains(low))
  }

  @Test func jitterKeepsOrder() {
    var link = Link(LinkParameters(delay: 10 * .millisecond, jitter: 20 * .millisecond), seed: 3)
    let releases = link.offer(5_000, every: 100 * .microsecond).compactMap { $0.delivery?.release }
    #expect(releases.count == 5_000)
    #expect(zip(releases, releases.dropFirst()).allSatisfy { $0 <= $1 })
    for (index, release) in releases.enumerated() {
      let extra = release - (.zero + Int64(index) * 100 * .microsecond + 10 * .millisecond)
      #expect((0...20 * .millisecond).contains(extra))
    }
  }

  @Test func aReorderedDatagramIsHeldByHalfTheDelay() {
    var link = Link(LinkParameters(reorder: 0.1, delay: 40 * .millisecond), seed: 4)
    let fates = link.offer(10_000)
    for (index, fate) in fates.enumerated() {
      let time = Int64(index)
      let isKnown =
        fate == .delivered(Fate.Delivery(release: at(milliseconds: time + 40)))
        || fate == .delivered(Fate.Delivery(release: at(milliseconds: time + 60)))
      #expect(isKnown)
    }
    #expect((850...1_150).contains(link.counters.reordered))
  }

  @Test func aShortDelayStillHoldsForAMillisecond() {
    #expect(LinkParameters(delay: 0).reorderHold == .millisecond)
    #expect(LinkParameters(delay: 1_999_999).reorderHold == .millisecond)
    #expect(LinkParameters(delay: 3 * .millisecond).reorderHold == 1_500 * .microsecond)
    var link = Link(LinkParameters(reorder: 1), seed: 5)
    #expect(link.admit(ipLength: 100, payloadLength: 72, at: .zero).delivery?.release == at(milliseconds: 1))
  }

  @Test func aReorderedDatagramHoldsNoOtherBack() {
    let parameters = LinkParameters(reorder: 0.2, delay: 10 * .millisecond, jitter: 500 * .microsecond)
    var link = Link(parameters, seed: 6)
    let releases = link.offer(5_000).compactMap { $0.delivery?.release }
    let late = releases.enumerated().filter { $1 - at(milliseconds: Int64($0)) >= 15 * .millisecond }
    #expect(late.count == link.counters.reordered)
    // All others arrive within delay and jitter: as they leave 1 ms apart, none waits for another.
    #expect(releases.count { $0 >= .zero } == 5_000)
    let others = releases.enumerated().filter { $1 - at(milliseconds: Int64($0)) <= 10_500 * .microsecond }
    #expect(others.count + late.count == 5_000)
  }

  @Test func duplicatesComeTwiceAndAreDelayedApart() {
    let parameters = LinkParameters(duplicate: 0.05, delay: 10 * .millisecond, jitter: 2 * .millisecond)
    var link = Link(parameters, seed: 7)
    let deliveries = link.offer(20_000, every: 10 * .millisecond).compactMap(\.delivery)
    let pairs = deliveries.compactMap { delivery in delivery.duplicate.map { $0 - delivery.release } }
    #expect(pairs.count == link.counters.duplicated)
    #expect((850...1_150).contains(pairs.count))
    #expect(pairs.allSatisfy { (0...2 * .millisecond).contains($0) })
    #expect(Set(pairs).count > 400)
    #expect(link.counters.bytes == 20_000_000)
  }

  @Test func eachCopyMayBeReordered() {
    var link = Link(LinkParameters(duplicate: 1, reorder: 0.5, delay: 10 * .millisecond), seed: 8)
    let gaps = link.offer(4_000).compactMap { $0.delivery }.compactMap { delivery in
      delivery.duplicate.map { $0 - delivery.release }
    }
    for gap in [-5 * .millisecond, 0, 5 * .millisecond] as [Nanoseconds] {
      #expect(gaps.contains(gap))
    }
    #expect((3_700...4_300).contains(link.counters.reordered))
  }

  @Test func aCleanLinkPassesEverythingAtOnce() {
    var link = Link(.clean, seed: 9)
    for (index, fate) in link.offer(100).enumerated() {
      #expect(fate == .delivered(Fate.Delivery(release: at(milliseconds: Int64(index)))))
    }
    #expect(link.counters.offered == 100)
    #expect(link.counters.dropped == 0)
    #expect(link.counters.bytes == 100_000)
  }

  @Test func nonsenseIsTamedAndNeverTraps() {
    let nonsense = LinkParameters(
      loss: .nan, burst: -1, corrupt: -.infinity, duplicate: .infinity, reorder: 2, delay: -5, jitter: -5, rate: -5,
      queue: -5, outage: Outage(up: -1, down: .max))
    var link = Link(nonsense, seed: 10)
    for fate in link.offer(100) { #expect(fate == .dropped(.outage)) }
    var other = Link(LinkParameters(duplicate: 2, reorder: 2, delay: .max, jitter: .max, rate: 1), seed: 10)
    for fate in other.offer(4) { #expect(fate.delivery?.duplicate != nil) }
  }
}
