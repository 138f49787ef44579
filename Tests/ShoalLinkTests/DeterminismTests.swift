import ShoalBase
import ShoalLink
import Testing

@Suite struct DeterminismTests {
  private let text =
    "loss=5%,burst=3,corrupt=2%,delay=10ms,jitter=2ms,reorder=1%,duplicate=1%,rate=9mbit,queue=20kB,outage=5s/2s"

  @Test func theSameSeedGivesTheSameFates() throws {
    let spec = try LinkSpec(parsing: text)
    var (first, second) = (spec.makeUpLink(defaultSeed: 7), spec.makeUpLink(defaultSeed: 7))
    #expect(first.offer(10_000) == second.offer(10_000))
    #expect(first.counters == second.counters)
    let counters = first.counters
    #expect(counters.delivered + counters.dropped == counters.offered)
    #expect(
      counters.delivered
        == counters.offered - counters.droppedQueue - counters.droppedOutage - counters.droppedLoss)
  }

  @Test func anotherSeedGivesOthers() throws {
    let spec = try LinkSpec(parsing: text)
    var (first, second) = (spec.makeUpLink(defaultSeed: 7), spec.makeUpLink(defaultSeed: 8))
    #expect(first.offer(1_000) != second.offer(1_000))
  }

  @Test func theSpecsSeedWinsOverTheDefault() throws {
    let spec = try LinkSpec(parsing: text + ",seed=7")
    var (first, second) = (spec.makeUpLink(defaultSeed: 1), spec.makeUpLink(defaultSeed: 2))
    #expect(first.offer(1_000) == second.offer(1_000))
    var (third, fourth) = (spec.makeDownLink(defaultSeed: 1), spec.makeDownLink(defaultSeed: 2))
    #expect(third.offer(1_000) == fourth.offer(1_000))
  }

  @Test func theTwoDirectionsLoseIndependently() throws {
    let spec = try LinkSpec(parsing: "loss=50%,seed=7")
    var (up, down) = (spec.makeUpLink(defaultSeed: 0), spec.makeDownLink(defaultSeed: 0))
    let agree = zip(up.offer(10_000), down.offer(10_000)).count { ($0.delivery == nil) == ($1.delivery == nil) }
    #expect((4_750...5_250).contains(agree))
  }

  @Test func trafficOneWayDoesNotChangeTheOther() throws {
    let spec = try LinkSpec(parsing: text + ",seed=7")
    var (quiet, busy) = (spec.makeDownLink(defaultSeed: 0), spec.makeDownLink(defaultSeed: 0))
    var up = spec.makeUpLink(defaultSeed: 0)
    var fates: [Fate] = []
    for index in 0..<1_000 {
      let now = at(milliseconds: Int64(index))
      _ = up.admit(ipLength: 1_500, payloadLength: 1_472, at: now)
      fates.append(busy.admit(ipLength: 1_000, payloadLength: 972, at: now))
    }
    #expect(fates == quiet.offer(1_000))
  }
}
