import ShoalBase
import ShoalContent
import ShoalWire

/// A tracker of a swarm.
public struct TrackerKey: Hashable, Sendable {
  let index: Int
}

extension Swarm {
  /// Adds a tracker, which will be told of all files, and asked for their peers. Of several, one begins after the
  /// other, at the rate at which new addresses are tried.
  public mutating func add(tracker address: Address, at now: Instant) {
    _ = add(trackerAt: [address], at: now)
  }

  /// Adds a tracker whose name has these addresses, the likeliest first; nil where there are none. One that is there
  /// already, with all of them, is not added again.
  public mutating func add(trackerAt addresses: [Address], at now: Instant) -> TrackerKey? {
    guard let first = addresses.first else { return nil }
    let known = trackers.firstIndex { tracker in addresses.allSatisfy { tracker.addresses.contains($0) } }
    if let known { return TrackerKey(index: known) }
    let startAt = max(now, nextTrackerAt)
    nextTrackerAt = startAt + .second / Nanoseconds(max(configuration.opensPerSecond, 1))
    var client = TrackerClient(
      tracker: first, others: Array(addresses.dropFirst()), random: SecretGenerator(key: secrets.key(for: "tracker")),
      configuration: configuration.tracker, startAt: startAt)
    for file in files where file.isOffered && file.phase != .preparing {
      client.register(id: file.id, cut: file.cut, name: file.name, have: file.chunks)
    }
    trackers.append(client)
    for i in files.indices { files[i].lookupAt = .zero }
    wake(at: now)
    return TrackerKey(index: trackers.count - 1)
  }

  /// A tracker's name was resolved again: see `TrackerClient.replace(addresses:)`.
  public mutating func replace(addresses: [Address], of tracker: TrackerKey) {
    trackers[tracker.index].replace(addresses: addresses)
  }

  /// Where a tracker is: the address at which it answered last; before it has answered, the likeliest.
  public func address(of tracker: TrackerKey) -> Address { trackers[tracker.index].tracker }

  /// Asks one tracker which files have a name.
  public mutating func find(name: String, of tracker: TrackerKey) { trackers[tracker.index].find(name: name) }

  /// Asks one tracker who has a file or a chunk.
  public mutating func lookup(id: Digest, chunk: UInt32, of tracker: TrackerKey) {
    trackers[tracker.index].lookup(id: id, chunk: chunk)
  }

  /// Asks a tracker which files have a name; `.tracker(_, .found)` follows.
  public mutating func find(name: String) {
    for i in trackers.indices { trackers[i].find(name: name) }
  }

  /// Asks a tracker who has a file or a chunk; `.tracker(_, .peers)` follows.
  public mutating func lookup(id: Digest, chunk: UInt32 = LookupPacket.anyChunk) {
    for i in trackers.indices { trackers[i].lookup(id: id, chunk: chunk) }
  }

  /// Asks a tracker which of so many chunks a peer has; `.tracker(_, .mapped)` follows.
  public mutating func map(id: Digest, of address: Address, chunks: Int) {
    for i in trackers.indices { trackers[i].map(id: id, address: address, chunks: chunks) }
  }
}
