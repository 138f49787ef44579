import ShoalBase
import ShoalContent
import ShoalWire

/// The files that FIND finds under one name.
struct NamedFiles: Sendable {
  /// Each with the host of the peer that gives it the name, those first listed first.
  private(set) var claims: [(id: Digest, host: HostKey)] = []
  /// How many each host has.
  private var counts: [HostKey: Int] = [:]

  mutating func insert(_ id: Digest, of host: HostKey) {
    claims.append((id, host))
    counts[host, default: 0] += 1
  }

  mutating func remove(_ id: Digest) {
    guard let index = claims.firstIndex(where: { $0.id == id }) else { return }
    let host = claims.remove(at: index).host
    let left = counts[host, default: 1] - 1
    counts[host] = left > 0 ? left : nil
  }

  /// The last file of the host that has most under this name, if that is more than another would have with one more.
  func victim(for host: HostKey) -> Digest? {
    // That each host has one file is common, costs most to find out, and makes none of them greedy.
    guard claims.count > counts.count else { return nil }
    var most = counts[host, default: 0] + 1
    var victim: Digest?
    for claim in claims where counts[claim.host, default: 0] >= most {
      let count = counts[claim.host, default: 0]
      if count > most || victim != nil { (most, victim) = (count, claim.id) }
    }
    return victim
  }

  /// At most this many, those with the highest `weight` first; but no host has its second before all have their first.
  func first(_ most: Int, using random: inout SeededGenerator, weight: (Digest) -> Int) -> [Digest] {
    var order = claims.map { (weight: weight($0.id), claim: $0) }
    order.shuffle(using: &random)
    order.sort { $0.weight > $1.weight }
    var turns: [HostKey: Int] = [:]
    let turn = order.map { entry in
      turns[entry.claim.host, default: 0] += 1
      return turns[entry.claim.host, default: 0]
    }
    var chosen: [Digest] = []
    for round in 1...max(turns.values.max() ?? 1, 1) where chosen.count < most {
      for index in order.indices where turn[index] == round && chosen.count < most {
        chosen.append(order[index].claim.id)
      }
    }
    return chosen
  }
}
