import ShoalWire

/// The addresses at which a file may be had, and how each has answered.
struct PeerBook {
  struct Entry {
    /// Connections that were tried without an answer since the last that was.
    var failures = 0
    var retryAt = Instant.zero
    /// A connection to it is open or being opened.
    var isConnected = false
    /// It has answered at least once: it is known to take part.
    var hasAnswered = false
  }

  private(set) var entries: [Address: Entry] = [:]
  private var order: [Address] = []

  var connectedCount: Int { entries.values.count { $0.isConnected } }

  /// Notes an address; those beyond `limit` are passed over.
  mutating func add(_ address: Address, limit: Int) {
    guard entries[address] == nil, order.count < limit, address.isUsable else { return }
    entries[address] = Entry()
    order.append(address)
  }

  /// The addresses that may be tried now, in the order in which they became known.
  func due(at now: Instant) -> [Address] {
    order.filter { address in entries[address].map { !$0.isConnected && $0.retryAt <= now } ?? false }
  }

  mutating func connecting(_ address: Address) { entries[address]?.isConnected = true }

  mutating func answered(_ address: Address) {
    entries[address]?.hasAnswered = true
    entries[address]?.failures = 0
  }

  mutating func ended(_ address: Address, wasOpen: Bool, at now: Instant) {
    guard var entry = entries[address] else { return }
    entry.isConnected = false
    entry.failures = wasOpen ? 0 : entry.failures + 1
    let wait = SwarmConstants.firstRetry << Nanoseconds(min(max(entry.failures - 1, 0), 6))
    entry.retryAt = now + (wasOpen ? .second : min(wait, SwarmConstants.longestRetry))
    entries[address] = entry
  }

  mutating func ban(_ address: Address, until: Instant) { entries[address]?.retryAt = until }
}
