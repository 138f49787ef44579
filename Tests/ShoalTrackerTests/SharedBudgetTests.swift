import ShoalBase
import ShoalWire
import TestSupport
import Testing

@testable import ShoalTracker

struct SharedBudgetTests {
  @Test(arguments: seeds(0..<20)) func theGreediestGivesWayWhateverHappened(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var budget = SharedBudget(limit: 20)
    let hosts = (1...24).map { HostKey(peer($0)) }
    var parts = [Int](repeating: 0, count: 48)
    func taken(by host: Int) -> Int {
      stride(from: host, to: parts.count, by: hosts.count).reduce(0) { $0 + parts[$1] }
    }
    for _ in 0..<1_000 {
      let slot = Int.random(in: 0..<parts.count, using: &random)
      parts[slot] = max(0, Int.random(in: -6...4, using: &random))
      budget.set(slot, of: hosts[slot % hosts.count], to: parts[slot])
      let all = parts.reduce(0, +)
      let most = hosts.indices.map(taken(by:)).max() ?? 0
      let host = Int.random(in: hosts.indices, using: &random)
      let more = Int.random(in: 0...8, using: &random)
      let isFull = all + more > budget.limit
      let givesWay = isFull && most > taken(by: host) + more
      let victim = budget.victim(for: hosts[host], taking: more, using: &random)
      #expect(budget.taken == all && budget.taken(by: hosts[host]) == taken(by: host))
      #expect((victim != nil) == givesWay)
      #expect(budget.grants(more, to: hosts[host]) == (more == 0 || !isFull || givesWay))
      if let victim { #expect(parts[victim] > 0 && taken(by: victim % hosts.count) == most) }
    }
  }
}
