import ShoalBase
import ShoalContent
import ShoalWire

/// The files that FIND finds under one name.
struct NamedFiles: Sendable {
  /// The files, each with the host of the peer that gives it the name, in the order in which they were listed.
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

  /// The last file of the host that has the most under this name, if that is more than `host` would have with one more.
  func victim(for host: HostKey) -> Digest? {
    // If each host has one file, none is greedy; this case is common and the most expensive to search.
    guard claims.count > counts.count else { return nil }
    var most = counts[host, default: 0] + 1
    var victim: Digest?
    for claim in claims where counts[claim.host, default: 0] >= most {
      let count = counts[claim.host, default: 0]
      if count > most || victim != nil { (most, victim) = (count, claim.id) }
    }
    return victim
  }

  /// At most this many files, those with the highest `weight` first; but no host's second file comes before every other
  /// host's first.
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
