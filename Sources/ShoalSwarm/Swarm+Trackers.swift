import ShoalBase
import ShoalContent
import ShoalWire

/// A tracker of a swarm.
package struct TrackerKey: Hashable, Sendable {
  let index: Int
}

extension Swarm {
  /// Adds a tracker, with which all files are registered and which is asked for their peers. Several trackers are
  /// contacted one after another, at the rate for new addresses. Unless `listing`, files shared here are registered
  /// without names.
  package mutating func add(tracker address: Address, listing: Bool = true, at now: Instant) {
    _ = add(trackerAt: [address], listing: listing, at: now)
  }

  /// Adds a tracker whose name has these addresses, the likeliest first; nil if there are none. A tracker that already
  /// has all of them is not added again.
  package mutating func add(trackerAt addresses: [Address], listing: Bool = true, at now: Instant) -> TrackerKey? {
    guard let first = addresses.first else { return nil }
    let known = trackers.firstIndex { tracker in addresses.allSatisfy { tracker.addresses.contains($0) } }
    if let known {
      if listing, listingTrackers.insert(known).inserted { for key in files.keys { publish(key, at: now) } }
      return TrackerKey(index: known)
    }
    let startAt = max(now, nextTrackerAt)
    nextTrackerAt = startAt + .second / Nanoseconds(max(configuration.hearsayPerSecond, 1))
    var client = TrackerClient(
      tracker: first, others: Array(addresses.dropFirst()), random: SecretGenerator(key: secrets.key(for: "tracker")),
      configuration: configuration.tracker, startAt: startAt)
    for key in files.keys {
      guard let file = files[key], let copy = file.offered else { continue }
      client.register(id: file.id, cut: copy.cut, name: file.name(listing: listing), have: copy.chunks)
    }
    trackers.append(client)
    if listing { listingTrackers.insert(trackers.count - 1) }
    for key in files.wanted { files[key]?.download?.lookups.hasten() }
    wake(at: now)
    return TrackerKey(index: trackers.count - 1)
  }

  /// Takes the new addresses of a tracker whose name was resolved again: see `TrackerClient.replace(addresses:)`.
  package mutating func replace(addresses: [Address], of tracker: TrackerKey) {
    trackers[tracker.index].replace(addresses: addresses)
  }

  /// Where a tracker is: the address at which it last answered or, before it has answered, the likeliest.
  package func address(of tracker: TrackerKey) -> Address { trackers[tracker.index].tracker }

  /// Asks one tracker which files have this name.
  package mutating func find(name: String, of tracker: TrackerKey) { trackers[tracker.index].find(name: name) }

  /// Asks one tracker who has a file or a chunk.
  package mutating func lookup(id: Digest, chunk: UInt32, of tracker: TrackerKey) {
    trackers[tracker.index].lookup(id: id, chunk: chunk)
  }

  /// Asks all trackers which files have this name; `.tracker(_, .found)` follows.
  package mutating func find(name: String) {
    for i in trackers.indices { trackers[i].find(name: name) }
  }

  /// Asks all trackers who has a file or a chunk; `.tracker(_, .peers)` follows.
  package mutating func lookup(id: Digest, chunk: UInt32 = LookupPacket.anyChunk) {
    for i in trackers.indices { trackers[i].lookup(id: id, chunk: chunk) }
  }

  /// Asks all trackers which of the file's `chunks` chunks a peer has; `.tracker(_, .mapped)` follows.
  package mutating func map(id: Digest, of address: Address, chunks: Int) {
    for i in trackers.indices { trackers[i].map(id: id, address: address, chunks: chunks) }
  }

  /// Asks one tracker for the page of listed files after a position; `.tracker(_, .listed)` follows.
  package mutating func list(after: UInt64, of tracker: TrackerKey) { trackers[tracker.index].list(after: after) }

  /// Asks all trackers for the page of listed files after a position; `.tracker(_, .listed)` follows.
  package mutating func list(after: UInt64) {
    for i in trackers.indices { trackers[i].list(after: after) }
  }

  /// Asks all trackers who has a wanted file, if that is due.
  mutating func askTrackers(for key: FileKey, at now: Instant) {
    guard !trackers.isEmpty, let download = files[key]?.download, download.lookups.isDue(at: now) else { return }
    let peers = download.isStarving(at: now) ? 0 : progress(key).peers
    files[key]?.download?.lookups.asked(peers: peers, at: now)
    for i in trackers.indices { trackers[i].seek(id: download.id) }
  }

  /// Handles the events of a tracker client.
  mutating func takeTrackerEvents(_ i: Int, at now: Instant) {
    while let event = trackers[i].nextEvent() {
      if case .peers(let packet) = event {
        let peers = packet.peers.sorted { $0.have > $1.have }
        take(peers.map(\.address), of: packet.id, name: packet.name, at: now)
      }
      if case .nearby(let id, let name, _, let peers) = event {
        take(peers.sorted { $0.share > $1.share }.map(\.address), of: id, name: name, at: now)
      }
      if case .registered(let id) = event, !trackers[i].namesPeers {
        // Such a tracker is asked again now: if both peers ask after they have registered, one hears of the other.
        for key in files.keys(of: id) where files[key]?.isWanted == true {
          files[key]?.download?.lookups.hasten()
          wake(at: now)
        }
      }
      emit(.tracker(TrackerKey(index: i), event))
    }
  }

  /// Takes the peers that a tracker names for a file, and the name under which it knows the file.
  private mutating func take(_ peers: [Address], of id: Digest, name: String, at now: Instant) {
    for key in files.keys(of: id) where files[key]?.isWanted == true {
      if files[key]?.name.isEmpty == true { files[key]?.name = name }
      // Registering it by the same name keeps the file listed after the peer that listed it has gone.
      if files[key]?.listedName == nil, !name.isEmpty, files[key]?.name == name {
        files[key]?.listedName = name
        publish(key, at: now)
      }
      // We also connect to peers that have nothing yet: they will have something later, and want what we have.
      for peer in peers { add(peer: peer, for: key, at: now) }
    }
  }
}
