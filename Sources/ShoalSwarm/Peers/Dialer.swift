import ShoalBase
import ShoalTransport
import ShoalWire

/// Limits the rate at which new addresses are tried: they are only hearsay, and nobody must be able to aim us at
/// strangers.
struct Dialer {
  private let perSecond: Int
  private var credit: Int
  /// When credit was last earned; nil if no address has been tried yet.
  private var earnedAt: Instant?

  init(perSecond: Int) {
    self.perSecond = perSecond
    credit = perSecond
  }

  /// Whether one more may be tried.
  var mayDial: Bool { credit > 0 }

  mutating func earn(at now: Instant) {
    let elapsed = earnedAt.map { min(now - $0, .second) } ?? .second
    let earned = Int(elapsed * Nanoseconds(perSecond) / .second)
    guard earned > 0 else { return }
    credit = min(credit + earned, perSecond)
    earnedAt = now
  }

  mutating func dialled() { credit -= 1 }
}

extension Swarm {
  /// Opens connections to peers that may have a file.
  mutating func dial(for file: FileKey, at now: Instant) {
    dialer.earn(at: now)
    for address in files[file]?.download?.book.due(at: now) ?? [] where !bans.contains(address, at: now) {
      guard files[file]?.download?.book.busyCount(at: now) ?? .max < placesPerFile else { return }
      if let link = links.link(to: address) {
        files[file]?.download?.book.connecting(address, at: now)
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
      guard hasRoom(besides: links.live.count) else { return }
      // Our own host is no stranger.
      let isOwn = address.isLoopback
      guard isOwn || dialer.mayDial, let id = endpoint.open(to: address, at: now) else { return }
      if !isOwn { dialer.dialled() }
      files[file]?.download?.book.connecting(address, at: now)
      links.insert(id, address, isOpen: false, at: now)
    }
  }

  /// Stops trying the other addresses of a peer that has answered at one of them.
  mutating func leaveOthers(of address: Address, _ file: FileKey, at now: Instant) {
    for other in files[file]?.download?.book.others(address) ?? [] {
      guard let key = links.link(to: other), let link = links[key], !link.isOpen else { continue }
      endpoint.close(link.connection, .done, at: now)
      forget(key, at: now)
    }
  }

  /// If all places are taken and others wait to be tried, a peer that neither gives nor wants anything makes room.
  /// While nobody gives anything, so does one that wants something, since liars want everything; it is still served.
  mutating func renewPlace(for key: FileKey, at now: Instant) {
    guard let download = files[key]?.download, download.book.busyCount(at: now) >= placesPerFile,
      now - (download.renewedAt ?? .zero) >= SwarmConstants.renewal || download.isStarving(at: now),
      download.book.due(at: now).contains(where: { !bans.contains($0, at: now) })
    else { return }
    let isStarving = download.isStarving(at: now)
    let useless = download.sources.filter { source in
      guard download.book.entries[source.address]?.isConnected == true else { return false }
      let isOld = now - source.since >= SwarmConstants.patience
      let wants = links.links(ofHost: source.address).contains {
        links[$0].map { $0.address == source.address && !$0.served.isEmpty } ?? false
      }
      return isOld && (!wants || isStarving) && !source.gave(within: SwarmConstants.renewal, at: now)
    }
    guard let worst = useless.min(by: { ($0.heardAt, $0.serial) < ($1.heardAt, $1.serial) })
    else { return }
    files[key]?.download?.renewedAt = now
    stopWanting(key, of: worst.link, at: now)
    resources.outbox.cancel(worst.number, to: worst.link)
    deliver(at: now)
    files[key]?.download?.book.rest(worst.address, until: now + SwarmConstants.longestRetry)
    closeIfIdle(worst.link, at: now)
  }
}
