import ShoalBase
import ShoalWire

/// A budget shared among hosts, and how much of it each registration takes.
///
/// Hosts take as much as they like while there is room. When there is none, the host that takes the most has to give
/// way to one that takes less. Finding that host takes constant time; a change takes the logarithm of the number of
/// hosts.
struct SharedBudget: Sendable {
  private struct Host: Sendable {
    let key: HostKey
    var taken = 0
    /// The slots of its registrations that take something.
    var slots: [Int] = []
    /// Its place in `order`.
    var rank: Int
  }

  /// The size of the budget.
  let limit: Int
  /// What is taken.
  private(set) var taken = 0
  /// By slot: what the registration takes, and its place among its host's.
  private var parts: [(taken: Int, index: Int)] = []
  private var hosts: [Host] = []
  private var free: [Int] = []
  private var byKey: [HostKey: Int] = [:]
  /// A heap of `hosts`: none takes more than the one in whose branch it is.
  private var order: [Int] = []

  init(limit: Int) { self.limit = limit }

  /// What a host takes.
  func taken(by host: HostKey) -> Int { byKey[host].map { hosts[$0].taken } ?? 0 }

  /// Whether a host may take this much more, because there is room, or because another host that would still take more
  /// gives way.
  func grants(_ more: Int, to host: HostKey) -> Bool {
    more <= 0 || taken + more <= limit || more <= limit && (mostTaken > taken(by: host) + more)
  }

  /// A registration that must end for a host to take this much more, chosen at random from the greediest host; nil if
  /// there is room, or if none is greedier than this one would be.
  func victim(for host: HostKey, taking more: Int, using random: inout SeededGenerator) -> Int? {
    guard taken + more > limit, let first = order.first, mostTaken > taken(by: host) + more else { return nil }
    return hosts[first].slots.randomElement(using: &random)
  }

  /// A registration of this host takes this much from now on.
  mutating func set(_ slot: Int, of key: HostKey, to amount: Int) {
    while parts.count <= slot { parts.append((0, 0)) }
    let before = parts[slot].taken
    guard amount != before else { return }
    let host = byKey[key] ?? insert(key)
    parts[slot].taken = amount
    taken += amount - before
    hosts[host].taken += amount - before
    if before == 0 {
      parts[slot].index = hosts[host].slots.count
      hosts[host].slots.append(slot)
    } else if amount == 0 {
      let (index, last) = (parts[slot].index, hosts[host].slots.removeLast())
      if last != slot {
        hosts[host].slots[index] = last
        parts[last].index = index
      }
    }
    if amount > before { rise(hosts[host].rank) } else { sink(hosts[host].rank) }
    if hosts[host].slots.isEmpty { remove(host) }
  }

  private var mostTaken: Int { order.first.map { hosts[$0].taken } ?? 0 }

  private mutating func insert(_ key: HostKey) -> Int {
    let host = Host(key: key, rank: order.count)
    let place = free.popLast() ?? hosts.count
    if place == hosts.count { hosts.append(host) } else { hosts[place] = host }
    byKey[key] = place
    order.append(place)
    return place
  }

  /// Removes a host that takes nothing: it is a leaf of the heap, as all others take something.
  private mutating func remove(_ place: Int) {
    let rank = hosts[place].rank
    byKey[hosts[place].key] = nil
    free.append(place)
    let last = order.removeLast()
    guard last != place else { return }
    put(last, at: rank)
    rise(rank)
  }

  private mutating func put(_ place: Int, at rank: Int) {
    order[rank] = place
    hosts[place].rank = rank
  }

  private mutating func rise(_ start: Int) {
    let place = order[start]
    var rank = start
    while rank > 0, hosts[order[(rank - 1) / 2]].taken < hosts[place].taken {
      put(order[(rank - 1) / 2], at: rank)
      rank = (rank - 1) / 2
    }
    put(place, at: rank)
  }

  private mutating func sink(_ start: Int) {
    let place = order[start]
    var rank = start
    while true {
      var child = 2 * rank + 1
      guard child < order.count else { break }
      if child + 1 < order.count, hosts[order[child + 1]].taken > hosts[order[child]].taken { child += 1 }
      guard hosts[order[child]].taken > hosts[place].taken else { break }
      put(order[child], at: rank)
      rank = child
    }
    put(place, at: rank)
  }
}
