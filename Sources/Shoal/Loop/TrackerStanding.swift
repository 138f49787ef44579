import ShoalTracker

/// A snapshot of a tracker.
package struct TrackerStanding: Sendable {
  /// The files that it knows, and the registrations: a peer of a file.
  package var files: Int, registrations: Int
  /// The bytes of all chunk maps.
  package var mapBytes: Int
  /// The bytes of memory that they take.
  package var memory: Int
  /// Its counters.
  package var counters: RegistrarCounters
  /// Its limits.
  package var limits: RegistrarConfiguration
  /// The files that most requests of late were about, and the hosts that sent the most.
  package var busiestFiles: [TrafficShare], busiestHosts: [TrafficShare]
  /// Datagrams with a wrong checksum, and requests that were dropped because too many waited for one worker.
  package var corrupt = 0, notTaken = 0

  /// The sum of this and another worker's; the shares are then of the requests to one worker.
  mutating func add(_ other: TrackerStanding) {
    files += other.files
    registrations += other.registrations
    mapBytes += other.mapBytes
    memory += other.memory
    counters.add(other.counters)
    limits.add(other.limits)
    corrupt += other.corrupt
    notTaken += other.notTaken
    busiestFiles = TrackerStanding.most(busiestFiles + other.busiestFiles)
    busiestHosts = TrackerStanding.most(busiestHosts + other.busiestHosts)
  }

  /// With workers, a file has one entry and a host up to one for each of them.
  private static func most(_ shares: [TrafficShare]) -> [TrafficShare] {
    var joined: [TrafficShare] = []
    for share in shares {
      if let index = joined.firstIndex(where: { $0.host == share.host && $0.id == share.id }) {
        joined[index].share += share.share
      } else {
        joined.append(share)
      }
    }
    return Array(joined.sorted { $0.share > $1.share }.prefix(10))
  }
}

extension Tracker {
  /// A snapshot; nil once the tracker is closed.
  package func standing() async -> TrackerStanding? {
    var sum: TrackerStanding?
    for worker in workers {
      guard var standing = await worker.ask({ $0.standing }) else { return nil }
      // Each worker has about the same share of the requests.
      for index in standing.busiestFiles.indices { standing.busiestFiles[index].share /= Double(workers.count) }
      for index in standing.busiestHosts.indices { standing.busiestHosts[index].share /= Double(workers.count) }
      if sum == nil { sum = standing } else { sum?.add(standing) }
    }
    return sum
  }
}
