import ShoalBase
import ShoalContent
import ShoalWire

extension TrackerClient {
  /// Takes a datagram whose checksum has been verified; returns whether it was one from the tracker to a peer.
  package mutating func receive(_ bytes: Span<UInt8>, from address: Address, at now: Instant) -> Bool {
    guard contact.hears(address), let (header, type) = try? Header.decode(bytes) else { return false }
    if type == .version { return takeVersions(bytes, header.connection, at: now) }
    guard type.isTracker, !type.isTrackerRequest else { return false }
    if answers(type, bytes, header.connection, from: address, at: now) {
      endSilence(at: now)
    } else {
      counters.ignored += 1
    }
    return true
  }

  /// Handles a datagram that answers one of our requests; false if it answers none.
  private mutating func answers(
    _ type: PacketType, _ bytes: Span<UInt8>, _ transaction: UInt64, from address: Address, at now: Instant
  ) -> Bool {
    if let connecting, connecting.id == transaction { return take(type, bytes, connecting: connecting, from: address) }
    guard address == tracker, let index = transactions.firstIndex(where: { $0.id == transaction && $0.tries > 0 })
    else { return false }
    return take(type, bytes, to: index, at: now)
  }

  private mutating func take(
    _ type: PacketType, _ bytes: Span<UInt8>, connecting: TrackerTransaction, from address: Address
  ) -> Bool {
    guard type == .connected, let packet = try? ConnectedPacket.decode(bytes) else { return false }
    cookie = (packet.cookie, connecting.sent)
    self.connecting = nil
    if contact.answered(at: address) { registerAnew() }
    isSilentOnPeers = packet.epoch == nil
    if let note = packet.epoch { take(epoch: note.epoch, except: nil, at: connecting.sent) } else { lookUpInstead() }
    if observed != packet.observed {
      observed = packet.observed
      events.append(.connected(observed: packet.observed))
    }
    return true
  }

  /// The tracker speaks only other versions. Its next address may speak ours; after the last, questions are given up, and
  /// it is tried again after the longest pause.
  private mutating func takeVersions(_ bytes: Span<UInt8>, _ transaction: UInt64, at now: Instant) -> Bool {
    guard connecting?.id == transaction, let packet = try? VersionPacket.decode(bytes) else { return false }
    // A late or forged VERSION must not stop what can succeed.
    guard packet.lowest <= packet.highest else { return true }
    let versions = packet.lowest...packet.highest
    guard !versions.contains(Limits.version) else { return true }
    var unanswered: [TrackerRequest] = []
    if contact.isRoundOver {
      unanswered = transactions.compactMap(\.request).filter(\.isQuestion) + waitingQuestions
      drop(\.isQuestion)
      connecting = nil
      rest(until: now + configuration.lastRetry)
    } else {
      connecting?.retry = now
    }
    events.append(.otherVersion(versions, unanswered: unanswered))
    return true
  }

  /// Handles a datagram that answers the transaction at `index`, which then ends; false if it does not.
  private mutating func take(_ type: PacketType, _ bytes: Span<UInt8>, to index: Int, at now: Instant) -> Bool {
    var transaction = transactions[index]
    switch (transaction.request, type) {
    case (.register(let id), .registered):
      guard let packet = try? RegisteredPacket.decode(bytes) else { return false }
      let allowed = configuration.intervals
      interval = min(max(Nanoseconds(packet.interval) * .second, allowed.lowerBound), allowed.upperBound)
      let next = now + jittered(interval)
      if shares[id]?.isRegistered == false { events.append(.registered(id: id)) }
      shares[id]?.isRegistered = true
      shares[id]?.registerAt = next
      confirm(id, transaction, have: Int(packet.have), at: now)
      take(packet.nearby, of: id, transaction, at: now)
    case (.update(let id), .updated):
      guard let packet = try? UpdatedPacket.decode(bytes) else { return false }
      confirm(id, transaction, have: Int(packet.have), at: now)
      take(packet.nearby, of: id, transaction, at: now)
    case (.deregister(let id), .deregistered):
      guard let packet = try? DeregisteredPacket.decode(bytes) else { return false }
      release(id, at: now)
      take(packet.epoch, at: now)
    case (.find(let name), .found):
      guard var packet = try? FoundPacket.decode(bytes) else { return false }
      for i in packet.files.indices { packet.files[i].claimant = packet.files[i].claimant.asHeard(from: tracker) }
      events.append(.found(name: name, packet))
      take(packet.epoch, at: now)
    case (.lookup(let id, _, _), .peers):
      guard var packet = try? PeersPacket.decode(bytes), packet.id == id else { return false }
      for i in packet.peers.indices { packet.peers[i].address = packet.peers[i].address.asHeard(from: tracker) }
      events.append(.peers(packet))
      take(packet.epoch, at: now)
    case (.map(let id, let address, _), .mapped):
      guard let packet = try? MappedPacket.decode(bytes), Int(packet.first) == transaction.first else { return false }
      var page = TrackerTransaction(id: random.next(), request: transaction.request)
      // The set is moved from one transaction into the next, so that it is changed in place.
      transactions[index].map = BitSet(capacity: 0)
      swap(&page.map, &transaction.map)
      for run in packet.have { page.map.insert(run) }
      take(packet.epoch, at: now)
      page.first = Int(packet.end)
      page.pages = transaction.pages + 1
      if page.first > transaction.first && page.first < page.map.capacity && page.pages < configuration.mapPages {
        transactions.append(page)
      } else {
        events.append(.mapped(id: id, address: address, page.map))
      }
    case (.list(let after), .listed):
      guard let packet = try? ListedPacket.decode(bytes), packet.after == after else { return false }
      events.append(.listed(packet))
      take(packet.epoch, at: now)
    case (.some(let request), .error):
      guard let packet = try? ErrorPacket.decode(bytes) else { return false }
      counters.errors += 1
      take(packet.epoch, at: now)
      if packet.code == TrackerError.staleCookie.rawValue {
        if let asked = cookie?.asked, transaction.sent > asked { cookie = nil }
        if !transaction.wasStale { transactions[index].retry = nil }
        transactions[index].wasStale = true
        return true
      }
      refuse(request, packet, at: now)
    default: return false
    }
    transactions.removeAll { $0.id == transaction.id }
    return true
  }

  /// Takes the number of chunks that the tracker credits us with, after what the transaction reported.
  private mutating func confirm(_ id: Digest, _ transaction: TrackerTransaction, have: Int, at now: Instant) {
    // The share is moved out of the dictionary and back, so that its sets are changed in place.
    guard var share = shares.removeValue(forKey: id) else { return }
    share.isBusy = false
    for run in transaction.runs { share.reported.insert(run) }
    share.updateAt = transaction.isWhole ? now + configuration.updateInterval : now
    if have < share.reported.count {
      share.reported = BitSet(capacity: share.reported.capacity, runs: transaction.runs)
      share.updateAt = now + configuration.updateInterval
    } else if have > share.have.count, share.resetAt.map({ now - $0 >= interval }) ?? true {
      // At most once an interval: a tracker that keeps claiming too many chunks must not cause an endless loop.
      share.mustReset = true
      share.resetAt = now
      share.registerAt = now + configuration.updateInterval
    }
    nextShare = min(nextShare, share.due)
    shares[id] = share
  }

  /// Takes the peers that came with the answer to a REGISTER or UPDATE.
  private mutating func take(_ nearby: Nearby?, of id: Digest, _ transaction: TrackerTransaction, at now: Instant) {
    guard let nearby else { return lookUpInstead() }
    take(epoch: nearby.epoch, except: id, at: now)
    guard transaction.query != nil else { return }
    shares[id]?.isSeeking = false
    shares[id]?.cursor = nearby.next
    let peers = nearby.peers.map { NearPeer(address: $0.address.asHeard(from: tracker), share: $0.share) }
    events.append(.nearby(id: id, name: nearby.name, total: Int(nearby.total), peers))
  }

  private mutating func take(_ note: EpochNote?, at now: Instant) {
    if let note { take(epoch: note.epoch, except: nil, at: now) }
  }

  /// Takes the tracker's epoch. If it has changed, the tracker has lost its registrations: all files but `known` are
  /// registered again, spread over a little time.
  private mutating func take(epoch new: UInt32, except known: Digest?, at now: Instant) {
    defer { epoch = new }
    guard let epoch, epoch != new else { return }
    for (id, share) in shares.sorted(by: { $0.value.number < $1.value.number }) where id != known {
      let isBusy = share.isBusy
      forget(id, registerAt: now + Nanoseconds.random(in: 0...max(0, configuration.anewWithin), using: &random))
      shares[id]?.isBusy = isBusy
    }
  }

  /// A tracker of the first revision names no peers in its answers: they are asked for by LOOKUP instead.
  private mutating func lookUpInstead() {
    isSilentOnPeers = true
    for (id, share) in shares where share.isSeeking {
      shares[id]?.isSeeking = false
      lookup(id: id)
    }
  }

  /// Notes that the tracker has ended the registration. If the file is still here, it is registered again.
  private mutating func release(_ id: Digest, at now: Instant) {
    forget(id, registerAt: now)
    shares[id]?.mustReset = false
  }

  private mutating func refuse(_ request: TrackerRequest, _ packet: ErrorPacket, at now: Instant) {
    switch request {
    case .update(let id) where packet.code == TrackerError.notRegistered.rawValue:
      forget(id, registerAt: now + configuration.updateInterval)
      return
    case .register(let id), .update(let id): forget(id, registerAt: now + jittered(interval))
    case .deregister(let id): release(id, at: now)
    case .find, .lookup, .map, .list: break
    }
    events.append(.refused(request, code: packet.code, message: packet.message))
  }

  /// Notes that a file is not registered, and when it is to be.
  mutating func forget(_ id: Digest, registerAt: Instant) {
    guard let capacity = shares[id]?.reported.capacity else { return }
    shares[id]?.isBusy = false
    shares[id]?.isRegistered = false
    shares[id]?.reported = BitSet(capacity: capacity)
    shares[id]?.registerAt = registerAt
    nextShare = min(nextShare, registerAt)
  }

  /// The tracker answers again: requests that were waiting for long are tried again soon.
  private mutating func endSilence(at now: Instant) {
    guard silence > 0 else { return }
    silence = 0
    events.append(.answeredAgain)
    for index in transactions.indices where transactions[index].tries > 1 {
      guard let retry = transactions[index].retry else { continue }
      transactions[index].tries = 1
      transactions[index].retry = min(retry, now + jittered(configuration.firstRetry))
    }
  }
}
