import ShoalBase
import ShoalContent
import ShoalSwarm
import ShoalWire

/// A snapshot of a peer: its files, its connections, and how much of its limits is used.
package struct Standing: Sendable {
  /// A file that is being fetched or served.
  package struct File: Sendable {
    /// Its state in the swarm.
    package var swarm: FileStanding
    /// The phase of its download; nil if it is a share.
    package var phase: DownloadProgress.Phase?
  }
  /// The time, in seconds on the monotonic clock.
  package var at: Double
  /// Where it listens.
  package var address: Address
  /// The files.
  package var files: [File]
  /// The peers.
  package var peers: [PeerStanding]
  /// The trackers.
  package var trackers: [Address]
  /// The counters.
  package var counts: PeerStatistics
  /// How much of the limits is used.
  package var use: SwarmUse
  /// The limits in force.
  package var limits: SwarmLimits

  /// The file that is exchanged with a peer.
  package func file(_ peer: PeerStanding) -> File? { files.first { $0.swarm.key == peer.file } }
}

extension PeerLoop {
  /// The snapshot now.
  var standing: Standing {
    // Of a folder the content is shown, under the name and id of its listing, which is a small file beside it.
    let contents = Dictionary(listings.map { ($0.value, FileKey(source: UInt32($0.key))) }) { first, _ in first }
    let files = swarm.fileStandings.filter { contents[$0.key] == nil }.map { standing in
      var file = standing
      if let listing = listings[file.key.index], let id = swarm.manifest(listing)?.id {
        (file.id, file.name) = (id, swarm.name(listing))
      } else if file.name.isEmpty, let task = downloads[file.key.index] {
        (file.id, file.name) = (task.request.ticket.id, task.name)
      }
      var phase = downloads[file.key.index]?.phase
      if phase == nil, finishedDownloads[file.key.index] != nil { phase = .finished }
      return Standing.File(swarm: file, phase: phase)
    }
    let standings = swarm.standings
    let peers = standings.compactMap { standing -> PeerStanding? in
      guard let content = standing.file.flatMap({ contents[$0] }) else { return standing }
      guard !standings.contains(where: { $0.serial == standing.serial && $0.file == content }) else { return nil }
      var peer = PeerStanding(address: standing.address, serial: standing.serial, isOpen: standing.isOpen)
      (peer.connection, peer.isReceiver, peer.file) = (standing.connection, standing.isReceiver, content)
      return peer
    }
    return Standing(
      at: Double(SystemClock.now().nanoseconds) / 1e9, address: port.address, files: files, peers: peers,
      trackers: swarm.trackers.map(\.tracker), counts: statistics, use: swarm.use,
      limits: swarm.limits)
  }
}

extension Peer {
  /// A snapshot; nil once the peer is closed.
  package func standing() async -> Standing? { await node.ask { $0.standing } }
}
