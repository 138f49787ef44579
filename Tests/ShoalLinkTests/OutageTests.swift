import ShoalBase
import ShoalLink
import Testing

@Suite struct OutageTests {
  private let outage = Outage(up: 5 * .second, down: 2 * .second)

  @Test func itIsUpFirstAndThenDownAndSoOn() {
    var link = Link(LinkParameters(outage: outage), seed: 1)
    for (second, fate) in link.offer(30, every: .second).enumerated() {
      #expect((fate == .dropped(.outage)) == (second % 7 >= 5))
    }
    #expect(link.counters.droppedOutage == 8)
  }

  @Test func itsEdgesAreExact() {
    #expect(!outage.isDown(after: 0))
    #expect(!outage.isDown(after: 5 * .second - 1))
    #expect(outage.isDown(after: 5 * .second))
    #expect(outage.isDown(after: 7 * .second - 1))
    #expect(!outage.isDown(after: 7 * .second))
    #expect(outage.isDown(after: -1))
    #expect(!outage.isDown(after: -2 * .second - 1))
  }

  @Test func itIsCountedFromTheStart() {
    let start = at(milliseconds: 1_000_000)
    var link = Link(LinkParameters(outage: outage), seed: 1, start: start)
    #expect(link.admit(ipLength: 100, payloadLength: 72, at: start).delivery != nil)
    #expect(link.admit(ipLength: 100, payloadLength: 72, at: start + 6 * .second) == .dropped(.outage))
    #expect(link.admit(ipLength: 100, payloadLength: 72, at: start + 7 * .second).delivery != nil)
  }

  @Test func bothDirectionsAreInStep() throws {
    let spec = try LinkSpec(parsing: "outage=5s/2s")
    var (up, down) = (spec.makeUpLink(defaultSeed: 1), spec.makeDownLink(defaultSeed: 1))
    #expect(up.offer(30, every: .second) == down.offer(30, every: .second))
  }

  @Test func whatLeavesTheQueueDuringAnOutageIsLost() {
    let parameters = LinkParameters(rate: 8_000, queue: 100_000, outage: outage)
    var link = Link(parameters, seed: 1)
    // Each takes a second, so they leave at 1, 2, … 8 s.
    let fates = (0..<8).map { _ in link.admit(ipLength: 1_000, payloadLength: 972, at: .zero) }
    let lost = fates.indices.filter { fates[$0] == .dropped(.outage) }
    #expect(lost == [4, 5])
    #expect(fates[6].delivery?.release == at(milliseconds: 7_000))
  }
}
