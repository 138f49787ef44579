import ShoalBase
import ShoalTransport
import ShoalWire

// Peer exchange: with KNOWN, a swarm outlives its tracker, and all soon learn of a newcomer. The addresses are hearsay:
// each is tried once, at the rate of the dialer, and kept only if it answers.
extension Swarm {
  /// Sends KNOWN to the peers that want a file, about other peers connected because of that file.
  mutating func tellOfPeers(at now: Instant) {
    guard hasNewPeers else { return }
    guard exchangedAt.map({ now - $0 >= SwarmConstants.tellingPause }) ?? true else {
      return wake(at: (exchangedAt ?? now) + SwarmConstants.tellingPause)
    }
    (exchangedAt, hasNewPeers) = (now, false)
    for key in files.keys {
      guard let subscribers = files[key]?.upload.subscribers, !subscribers.isEmpty else { continue }
      let peers = reachedPeers(of: key, subscribers, at: now)
      for (s, subscriber) in subscribers.enumerated() {
        guard let link = links[subscriber.link] else { continue }
        var untold = peers.filter {
          $0 != link.address && !subscriber.known.contains($0) && $0.mayBeTold(to: link.address)
        }
        let room = min(SwarmConstants.knownAtOnce, SwarmConstants.knownInAll - subscriber.known.count)
        guard room > 0, !untold.isEmpty else { continue }
        if untold.count > room {
          // Each peer is told of different ones first, or all would know the same few.
          untold.shuffle(using: &resources.random)
          untold.removeLast(untold.count - room)
          hasNewPeers = true
        }
        files[key]?.upload.noteKnown(untold, to: s)
        var known = Known()
        (known.file, known.peers) = (subscriber.number, untold.map { KnownPeer($0) })
        resources.outbox.post(known, to: subscriber.link)
      }
    }
    if hasNewPeers { wake(at: now + SwarmConstants.tellingPause) }
    deliver(at: now)
  }

  /// The addresses of the connected peers that have some of a file, or serve what they get of it.
  private func reachedPeers(of key: FileKey, _ subscribers: [Upload.Subscriber], at now: Instant) -> [Address] {
    let serving = subscribers.filter(\.serves).map(\.link)
    let sources = files[key]?.download?.sources.filter { $0.cut != nil && !serving.contains($0.link) }.map(\.link) ?? []
    return (serving + sources).compactMap { links[$0] }.filter { $0.isOpen && !bans.contains($0.address, at: now) }
      .map(\.address)
  }

  /// Takes the addresses in a KNOWN.
  mutating func take(_ known: Known, from key: LinkKey, at now: Instant) {
    guard let link = links[key], let file = link.wantedFile(known.file), files[file]?.isWanted == true else { return }
    guard affords(known.peers.count * SwarmConstants.knownWork, key, at: now) else { return }
    for peer in known.peers.prefix(SwarmConstants.knownAtOnce) {
      guard peer.address.mayBeTold(to: link.address), !configuration.ownAddresses.contains(peer.address) else {
        continue
      }
      files[file]?.download?.book.add(peer.address, toldBy: link.address, limit: configuration.addressesPerFile)
    }
    wake(at: now)
  }
}

extension Address {
  /// Whether the address may mean the same to that peer as to the sender: one of a private network is told only within
  /// such a network, and a link-local one never.
  func mayBeTold(to other: Address) -> Bool { isUsable && !isLinkLocal && (!isPrivate || other.isPrivate) }
}
