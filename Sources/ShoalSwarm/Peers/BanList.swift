import ShoalBase
import ShoalWire

/// The addresses that sent what does not fit a file's id: a limited number, of which the oldest are forgotten first.
struct BanList {
  private var bans: [(address: Address, until: Instant)] = []

  func contains(_ address: Address, at now: Instant) -> Bool {
    bans.contains { $0.address == address && $0.until > now }
  }

  mutating func insert(_ address: Address, at now: Instant) {
    bans.removeAll { $0.address == address || $0.until <= now }
    if bans.count >= SwarmConstants.bans { bans.removeFirst() }
    bans.append((address, now + SwarmConstants.ban))
  }
}
