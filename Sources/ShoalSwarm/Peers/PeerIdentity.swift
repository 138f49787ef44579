import ShoalBase
import ShoalTransport
import ShoalWire

// Without HELLO, a peer with several addresses would be connected several times, and so would two peers that open
// connections to each other. Of two connections between the same two peers, the later one is closed. An identity counts
// only once SAME has proven it for both connections: otherwise a liar could push out another peer.
extension Swarm {
  /// Sends HELLO on a connection that has opened.
  mutating func introduce(to link: LinkKey) { resources.outbox.post(encoded: introduction, to: link) }

  /// The HELLO of this peer.
  var introduction: [UInt8] {
    var hello = Hello()
    hello.peer = identity
    return (try? hello.encoded()) ?? []
  }

  mutating func take(_ hello: Hello, from key: LinkKey, at now: Instant) {
    guard hello.peer != 0, links[key]?.peer == nil else { return }
    guard hello.peer != identity else {
      // This peer is connected to itself; a peer that only claims to be it has itself to blame.
      let wanted = links[key]?.wanted.map(\.file) ?? []
      let address = links[key]?.address
      drop(key, .duplicate, "it is this peer itself", at: now)
      for file in wanted {
        if let address { files[file]?.download?.book.rest(address, until: .distantFuture) }
      }
      return
    }
    links[key]?.peer = hello.peer
    // Only one of the two decides, or each might close the connection that the other keeps.
    guard identity > hello.peer, links.live.contains(where: { $0 != key && links[$0]?.peer == hello.peer }) else {
      return
    }
    hasDuplicates = true
    wake(at: now)
  }

  /// Sends SAME on connections beside which there is an older one to the same peer that still receives.
  mutating func reviewDuplicates(at now: Instant) {
    guard hasDuplicates else { return }
    hasDuplicates = false
    var oldest: [UInt64: LinkKey] = [:]
    for key in links.live {
      guard let link = links[key], let peer = link.peer, identity > peer else { continue }
      guard let kept = oldest[peer], let other = links[kept] else {
        oldest[peer] = key
        continue
      }
      let received = endpoint.received(other.connection)
      let older = link.older?.serial == other.serial ? link.older : nil
      links[key]?.older = older ?? OlderLink(key: kept, serial: other.serial, received: received)
      if let older, older.tries < SwarmConstants.proofTries, older.nextAt <= now, received > older.received,
        let keptIDs = endpoint.ids(other.connection), let ended = endpoint.ids(link.connection)
      {
        var same = Same()
        same.proof = Same.proof(kept: keptIDs, ended: ended)
        resources.outbox.post(same, to: key)
        links[key]?.older?.tries += 1
        links[key]?.older?.nextAt = now + .second
      }
      guard let older = links[key]?.older, older.tries < SwarmConstants.proofTries else { continue }
      hasDuplicates = true
      wake(at: max(older.nextAt, now + SwarmConstants.tick))
    }
  }

  mutating func take(_ same: Same, from key: LinkKey, at now: Instant) {
    guard let link = links[key], let peer = link.peer, let ended = endpoint.ids(link.connection) else { return }
    let others = links.live.filter { $0 != key && links[$0]?.peer == peer }
    guard affords(others.count * SwarmConstants.proofWork, key, at: now) else { return }
    let kept = others.first { other in
      links[other].flatMap { endpoint.ids($0.connection) }.map { Same.proof(kept: $0, ended: ended) } == same.proof
    }
    guard let kept else { return }
    endpoint.close(link.connection, .duplicate, at: now)
    merge(key, into: kept, byPeer: false, at: now)
  }

  /// The older connection in favour of which SAME was sent on this one.
  func kept(beside key: LinkKey) -> LinkKey? {
    guard let older = links[key]?.older, older.tries > 0, links[older.key]?.serial == older.serial else { return nil }
    return older.key
  }

  /// Continues on one of two connections to a peer, as the other has been closed.
  mutating func merge(_ key: LinkKey, into kept: LinkKey, byPeer: Bool, at now: Instant) {
    guard let link = links[key], let other = links[kept] else { return }
    for (number, file) in link.served {
      let bytes = files[file]?.upload.remove(key, number)?.requested ?? 0
      files[file]?.upload.add(bytes: bytes, to: kept)
    }
    emit(.disconnected(link.address, wasOpen: true, code: CloseCode.duplicate.rawValue, reason: "", byPeer: byPeer))
    for entry in link.wanted { files[entry.file]?.download?.credit(other.address, with: link.address) }
    forget(key, at: now)
    links.note(link.address, isAlsoOf: kept)
    for entry in link.wanted { subscribe(kept, entry.file, at: now) }
  }
}

/// The oldest connection to the same peer as another one.
struct OlderLink {
  let key: LinkKey
  let serial: Int
  /// How many datagrams had arrived on it when the other was noticed. It is kept only if more arrive, since a peer
  /// whose address has changed opens a new connection before the old one ends.
  let received: Int
  /// How often SAME has been sent on the other, and when it is sent again: the first time, the peer may not have had
  /// our HELLO yet.
  var tries = 0
  var nextAt = Instant.zero

  init(key: LinkKey, serial: Int, received: Int) {
    self.key = key
    self.serial = serial
    self.received = received
  }
}
