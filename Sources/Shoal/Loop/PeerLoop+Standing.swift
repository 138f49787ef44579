import ShoalBase
import ShoalContent
import ShoalSwarm
import ShoalWire

/// How a peer stands: its files, who is connected, and what of its limits is used. Made when somebody asks.
package struct Standing: Sendable {
  /// What is done with a file.
  package struct File: Sendable {
    /// Its place in the swarm.
    package var swarm: FileStanding
    /// What is being done to get it; nil if it is a share.
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
  /// What has been counted.
  package var counts: PeerStatistics
  /// What of the limits is used.
  package var use: SwarmUse
  /// The limits that hold.
  package var limits: SwarmLimits

  /// The file that a peer deals with.
  package func file(_ peer: PeerStanding) -> File? { files.first { $0.swarm.key == peer.file } }
}

extension PeerLoop {
  /// How it stands now.
  var standing: Standing {
    let files = swarm.fileStandings.map { file in
      var phase = downloads[file.key.index]?.phase
      if phase == nil, finishedDownloads[file.key.index] != nil { phase = .finished }
      return Standing.File(swarm: file, phase: phase)
    }
    return Standing(
      at: Double(SystemClock.now().nanoseconds) / 1e9, address: port.address, files: files, peers: swarm.standings,
      trackers: swarm.trackers.map(\.tracker), counts: statistics, use: swarm.use,
      limits: swarm.limits)
  }
}

extension Peer {
  /// How it stands; nil once it is closed.
  package func standing() async -> Standing? { await node.ask { $0.standing } }
}
