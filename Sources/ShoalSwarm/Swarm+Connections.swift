import ShoalBase
import ShoalTransport
import ShoalWire

extension Swarm {
  // MARK: Finding peers

  /// What is looked after twenty times a second while something is under way, and not at all otherwise.
  mutating func tick(at now: Instant) {
    tickAt = .distantFuture
    var isBusy = false
    let elapsed = measuredAt.map { min(now - $0, .second) } ?? .second
    if elapsed >= SwarmConstants.tick {
      measuredAt = now
      let sources = live.count { sessions[$0]?.subscriptions.isEmpty == false }
      leastRoundTrip = live.compactMap { sessions[$0].flatMap { endpoint.leastRoundTrip($0.connection) } }.min()
      let queue = min(configuration.receiveBuffer, configuration.bufferLimit) / max(sources, 1)
      for index in live { measure(index, elapsed: elapsed, queue: queue, at: now) }
    }
    for index in live where !announce(index) { isBusy = true }
    for i in files.indices where files[i].isWanted {
      isBusy = true
      let key = FileKey(i)
      connect(key, at: now)
      askTrackers(key, at: now)
      reviewFetch(key, at: now)
    }
    fillAll(at: now)
    fillEnds(at: now)
    let next = closeIdle(at: now)
    if !isBusy { leastRoundTrip = nil }
    if !isStopping { tickAt = min(tickAt, isBusy ? now + SwarmConstants.tick : next) }
  }

  /// Closes connections that nobody has wanted anything on for long; when the next will have been.
  private mutating func closeIdle(at now: Instant) -> Instant {
    var next = Instant.distantFuture
    for index in live {
      guard let session = sessions[index], session.isOpen, session.isIdle else { continue }
      let end = session.idleSince + SwarmConstants.idlePatience
      if end <= now { closeIfIdle(index, at: now) } else { next = min(next, end) }
    }
    return next
  }

  /// Opens connections to addresses at which a file may be had.
  private mutating func connect(_ key: FileKey, at now: Instant) {
    let elapsed = openCreditAt.map { min(now - $0, .second) } ?? .second
    let earned = Int(elapsed * Nanoseconds(configuration.opensPerSecond) / .second)
    if earned > 0 {
      openCredit = min(openCredit + earned, configuration.opensPerSecond)
      openCreditAt = now
    }
    for address in files[key.index].book.due(at: now) where !bans.contains(address, at: now) {
      guard files[key.index].book.connectedCount < configuration.peersPerFile else { return }
      if let index = live.first(where: { sessions[$0]?.address == address }) {
        files[key.index].book.connecting(address, at: now)
        guard sessions[index]?.isOpen == true else { continue }
        files[key.index].book.answered(address)
        leaveOthers(of: address, key, at: now)
        subscribe(index, key, at: now)
        continue
      }
      guard openCredit > 0, let id = endpoint.open(to: address, at: now) else { return }
      openCredit -= 1
      files[key.index].book.connecting(address, at: now)
      insert(Session(connection: id, address: address, byPeer: false, isOpen: false, at: now))
    }
  }

  private mutating func askTrackers(_ key: FileKey, at now: Instant) {
    guard !trackers.isEmpty, files[key.index].lookupAt <= now else { return }
    let isNew = files[key.index].lookups < SwarmConstants.earlyLookups
    let isAlone = progress(key).peers < 3
    files[key.index].lookups += 1
    files[key.index].lookupAt =
      now + (isNew ? .second : isAlone ? SwarmConstants.lookupSoon : SwarmConstants.lookupLater)
    let id = files[key.index].id
    for i in trackers.indices { trackers[i].lookup(id: id) }
  }

  /// Takes what a tracker client has to tell.
  mutating func takeTrackerEvents(_ i: Int, at now: Instant) {
    while let event = trackers[i].nextEvent() {
      if case .peers(let packet) = event {
        for key in byID[packet.id] ?? [] where files[key.index].isWanted {
          if files[key.index].name.isEmpty { files[key.index].name = packet.name }
          // Those who have nothing yet are met too: they will have something, and want it from us in return.
          for peer in packet.peers.sorted(by: { $0.have > $1.have }) {
            add(peer: peer.address, for: key, at: now)
          }
        }
      }
      if case .registered(let id) = event {
        // Of two who ask after they are known, one at least hears of the other.
        for key in byID[id] ?? [] where files[key.index].isWanted {
          files[key.index].lookupAt = .zero
          wake(at: now)
        }
      }
      emit(.tracker(TrackerKey(index: i), event))
    }
  }

  // MARK: Connections

  mutating func opened(_ id: ConnectionID, byPeer: Bool, at now: Instant) {
    guard let address = endpoint.address(id) else { return }
    guard !isStopping else { return endpoint.close(id, .goingAway, at: now) }
    if byPeer {
      insert(Session(connection: id, address: address, byPeer: true, isOpen: true, at: now))
    } else {
      markOpen(id.index, at: now)
    }
    emit(.connected(address, byPeer: byPeer))
    for i in files.indices where files[i].isWanted && files[i].book.entries[address] != nil {
      files[i].book.answered(address)
      if !byPeer { subscribe(id.index, FileKey(i), at: now) }
    }
    for i in files.indices where files[i].isWanted { leaveOthers(of: address, FileKey(i), at: now) }
    // What it was opened for is had by another connection, or not wanted any more.
    if !byPeer { closeIfIdle(id.index, at: now) }
    wake(at: now)
  }

  /// A peer has answered at one of its addresses: it is not tried at the others any more.
  private mutating func leaveOthers(of address: Address, _ key: FileKey, at now: Instant) {
    for other in files[key.index].book.others(address) {
      guard let index = live.first(where: { sessions[$0]?.address == other }), let session = sessions[index],
        !session.isOpen
      else { continue }
      endpoint.close(session.connection, .done, at: now)
      forget(index, at: now)
    }
  }

  /// Tells a peer that we want a file from it, unless it was told already, on this connection or another.
  mutating func subscribe(_ index: Int, _ key: FileKey, at now: Instant) {
    guard let address = sessions[index]?.address, !bans.contains(address, at: now) else { return }
    let same = [address] + files[key.index].book.others(address)
    let isAsked = live.contains { index in
      sessions[index].map { same.contains($0.address) && $0.place(of: key) != nil } ?? false
    }
    if !isAsked { want(index, key, at: now) }
  }

  mutating func want(_ index: Int, _ key: FileKey, at now: Instant) {
    guard let number = sessions[index]?.takeNumber() else { return }
    sessions[index]?.subscriptions.append(
      Subscription(number: number, file: key, budget: configuration.leastRequests))
    var want = Want()
    want.file = number
    want.id = files[key.index].id
    want.serves = files[key.index].isServed ? 1 : 0
    post(want, on: index)
    fetchExpected(key, number, index, at: now)
  }

  mutating func closed(_ id: ConnectionID, code: UInt16, byPeer: Bool, at now: Instant) {
    guard let session = sessions[id.index], session.connection == id else { return }
    let detail = endpoint.closeDetail(id)
    if let versions = detail.versions { emit(.otherVersion(session.address, versions)) }
    if code == CloseCode.done.rawValue, byPeer {
      for service in session.services { emit(.served(service.file, session.address, bytes: service.bytes)) }
    } else {
      for service in session.services { emit(.left(service.file, session.address, bytes: service.bytes)) }
    }
    emit(
      .disconnected(session.address, wasOpen: session.isOpen, code: code, reason: detail.reason, byPeer: byPeer))
    forget(id.index, at: now)
  }

  /// Ends a connection for a fault of the peer's.
  mutating func drop(_ index: Int, _ code: CloseCode, _ reason: String, at now: Instant) {
    guard let session = sessions[index] else { return }
    endpoint.close(session.connection, code, reason, at: now)
    emit(.disconnected(session.address, wasOpen: session.isOpen, code: code.rawValue, reason: reason, byPeer: false))
    forget(index, at: now)
  }

  /// What was asked of a session is to be asked of others.
  private mutating func forget(_ index: Int, at now: Instant) {
    guard let session = sessions[index] else { return }
    for subscription in session.subscriptions { release(index, subscription.file) }
    remove(index)
    for i in files.indices where files[i].isWanted {
      if files[i].fetch?.session == index { files[i].fetch = nil }
      files[i].book.ended(session.address, wasUseful: session.isUseful, at: now)
    }
    fillAll(at: now)
    if files.contains(where: { $0.isWanted }) { wake(at: now) }
  }

  /// Closes a connection on which nobody wants anything any more.
  mutating func closeIfIdle(_ index: Int, at now: Instant) {
    guard let session = sessions[index], session.isOpen, session.isIdle else { return }
    endpoint.close(session.connection, .done, at: now)
    emit(.disconnected(session.address, wasOpen: true, code: CloseCode.done.rawValue, reason: "", byPeer: false))
    forget(index, at: now)
  }

  /// Ends our interest in a peer's copy of a file.
  mutating func unsubscribe(_ index: Int, _ s: Int, at now: Instant) {
    guard let key = sessions[index]?.subscriptions[s].file else { return }
    release(index, key)
    if files[key.index].fetch?.session == index { files[key.index].fetch = nil }
    sessions[index]?.subscriptions.remove(at: s)
    sessions[index]?.idleSince = now
  }

  /// All of a file is here: nobody is asked for it any more.
  mutating func finish(_ key: FileKey, at now: Instant) {
    files[key.index].phase = .complete
    files[key.index].progress.isComplete = true
    publish(key)
    for index in live {
      _ = announce(index)
      guard let s = sessions[index]?.place(of: key), let number = sessions[index]?.subscriptions[s].number else {
        continue
      }
      unsubscribe(index, s, at: now)
      var cancel = Cancel()
      cancel.file = number
      post(cancel, on: index)
    }
    files[key.index].forgetDownload()
    emit(.completed(key))
    wake(at: now)
  }
}

extension Swarm {
  /// Serves and fetches a file no longer; its key stays and names nothing more. Peers are told the reason.
  public mutating func withdraw(_ key: FileKey, _ reason: String = "", at now: Instant) {
    guard files[key.index].phase != .stopped else { return }
    dropActive(key)
    files[key.index].phase = .stopped
    let id = files[key.index].id
    if !forget(key) {
      // What trackers were asked about it is not taken back: somebody else may wait for the answer.
      for i in trackers.indices { trackers[i].deregister(id: id) }
    }
    for index in live {
      guard let session = sessions[index] else { continue }
      guard session.place(of: key) != nil || session.services.contains(where: { $0.file == key }) else { continue }
      // What is queued of it, or must be repeated, can no longer be sent: the connection ends with it.
      drop(index, .goingAway, reason, at: now)
    }
    files[key.index].forgetAll()
  }

  /// How many peers are known that may have a file.
  public func knownPeers(_ key: FileKey) -> Int { files[key.index].book.peerCount }

  /// The addresses at which any file that is wanted may be had, and those of trackers.
  public var contacts: [Address] {
    trackers.map(\.tracker) + files.filter(\.isWanted).flatMap { $0.book.entries.keys }
  }
}
