import ShoalBase
import ShoalWire

/// A file that at least one peer has registered.
struct TrackedFile: Sendable {
  /// The registrations of one host.
  private struct Host: Sendable {
    let key: HostKey
    /// Their slots, in no order.
    var members: [Int]
  }

  /// Its peers by host, in no order.
  private var hosts: [Host] = []
  /// How many peers it has.
  private(set) var count = 0
  /// The slot of the peer registered longest, whose name and cut stand for the file.
  var eldest: Int
  /// Whether FIND finds it under its name.
  var isListed = false
  /// Whether FIND finds it by the beginning of its id, too.
  var isListedByID = false

  init(eldest: Int) { self.eldest = eldest }

  /// How many hosts have it.
  var hostCount: Int { hosts.count }
  /// The slots of all its peers.
  var members: some Sequence<Int> { hosts.lazy.flatMap(\.members) }

  mutating func insert(_ slot: Int, of key: HostKey) {
    count += 1
    if let index = hosts.firstIndex(where: { $0.key == key }) {
      hosts[index].members.append(slot)
    } else {
      hosts.append(Host(key: key, members: [slot]))
    }
  }

  mutating func remove(_ slot: Int, of key: HostKey) {
    guard let index = hosts.firstIndex(where: { $0.key == key }),
      let member = hosts[index].members.firstIndex(of: slot)
    else { return }
    count -= 1
    hosts[index].members.swapAt(member, hosts[index].members.count - 1)
    hosts[index].members.removeLast()
    guard hosts[index].members.isEmpty else { return }
    hosts.swapAt(index, hosts.count - 1)
    hosts.removeLast()
  }

  /// A random peer of the host that has the most here, if that is more than this host would have with one more.
  func victim(for key: HostKey, using random: inout SeededGenerator) -> Int? {
    // If each host has one peer, none is greedy; this case is common and the most expensive to search.
    guard count > hosts.count else { return nil }
    guard let greediest = hosts.max(by: { $0.members.count < $1.members.count }) else { return nil }
    let own = hosts.first { $0.key == key }?.members.count ?? 0
    return greediest.members.count > own + 1 ? greediest.members.randomElement(using: &random) : nil
  }

  /// At most this many random peers for which `isWanted` holds. Every host is equally likely, whatever its number of
  /// peers, and so is every peer of a host; a host's second peer comes only after the first of every other.
  func draw(_ most: Int, using random: inout SeededGenerator, where isWanted: (Int) -> Bool) -> [Int] {
    var drawn: [Int] = []
    var turns: [(host: Int, members: Lots)] = []
    var lots = Lots(hosts.count)
    while drawn.count < most, let host = lots.next(using: &random) {
      var turn = (host: host, members: Lots(hosts[host].members.count))
      if let slot = next(of: &turn, using: &random, isWanted) { drawn.append(slot) }
      if turn.members.left > 0 { turns.append(turn) }
    }
    while drawn.count < most, !turns.isEmpty {
      turns.shuffle(using: &random)
      for index in turns.indices where drawn.count < most {
        if let slot = next(of: &turns[index], using: &random, isWanted) { drawn.append(slot) }
      }
      turns.removeAll { $0.members.left == 0 }
    }
    return drawn
  }

  private func next(
    of turn: inout (host: Int, members: Lots), using random: inout SeededGenerator, _ isWanted: (Int) -> Bool
  ) -> Int? {
    while let index = turn.members.next(using: &random) {
      let slot = hosts[turn.host].members[index]
      if isWanted(slot) { return slot }
    }
    return nil
  }
}
