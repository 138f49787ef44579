import ShoalWire

/// The addresses at which a file may be had, and how each has answered.
struct PeerBook {
  struct Entry {
    /// Connections that came to nothing since the last that did not.
    var failures = 0
    var retryAt = Instant.zero
    /// A connection to it is open or being opened.
    var isConnected = false
    /// It has answered at least once: it is known to take part.
    var hasAnswered = false
  }

  private(set) var entries: [Address: Entry] = [:]
  private var order: [Address] = []
  private(set) var connectedCount = 0

  /// Notes an address. Beyond `limit` it takes the place of one that never answered, lest a flood of false addresses
  /// shut out the true ones; if there is none, it is passed over.
  mutating func add(_ address: Address, limit: Int) {
    guard entries[address] == nil, address.isUsable else { return }
    if order.count >= limit {
      guard let old = order.firstIndex(where: { entries[$0].map(isUseless) ?? true }) else { return }
      entries[order.remove(at: old)] = nil
    }
    entries[address] = Entry()
    order.append(address)
  }

  private func isUseless(_ entry: Entry) -> Bool { !entry.hasAnswered && !entry.isConnected && entry.failures > 0 }

  /// The addresses that may be tried now, in the order in which they became known.
  func due(at now: Instant) -> [Address] {
    guard connectedCount < order.count else { return [] }
    return order.filter { address in entries[address].map { !$0.isConnected && $0.retryAt <= now } ?? false }
  }

  mutating func connecting(_ address: Address) {
    guard entries[address]?.isConnected == false else { return }
    entries[address]?.isConnected = true
    connectedCount += 1
  }

  mutating func answered(_ address: Address) { entries[address]?.hasAnswered = true }

  /// A connection to the address has ended; it was useful if it gave us anything of the file.
  mutating func ended(_ address: Address, wasUseful: Bool, at now: Instant) {
    guard var entry = entries[address] else { return }
    if entry.isConnected { connectedCount -= 1 }
    entry.isConnected = false
    entry.failures = wasUseful ? 0 : entry.failures + 1
    let wait = SwarmConstants.firstRetry << Nanoseconds(min(max(entry.failures - 1, 0), 6))
    entry.retryAt = max(entry.retryAt, now + (wasUseful ? .second : min(wait, SwarmConstants.longestRetry)))
    entries[address] = entry
  }

  /// The address is not tried before then.
  mutating func rest(_ address: Address, until: Instant) {
    guard let retryAt = entries[address]?.retryAt else { return }
    entries[address]?.retryAt = max(retryAt, until)
  }
}

/// The addresses that sent what does not fit a file's id. They are few, and the oldest is forgotten first.
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
