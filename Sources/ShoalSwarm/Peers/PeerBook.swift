import ShoalBase
import ShoalWire

/// The addresses of peers that may have a file, and how each has answered.
struct PeerBook {
  struct Entry {
    /// Failed or useless connections since the last useful one.
    var failures = 0
    var retryAt = Instant.zero
    /// Whether a connection to it is open or being opened.
    var isConnected = false
    /// Whether a connection to it is open, whoever opened it.
    var isOpen = false
    /// Whether it has ever answered, so that it is known to be a peer.
    var hasAnswered = false
    /// Whether a ticket names it: more connections to its host are allowed than to others.
    var isNamed = false
    /// The host of the peer whose KNOWN named it, if it is known only from there: it is tried once, unless it answers.
    var teller: HostKey?
    /// When it was last tried.
    var calledAt = Instant.zero
    /// The number of the peer that has this address, if that peer has several.
    var peer: Int?
  }

  /// The addresses of one host name, and so of one peer: they are tried one after another, and one that answers is
  /// enough.
  private struct Several {
    var addresses: [Address]
    /// When another address may be tried.
    var nextAt = Instant.zero
  }

  private(set) var entries: [Address: Entry] = [:]
  private var order: [Address] = []
  private var several: [Int: Several] = [:]
  private var peersMade = 0
  private(set) var connectedCount = 0

  /// Adds an address. Beyond `limit`, it replaces one that never answered, so that a flood of false addresses cannot
  /// keep out real ones; if there is no such address, the new one is ignored.
  mutating func add(_ address: Address, limit: Int) {
    guard entries[address] == nil, address.isUsable else { return }
    if order.count >= limit {
      guard let old = order.firstIndex(where: { entries[$0].map(isUseless) ?? true }) else { return }
      remove(order.remove(at: old))
    }
    entries[address] = Entry()
    order.append(address)
  }

  /// Adds an address from KNOWN, unless it is already known or its sender's host has named too many.
  mutating func add(_ address: Address, toldBy teller: Address, limit: Int) {
    let host = HostKey(teller)
    let named = entries.values.count { $0.teller == host }
    guard entries[address] == nil, named < SwarmConstants.knownByHost else { return }
    add(address, limit: limit)
    entries[address]?.teller = host
  }

  private mutating func remove(_ address: Address) {
    guard let entry = entries.removeValue(forKey: address) else { return }
    if entry.isConnected { connectedCount -= 1 }
    guard let peer = entry.peer else { return }
    several[peer]?.addresses.removeAll { $0 == address }
    if several[peer]?.addresses.isEmpty == true { several[peer] = nil }
  }

  /// Adds the addresses of one peer, the likeliest first. If called again, the new ones come first, followed by those
  /// already known.
  mutating func add(peerAt addresses: [Address], limit: Int) {
    var all = addresses.reduce(into: [Address]()) { if !$0.contains($1) { $0.append($1) } }
    if let known = all.compactMap({ entries[$0]?.peer }).first, let old = several.removeValue(forKey: known) {
      for address in old.addresses {
        entries[address]?.peer = nil
        if !all.contains(address) { all.append(address) }
      }
    }
    for address in all.prefix(SwarmConstants.addressesPerPeer) {
      add(address, limit: limit)
      entries[address]?.isNamed = true
    }
    all = all.prefix(SwarmConstants.addressesPerPeer).filter { entries[$0]?.peer == nil && entries[$0] != nil }
    guard all.count > 1 else { return }
    for address in all { entries[address]?.peer = peersMade }
    several[peersMade] = Several(addresses: all)
    peersMade += 1
  }

  /// How many peers may be behind the addresses.
  var peerCount: Int { several.count + entries.values.count { $0.peer == nil } }

  /// Whether an attempt to connect is under way.
  var isCalling: Bool { entries.values.contains { $0.isConnected && !$0.isOpen } }

  /// The other addresses of the peer that was reached at `address`.
  func others(_ address: Address) -> [Address] {
    guard let peer = entries[address]?.peer, let all = several[peer]?.addresses else { return [] }
    return all.filter { $0 != address }
  }

  private func isUseless(_ entry: Entry) -> Bool { !entry.hasAnswered && !entry.isOpen && entry.failures > 0 }

  /// The addresses that may be tried now: those with the fewest failures first, among equals one of each host in turn,
  /// in the order in which they became known. Of each host there are no more than may be connected, so that a hundred
  /// ports of one host do not keep others waiting.
  func due(at now: Instant) -> [Address] {
    guard connectedCount < order.count else { return [] }
    var used: [HostKey: Int] = [:]
    for (address, entry) in entries where entry.isConnected { used[HostKey(address), default: 0] += 1 }
    let able = order.filter { address in
      guard let entry = entries[address], isDue(entry, at: now) else { return false }
      return entry.peer.flatMap { several[$0] }.map { next(of: $0, at: now) == address } ?? true
    }
    // Hosts take turns.
    var turns = used
    let ranked = able.enumerated().map { offset, address in
      turns[HostKey(address), default: 0] += 1
      return (address: address, (entries[address]?.failures ?? 0, turns[HostKey(address)] ?? 0, offset))
    }
    return ranked.sorted { $0.1 < $1.1 }.map(\.address).filter { address in
      let host = HostKey(address)
      guard used[host, default: 0] < mostConnections(to: address) else { return false }
      used[host, default: 0] += 1
      return true
    }
  }

  /// The most connections to the host of an address; our own host is not limited.
  func mostConnections(to address: Address) -> Int {
    guard !address.isLoopback else { return .max }
    return entries[address]?.isNamed == true
      ? SwarmConstants.connectionsPerNamedHost : SwarmConstants.connectionsPerHost
  }

  /// How many connections are open, or may well be soon: a call that is not answered at once seldom is.
  func busyCount(at now: Instant) -> Int {
    entries.values.count { $0.isConnected && ($0.isOpen || now - $0.calledAt < SwarmConstants.callPatience) }
  }

  private func isDue(_ entry: Entry, at now: Instant) -> Bool { !entry.isConnected && entry.retryAt <= now }

  /// The address of a peer that is to be tried now.
  private func next(of peer: Several, at now: Instant) -> Address? {
    let all = peer.addresses.map { ($0, entries[$0] ?? Entry()) }
    if all.contains(where: { $0.1.isConnected && $0.1.isOpen }) { return nil }
    if let open = all.first(where: { $0.1.isOpen }) { return open.0 }
    return peer.nextAt <= now ? all.first { isDue($0.1, at: now) }?.0 : nil
  }

  mutating func connecting(_ address: Address, at now: Instant) {
    guard entries[address]?.isConnected == false else { return }
    if let peer = entries[address]?.peer { several[peer]?.nextAt = now + SwarmConstants.nextAddress }
    entries[address]?.isConnected = true
    entries[address]?.calledAt = now
    connectedCount += 1
  }

  mutating func answered(_ address: Address) {
    entries[address]?.hasAnswered = true
    entries[address]?.isOpen = true
  }

  /// Notes that a connection to the address has ended; it was useful if it gave anything of the file.
  mutating func ended(_ address: Address, wasUseful: Bool, at now: Instant) {
    guard var entry = entries[address] else { return }
    if entry.isConnected { connectedCount -= 1 }
    entry.isConnected = false
    entry.isOpen = false
    entry.failures = wasUseful ? 0 : entry.failures + 1
    let wait = SwarmConstants.firstRetry << Nanoseconds(min(max(entry.failures - 1, 0), 6))
    if entry.teller != nil, !entry.hasAnswered { entry.retryAt = .distantFuture }
    entry.retryAt = max(entry.retryAt, now + (wasUseful ? .second : min(wait, SwarmConstants.longestRetry)))
    entries[address] = entry
  }

  /// Notes that nothing is wanted from the address any more: it no longer takes a place, although the connection may
  /// stay open for what the peer wants.
  mutating func vacate(_ address: Address) {
    guard entries[address]?.isConnected == true else { return }
    entries[address]?.isConnected = false
    connectedCount -= 1
  }

  /// Leaves the address alone until then.
  mutating func rest(_ address: Address, until: Instant) {
    guard let retryAt = entries[address]?.retryAt else { return }
    entries[address]?.retryAt = max(retryAt, until)
  }

  /// Lets the address be tried again now.
  mutating func retry(_ address: Address, at now: Instant) { entries[address]?.retryAt = now }
}
