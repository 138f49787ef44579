import ShoalBase
import ShoalContent
import ShoalTransport
import ShoalWire

extension Swarm {
  // MARK: The tick

  /// Does the periodic work, twenty times a second while something is under way and not at all otherwise.
  mutating func tick(at now: Instant) {
    tickAt = .distantFuture
    var isBusy = false
    measure(at: now)
    for link in links.live where !announce(to: link, at: now) { isBusy = true }
    let wanted = files.wanted
    uploads.isDownloading = !wanted.isEmpty
    for key in wanted {
      isBusy = true
      renewPlace(for: key, at: now)
      dial(for: key, at: now)
      askTrackers(for: key, at: now)
      files[key]?.download?.review(&resources, at: now)
      files[key]?.download?.reviewProofs(&resources, at: now)
      deliver(for: key, at: now)
      tellProgress(of: key, at: now)
    }
    reviewDuplicates(at: now)
    tellOfPeers(at: now)
    givePasses(at: now)
    fillAll(at: now)
    for key in files.wanted {
      files[key]?.download?.fillEnds(&resources, at: now)
      files[key]?.download?.guess(at: now)
    }
    deliver(at: now)
    let next = closeIdle(at: now)
    if !isBusy { leastRoundTrip = nil }
    if !isStopping { tickAt = min(tickAt, isBusy ? now + SwarmConstants.tick : next) }
  }

  /// Measures how fast peers send, decides how much to keep requested from them, and notices those that have stalled.
  private mutating func measure(at now: Instant) {
    let elapsed = measuredAt.map { min(now - $0, .second) } ?? .second
    guard elapsed >= SwarmConstants.tick else { return }
    measuredAt = now
    // Those that have said nothing are asked for nothing.
    let sources = links.live.count { key in
      links[key]?.wanted.contains { files[$0.file]?.download?.source(key)?.offeredAt != nil } == true
    }
    leastRoundTrip = links.live.compactMap { links[$0].flatMap { endpoint.leastRoundTrip($0.connection) } }.min()
    let queue = min(configuration.receiveBuffer, configuration.bufferLimit) / max(sources, 1)
    for key in links.live {
      guard let link = links[key], !link.wanted.isEmpty else { continue }
      let roundTrip = endpoint.roundTrip(link.connection) ?? 100 * .millisecond
      let path = SourcePath(
        elapsed: elapsed, roundTrip: roundTrip, leastRoundTrip: endpoint.leastRoundTrip(link.connection) ?? roundTrip,
        queue: queue)
      for entry in link.wanted { files[entry.file]?.download?.measure(key, path, &resources, at: now) }
      let gives = link.wanted.contains {
        files[$0.file]?.download?.source(key)?.gave(within: SwarmConstants.patience, at: now) == true
      }
      uploads.note(key, gives: gives)
      deliver(at: now)
    }
  }

  /// Closes connections that nobody has used for a long time; returns when the next one will be due.
  private mutating func closeIdle(at now: Instant) -> Instant {
    var next = Instant.distantFuture
    for key in links.live {
      guard let link = links[key], link.isOpen, link.isIdle else { continue }
      let end = link.idleSince + SwarmConstants.idlePatience
      if end <= now { closeIfIdle(key, at: now) } else { next = min(next, end) }
    }
    return next
  }

  // MARK: Connections

  mutating func opened(_ id: ConnectionID, byPeer: Bool, at now: Instant) {
    guard let address = endpoint.address(id) else { return }
    guard !isStopping else { return endpoint.close(id, .goingAway, at: now) }
    let link = LinkKey(id)
    guard hasRoom(besides: connectionCount) else {
      guard byPeer else {
        endpoint.close(id, .done, at: now)
        return forget(link, at: now)
      }
      return endpoint.close(id, .busy, "this peer accepts no more connections", at: now)
    }
    // The answer may also come so late that the link had already been given up.
    if byPeer || links[link] == nil {
      links.insert(id, address, isOpen: true, isOurs: !byPeer, at: now)
      links[link]?.anticipate(endpoint.early(id))
    } else {
      links[link]?.isOpen = true
      links[link]?.idleSince = now
    }
    emit(.connected(address, byPeer: byPeer))
    introduce(to: link)
    givePass(to: link, at: now)
    for file in files.wanted where files[file]?.download?.book.entries[address] != nil {
      files[file]?.download?.book.answered(address)
      if !byPeer { subscribe(link, file, at: now) }
    }
    deliver(at: now)
    if links[link]?.endAnticipation() == true { resources.outbox.cancel(0, to: link) }
    for file in files.wanted { leaveOthers(of: address, file, at: now) }
    // What this connection was opened for may have moved to another one, or may no longer be wanted.
    if !byPeer { closeIfIdle(link, at: now) }
    deliver(at: now)
    wake(at: now)
  }

  mutating func closed(_ id: ConnectionID, code: UInt16, byPeer: Bool, at now: Instant) {
    let key = LinkKey(id)
    guard let link = links[key], link.connection == id else { return }
    if byPeer, code == CloseCode.duplicate.rawValue, let kept = kept(beside: key) {
      return merge(key, into: kept, byPeer: true, at: now)
    }
    let detail = endpoint.closeDetail(id)
    if let versions = detail.versions { emit(.otherVersion(link.address, versions)) }
    let isDone = code == CloseCode.done.rawValue && byPeer
    for (number, file) in link.served {
      guard let end = files[file]?.upload.remove(key, number) else { continue }
      let hasAll = isDone || end.progress?.isWhole == true
      emit(hasAll ? .served(file, link.address, bytes: end.bytes) : .left(file, link.address, bytes: end.bytes))
    }
    emit(.disconnected(link.address, wasOpen: link.isOpen, code: code, reason: detail.reason, byPeer: byPeer))
    forget(key, at: now)
  }

  /// Ends a connection because of a fault of the peer, or of a file that is withdrawn.
  mutating func drop(_ key: LinkKey, _ code: CloseCode, _ reason: String, at now: Instant) {
    guard let link = links[key] else { return }
    endpoint.close(link.connection, code, reason, at: now)
    emit(.disconnected(link.address, wasOpen: link.isOpen, code: code.rawValue, reason: reason, byPeer: false))
    forget(key, at: now)
  }

  /// Closes a connection on which neither side wants anything any more.
  mutating func closeIfIdle(_ key: LinkKey, at now: Instant) {
    guard let link = links[key], link.isOpen, link.isIdle else { return }
    endpoint.close(link.connection, .done, at: now)
    emit(.disconnected(link.address, wasOpen: true, code: CloseCode.done.rawValue, reason: "", byPeer: false))
    forget(key, at: now)
  }

  /// Forgets a connection: what was requested from the peer is requested from others, and the peer is no longer served.
  mutating func forget(_ key: LinkKey, at now: Instant) {
    guard let link = links[key] else { return }
    let wasUseful = link.wanted.contains { files[$0.file]?.download?.source(key)?.isUseful == true }
    for entry in link.wanted { files[entry.file]?.download?.remove(key, &resources) }
    for entry in link.served { _ = files[entry.file]?.upload.remove(key, entry.number) }
    uploads.remove(key)
    let aliases = links.aliases(of: key)
    links.remove(key)
    let wanted = files.wanted
    for file in wanted {
      files[file]?.download?.book.ended(link.address, wasUseful: wasUseful, at: now)
      for address in aliases { files[file]?.download?.book.retry(address, at: now) }
    }
    fillAll(at: now)
    if !wanted.isEmpty { wake(at: now) }
  }

  /// Bans a peer that sent content that does not match the file's id.
  mutating func distrust(_ file: FileKey, _ address: Address, _ lie: Lie, at now: Instant) {
    emit(.distrusted(file, address, lie))
    bans.insert(address, at: now)
    for link in links.live where links[link]?.address == address || links.link(alsoAt: address) == link {
      // It may have moved since it connected.
      if let current = links[link].flatMap({ endpoint.address($0.connection) }), current != address {
        bans.insert(current, at: now)
      }
      drop(link, .badContent, "\(lie)", at: now)
    }
    for link in links.links(ofHost: address) {
      for file in files.wanted { files[file]?.download?.beginProbation(of: link) }
    }
    for file in files.wanted {
      files[file]?.download?.book.rest(address, until: now + SwarmConstants.ban)
      files[file]?.download?.forget(address, &resources)
    }
  }

  // MARK: What we want of peers

  /// Tells a peer that we want a file from it, unless it has been told already, on this connection or another.
  mutating func subscribe(_ link: LinkKey, _ file: FileKey, at now: Instant) {
    guard let address = links[link]?.address, !bans.contains(address, at: now) else { return }
    guard mayAsk(address, for: file, at: now) else {
      // Its turn may come.
      files[file]?.download?.book.add(address, limit: configuration.addressesPerFile)
      return
    }
    let same = [address] + (files[file]?.download?.book.others(address) ?? [])
    let host = HostKey(address)
    let beside = files[file]?.download?.sources.count { HostKey($0.address) == host } ?? 0
    guard beside < files[file]?.download?.book.mostConnections(to: address) ?? 0 else { return }
    let isAsked = files[file]?.download?.sources.contains { same.contains($0.address) } ?? true
    guard !isAsked else { return }
    want(file, of: link, at: now)
    if bans.rest(ofHostOf: address, at: now) != nil { files[file]?.download?.beginProbation(of: link) }
  }

  private mutating func want(_ file: FileKey, of key: LinkKey, at now: Instant) {
    guard files[file]?.isWanted == true, let id = files[file]?.id, let number = links[key]?.want(file, id),
      let link = links[key]
    else { return }
    files[file]?.download?.want(
      from: key, link.address, serial: link.serial, number: number, &resources.outbox, at: now)
    deliver(at: now)
  }

  /// Stops wanting a file from a peer.
  mutating func stopWanting(_ file: FileKey, of link: LinkKey, at now: Instant) {
    if let address = links[link]?.address { files[file]?.download?.book.vacate(address) }
    files[file]?.download?.remove(link, &resources)
    links[link]?.stopWanting(file, at: now)
  }

  /// Requests a file from a peer again, under another number; the old one is cancelled last, so that the connection is
  /// never idle.
  mutating func askAnew(_ link: LinkKey, _ file: FileKey, at now: Instant) {
    guard let old = files[file]?.download?.source(link)?.number else { return }
    files[file]?.download?.remove(link, &resources)
    links[link]?.stopWanting(file, at: now)
    want(file, of: link, at: now)
    resources.outbox.cancel(old, to: link)
    deliver(at: now)
  }
}
