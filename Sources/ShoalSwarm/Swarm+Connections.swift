import ShoalTransport
import ShoalWire

extension Swarm {
  // MARK: Finding peers

  /// What is looked after twenty times a second while something is under way, and not at all otherwise.
  mutating func tick(at now: Instant) {
    let elapsed = now - lastTick
    lastTick = now
    tickAt = .distantFuture
    for index in sessions.indices where sessions[index] != nil {
      announce(index)
      measure(index, elapsed: min(elapsed, .second), at: now)
    }
    var isBusy = false
    for i in files.indices where files[i].isWanted {
      isBusy = true
      let key = FileKey(i)
      connect(key, at: now)
      askTrackers(key, at: now)
      if files[i].phase == .searching { reviewFetch(key, at: now) }
    }
    fillAll(at: now)
    if isBusy, !isStopping { tickAt = now + SwarmConstants.tick }
  }

  /// Opens connections to addresses at which a file may be had.
  private mutating func connect(_ key: FileKey, at now: Instant) {
    let earned = Int((now - openCreditAt) * Nanoseconds(configuration.opensPerSecond) / .second)
    if earned > 0 {
      openCredit = min(openCredit + earned, configuration.opensPerSecond)
      openCreditAt = now
    }
    var connected = files[key.index].book.connectedCount
    for address in files[key.index].book.due(at: now) {
      guard connected < configuration.peersPerFile else { return }
      if let index = sessions.firstIndex(where: { $0?.address == address }) {
        files[key.index].book.connecting(address)
        connected += 1
        if sessions[index]?.isOpen == true { subscribe(index, key, at: now) }
        continue
      }
      guard openCredit > 0, let id = endpoint.open(to: address, at: now) else { return }
      openCredit -= 1
      connected += 1
      files[key.index].book.connecting(address)
      sessions[id.index] = Session(connection: id, address: address, byPeer: false, isOpen: false)
    }
  }

  private mutating func askTrackers(_ key: FileKey, at now: Instant) {
    guard !trackers.isEmpty, files[key.index].lookupAt <= now else { return }
    let few = progress(key).peers < 3
    files[key.index].lookupAt = now + (few ? SwarmConstants.lookupSoon : SwarmConstants.lookupLater)
    let id = files[key.index].id
    for i in trackers.indices { trackers[i].lookup(id: id) }
  }

  /// Takes what a tracker client has to tell.
  mutating func takeTrackerEvents(_ i: Int, at now: Instant) {
    while let event = trackers[i].nextEvent() {
      if case .peers(let packet) = event {
        for number in files.indices where files[number].id == packet.id && files[number].isWanted {
          if files[number].name.isEmpty { files[number].name = packet.name }
          // Those who have nothing yet are met too: they will have something, and want it from us in return.
          for peer in packet.peers.sorted(by: { $0.have > $1.have }) {
            add(peer: peer.address, for: FileKey(number), at: now)
          }
        }
      }
      if case .registered(let id) = event {
        // Of two who ask after they are known, one at least hears of the other.
        for number in files.indices where files[number].id == id && files[number].isWanted {
          files[number].lookupAt = .zero
          wake(at: now)
        }
      }
      emit(.tracker(trackers[i].tracker, event))
    }
  }

  // MARK: Connections

  mutating func opened(_ id: ConnectionID, byPeer: Bool, at now: Instant) {
    guard let address = endpoint.address(id) else { return }
    if byPeer {
      sessions[id.index] = Session(connection: id, address: address, byPeer: true, isOpen: true)
    } else {
      sessions[id.index]?.isOpen = true
    }
    emit(.connected(address, byPeer: byPeer))
    for i in files.indices where files[i].book.entries[address] != nil {
      files[i].book.answered(address)
      if !byPeer, files[i].isWanted { subscribe(id.index, FileKey(i), at: now) }
    }
    wake(at: now)
  }

  /// Tells a peer that we want a file from it, unless it was told already, on this connection or another.
  mutating func subscribe(_ index: Int, _ key: FileKey, at now: Instant) {
    guard let session = sessions[index] else { return }
    let isAsked = sessions.contains { other in
      other.map { $0.address == session.address && $0.number(of: key) != nil } ?? false
    }
    guard !isAsked else { return }
    let number = session.nextNumber
    sessions[index]?.nextNumber &+= 1
    sessions[index]?.subscriptions[number] = Subscription(file: key)
    var want = Want()
    want.file = number
    want.id = files[key.index].id
    want.serves = 1
    post(want, on: index)
  }

  mutating func closed(_ id: ConnectionID, code: UInt16, byPeer: Bool, at now: Instant) {
    guard let session = sessions[id.index], session.connection == id else { return }
    let detail = endpoint.closeDetail(id)
    if let versions = detail.versions { emit(.otherVersion(session.address, versions)) }
    if code == CloseCode.done.rawValue, byPeer {
      for service in session.services.values { emit(.served(service.file, session.address, bytes: service.bytes)) }
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
    sessions[index] = nil
    for subscription in session.subscriptions.values {
      release(index, subscription.file)
      if files[subscription.file.index].fetch?.session == index { files[subscription.file.index].fetch = nil }
    }
    for i in files.indices { files[i].book.ended(session.address, wasOpen: session.isOpen, at: now) }
    fillAll(at: now)
    if files.contains(where: { $0.isWanted }) { wake(at: now) }
  }

  /// Closes a connection on which nobody wants anything any more.
  mutating func closeIfIdle(_ index: Int, at now: Instant) {
    guard let session = sessions[index], session.isOpen, session.subscriptions.isEmpty, session.services.isEmpty else {
      return
    }
    endpoint.close(session.connection, .done, at: now)
    emit(.disconnected(session.address, wasOpen: true, code: CloseCode.done.rawValue, reason: "", byPeer: false))
    forget(index, at: now)
  }

  /// All of a file is here: nobody is asked for it any more.
  mutating func finish(_ key: FileKey, at now: Instant) {
    files[key.index].phase = .complete
    files[key.index].progress.isComplete = true
    for index in sessions.indices {
      guard let number = sessions[index]?.number(of: key) else { continue }
      announce(index)
      var cancel = Cancel()
      cancel.file = number
      post(cancel, on: index)
      sessions[index]?.subscriptions[number] = nil
    }
    emit(.completed(key))
  }
}

extension Swarm {
  /// Serves and fetches a file no longer; its key stays and names nothing more.
  public mutating func withdraw(_ key: FileKey, at now: Instant) {
    guard files[key.index].phase != .stopped else { return }
    for piece in files[key.index].active.keys {
      buffered -= files[key.index].cut.pieceLength(piece)
      emit(.pieceDropped(key, piece: piece))
    }
    files[key.index].active = [:]
    files[key.index].fetch = nil
    files[key.index].phase = .stopped
    for i in trackers.indices {
      trackers[i].cancel(id: files[key.index].id)
      trackers[i].deregister(id: files[key.index].id)
    }
    for index in sessions.indices {
      guard let session = sessions[index] else { continue }
      let isServed = session.services.values.contains { $0.file == key }
      guard isServed || session.number(of: key) != nil else { continue }
      // What is queued of it, or must be repeated, can no longer be sent: the connection ends with it.
      endpoint.close(session.connection, .goingAway, at: now)
      forget(index, at: now)
    }
  }

  /// How many addresses are known at which a file may be had.
  public func knownAddresses(_ key: FileKey) -> Int { files[key.index].book.entries.count }
}
