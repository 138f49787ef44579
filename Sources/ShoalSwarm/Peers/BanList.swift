import ShoalBase
import ShoalWire

/// The addresses that sent false content. Their number is limited: the oldest of the host with the most is forgotten
/// first, so that a host that lies under ever new ports cannot push out the bans of others.
///
/// Another port of a liar's host is most likely the liar again, but behind a NAT it may be another peer. So a peer that
/// was there before the lie goes on, on probation; one that comes later is asked for nothing, unless nobody else gives
/// anything.
struct BanList {
  private var bans: [(address: Address, at: Instant, until: Instant)] = []

  func contains(_ address: Address, at now: Instant) -> Bool {
    bans.contains { $0.address == address && $0.until > now }
  }

  /// How many addresses are remembered.
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

  /// Until when an address of this host that has given us nothing is asked for nothing, even if nobody else gives
  /// anything; nil if no address of the host is banned. The more lies came from the host, the longer it is.
  func rest(ofHostOf address: Address, at now: Instant) -> Instant? {
    guard !bans.isEmpty else { return nil }
    let host = HostKey(address)
    let own = bans.filter { HostKey($0.address) == host && $0.until > now }
    guard let last = own.last else { return nil }
    guard address.isLoopback else {
      return last.at
        + min(SwarmConstants.hostRest << Nanoseconds(min(own.count - 1, 8)), SwarmConstants.longestHostRest)
    }
    // Our own host is no stranger's, and often runs several peers: after its first lie, none of them needs to wait.
    let wait = own.count > 1 ? Nanoseconds.second << Nanoseconds(min(own.count - 2, 8)) : 0
    return last.at + min(wait, SwarmConstants.hostRest)
  }
}

extension Swarm {
  /// Whether a peer at this address may be asked for a file: not if the address has lied. If only its host has lied,
  /// and the address has given nothing, it may be asked after a rest, while nobody else gives anything.
  func mayAsk(_ address: Address, for file: FileKey, at now: Instant) -> Bool {
    guard !bans.contains(address, at: now) else { return false }
    guard let download = files[file]?.download, download.received(from: address) == 0,
      let rest = bans.rest(ofHostOf: address, at: now)
    else { return true }
    return rest <= now && (address.isLoopback || download.isStarving(at: now))
  }
}
