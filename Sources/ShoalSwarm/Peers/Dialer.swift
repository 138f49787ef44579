import ShoalBase
import ShoalTransport
import ShoalWire

/// Limits the rate at which new addresses are tried: they are only hearsay, and nobody must be able to aim us at
/// strangers.
struct Dialer {
  private let perSecond: Int
  private let burst: Int
  private var credit: Int
  /// When credit was last earned; nil if no address has been tried yet.
  private var earnedAt: Instant?

  /// Allows this many per second, and `burst` at once after a pause.
  init(perSecond: Int, burst: Int) {
    (self.perSecond, self.burst) = (max(perSecond, 1), burst)
    credit = burst
  }

  /// Whether one more may be tried.
  var mayDial: Bool { credit > 0 }

  mutating func earn(at now: Instant) {
    guard let since = earnedAt, now - since < 3_600 * .second else {
      (credit, earnedAt) = (burst, now)
      return
    }
    let earned = (now - since) * Nanoseconds(perSecond) / .second
    guard earned > 0 else { return }
    credit = min(credit + Int(earned), burst)
    // The rest of the time counts towards the next.
    earnedAt = since + earned * .second / Nanoseconds(perSecond)
  }

  mutating func dialled() { credit -= 1 }
}

extension Swarm {
  /// Opens connections to peers that may have a file.
  mutating func dial(for file: FileKey, at now: Instant) {
    dialer.earn(at: now)
    hearsayDialer.earn(at: now)
    var taken = files[file]?.download?.placesTaken(at: now) ?? .max
    var connections = links.busyCount(at: now)
    for address in files[file]?.download?.book.due(at: now) ?? [] where mayAsk(address, for: file, at: now) {
      guard taken < placesPerFile else { return }
      if let link = links.link(to: address) {
        files[file]?.download?.book.connecting(address, at: now)
        taken += 1
        guard links[link]?.isOpen == true else { continue }
        files[file]?.download?.book.answered(address)
        leaveOthers(of: address, file, at: now)
        subscribe(link, file, at: now)
        continue
      }
      if let link = links.link(alsoAt: address) {
        files[file]?.download?.book.rest(address, until: .distantFuture)
        subscribe(link, file, at: now)
        continue
      }
      guard hasRoom(besides: connections) else { return }
      // Our own host is no stranger.
      let isHearsay = files[file]?.download?.book.entries[address]?.teller != nil
      guard address.isLoopback || (isHearsay ? hearsayDialer : dialer).mayDial else { continue }
      guard let id = endpoint.open(to: address, at: now) else { return }
      if !address.isLoopback { if isHearsay { hearsayDialer.dialled() } else { dialer.dialled() } }
      files[file]?.download?.book.connecting(address, at: now)
      links.insert(id, address, isOpen: false, isOurs: true, at: now)
      anticipate(file, of: LinkKey(id), at: now)
      (taken, connections) = (taken + 1, connections + 1)
    }
  }

  /// Puts what will be said first on a connection into its OPEN.
  private mutating func anticipate(_ file: FileKey, of key: LinkKey, at now: Instant) {
    guard let id = links[key]?.connection else { return }
    // An OPEN that goes to an address once more is the same as before.
    if endpoint.early(id).isEmpty {
      if let address = links[key]?.address, let pass = try? passes[address]?.encoded() {
        _ = endpoint.sendEarly(pass, on: id)
      }
      _ = endpoint.sendEarly(introduction, on: id)
      let first = files[file]?.download?.anticipate(&resources.random, at: now) ?? []
      for message in first { _ = endpoint.sendEarly(message, on: id) }
    }
    links[key]?.anticipate(endpoint.early(id))
  }

  /// Stops trying the other addresses of a peer that has answered at one of them.
  mutating func leaveOthers(of address: Address, _ file: FileKey, at now: Instant) {
    for other in files[file]?.download?.book.others(address) ?? [] {
      guard let key = links.link(to: other), let link = links[key], !link.isOpen else { continue }
      endpoint.close(link.connection, .done, at: now)
      forget(key, at: now)
    }
  }

  /// If all places are taken and other addresses wait to be tried, a peer that gives nothing and wants nothing makes
  /// room. While nobody gives anything, so does one that wants something, since liars want everything; it is still
  /// served. A peer that has said nothing takes no place, but it takes a connection.
  mutating func renewPlace(for key: FileKey, at now: Instant) {
    guard let download = files[key]?.download else { return }
    let isStarving = download.isStarving(at: now)
    let isFull =
      download.placesTaken(at: now) >= placesPerFile || !hasRoom(besides: links.busyCount(at: now))
      || download.sources.count >= SwarmConstants.mutePeers
    guard isFull, isStarving || now - (download.renewedAt ?? .zero) >= SwarmConstants.renewal,
      download.book.due(at: now).contains(where: { mayAsk($0, for: key, at: now) })
    else { return }
    let useless = download.sources.filter { source in
      guard download.book.entries[source.address]?.isConnected == true else { return false }
      let wants = links.links(ofHost: source.address).contains {
        links[$0].map { $0.address == source.address && !$0.served.isEmpty } ?? false
      }
      // In a large swarm it takes long until it is a peer's turn at the only one that has the file.
      let isQueued = !isStarving && source.hasPieces
      let patience = isQueued ? SwarmConstants.queuePatience : SwarmConstants.patience
      let isOld = source.isMute(at: now) || now - source.since >= patience
      let gives = isQueued ? source.givesInTurns(at: now) : source.gave(within: SwarmConstants.renewal, at: now)
      return isOld && (!wants || isStarving) && !gives
    }
    // Those that have nothing go first.
    let worst = useless.min { a, b in
      (a.isMute(at: now) ? 0 : 1, a.hasPieces ? 1 : 0, a.heardAt, a.serial)
        < (b.isMute(at: now) ? 0 : 1, b.hasPieces ? 1 : 0, b.heardAt, b.serial)
    }
    guard let worst else { return }
    files[key]?.download?.renewedAt = now
    stopWanting(key, of: worst.link, at: now)
    resources.outbox.cancel(worst.number, to: worst.link)
    deliver(at: now)
    files[key]?.download?.book.rest(worst.address, until: now + SwarmConstants.longestRetry)
    closeIfIdle(worst.link, at: now)
  }
}
