import ShoalBase
import ShoalWire

/// The addresses that sent false content. Their number is limited: the oldest of the host with the most is forgotten
/// first, so that a host that lies under ever new ports cannot push out the bans of others.
///
/// Another port of a liar's host may be another peer behind a NAT, or the liar again: it is on probation, and the more
/// lies came from that host, the longer it waits.
struct BanList {
  private var bans: [(address: Address, at: Instant, until: Instant)] = []

  func contains(_ address: Address, at now: Instant) -> Bool {
    bans.contains { $0.address == address && $0.until > now }
  }

  /// How many are remembered.
  var count: Int { bans.count }

  mutating func insert(_ address: Address, at now: Instant) {
    bans.removeAll { $0.address == address || $0.until <= now }
    if bans.count >= SwarmConstants.bans { removeOne() }
    bans.append((address, now, now + SwarmConstants.ban))
  }

  private mutating func removeOne() {
    var counts: [HostKey: Int] = [:]
    for ban in bans { counts[HostKey(ban.address), default: 0] += 1 }
    let most = counts.values.max()
    bans.firstIndex { counts[HostKey($0.address)] == most }.map { _ = bans.remove(at: $0) }
  }

  /// The time until which nothing is requested from an address of this host that has not yet given anything; nil if no
  /// address of the host is banned.
  func probation(of address: Address, at now: Instant) -> Instant? {
    let host = HostKey(address)
    let own = bans.filter { HostKey($0.address) == host && $0.until > now }
    guard let last = own.last else { return nil }
    // The first time, it need not wait.
    let wait = own.count > 1 ? Nanoseconds.second << Nanoseconds(min(own.count - 2, 8)) : 0
    return last.at + min(wait, SwarmConstants.longestProbation)
  }
}
