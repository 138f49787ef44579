import ShoalBase
import ShoalContent
import ShoalTransport
import ShoalWire

/// A snapshot of a peer and one file that it gets or gives; or of a connected peer that does neither.
package struct PeerStanding: Sendable {
  /// Its address.
  package var address: Address
  /// A number of the connection that is never reused.
  package var serial: Int
  /// Whether the connection is open.
  package var isOpen: Bool
  /// The file; nil if neither end wants one from the other.
  package var file: FileKey?
  /// Whether the peer wants the file, rather than giving it.
  package var isReceiver = false
  /// The verified bytes of the file that have gone from one end to the other; nil if the receiver has not reported any.
  package var moved: UInt64?
  /// The bytes of the file that the peer has; nil if it has not reported.
  package var have: UInt64?
  /// Whether anything requested has not been sent yet.
  package var isOwed = false
  /// The status of its connection; nil if that is gone.
  package var connection: ConnectionStatus?
  /// The bytes of the file that came from it or, roughly, that arrived at it on this connection; its rate is computed
  /// from these.
  package var flow: UInt64 = 0

  /// A peer with which nothing has been exchanged.
  package init(address: Address, serial: Int, isOpen: Bool) {
    (self.address, self.serial, self.isOpen) = (address, serial, isOpen)
  }
}

/// A snapshot of a file.
package struct FileStanding: Sendable {
  /// Names it.
  package var key: FileKey
  /// The id.
  package var id: Digest
  /// The name that a peer or this host gives it; not to be trusted.
  package var name: String
  /// The size; nil while it is not known.
  package var size: UInt64?
  /// The chunks that are here; empty while their number is not known.
  package var chunks: BitSet
  /// Its progress.
  package var progress: FileProgress
}

/// How much of a swarm's limits is used.
package struct SwarmUse: Sendable {
  /// The bytes of pieces that are not yet verified, and the most.
  package var buffered: Int, bufferLimit: Int
  /// The connections, and the most.
  package var connections: Int, connectionLimit: Int
  /// The hosts that they lead to.
  package var hosts: Int
  /// The number of banned addresses.
  package var banned: Int
}

extension Swarm {
  /// A row for each peer and each file that it gets or gives. It is computed when it is asked for, so that it costs
  /// nothing otherwise.
  package var standings: [PeerStanding] {
    links.live.flatMap { key -> [PeerStanding] in
      guard let link = links[key] else { return [] }
      var row = PeerStanding(address: link.address, serial: link.serial, isOpen: link.isOpen)
      row.connection = endpoint.status(link.connection)
      let receivers = link.served.map { receiver(row, key, $0.number, $0.file) }
      let sources = link.wanted.map { source(row, key, $0.file) }
      return receivers.isEmpty && sources.isEmpty ? [row] : receivers + sources
    }
  }

  private func receiver(_ row: PeerStanding, _ link: LinkKey, _ number: UInt16, _ file: FileKey) -> PeerStanding {
    var row = row
    // What is in flight is owed too, until it is known to have arrived.
    let isUnderWay = row.connection.map { $0.bytesInFlight > 0 } ?? false
    (row.file, row.isReceiver, row.isOwed) = (file, true, isUnderWay || queuedRanges(link) > 0)
    if let link = links[link], let counters = row.connection?.counters {
      row.flow = min(endpoint.delivered(link.connection), UInt64(counters.contentSent))
    }
    guard let subscriber = files[file]?.upload.subscriber(link, number) else { return row }
    row.moved = subscriber.progress?.received
    row.have = subscriber.progress?.bytes ?? have(link, file)
    return row
  }

  private func source(_ row: PeerStanding, _ link: LinkKey, _ file: FileKey) -> PeerStanding {
    var row = row
    row.file = file
    guard let source = files[file]?.download?.source(link) else { return row }
    (row.moved, row.flow) = (files[file]?.download?.received(from: source.address), source.accepted)
    row.isOwed = source.outstanding > 0
    let reported = files[file]?.upload.subscribers.first { $0.link == link }?.progress?.bytes
    row.have = [have(link, file), reported].compactMap { $0 }.max()
    return row
  }

  /// The bytes that a source has of a file, according to its announcements.
  private func have(_ link: LinkKey, _ file: FileKey) -> UInt64? {
    guard let cut = files[file]?.copy?.cut, let pieces = files[file]?.download?.source(link)?.pieces else { return nil }
    return min(UInt64(pieces.count) * UInt64(cut.pieceSize), cut.size)
  }

  /// A snapshot of each file.
  package var fileStandings: [FileStanding] {
    files.keys.compactMap { key in
      guard let file = files[key] else { return nil }
      return FileStanding(
        key: key, id: file.id, name: file.name, size: file.manifest?.cut.size,
        chunks: file.copy?.chunks ?? BitSet(capacity: 0), progress: progress(key))
    }
  }

  /// How much of the limits is used.
  package var use: SwarmUse {
    SwarmUse(
      buffered: buffered, bufferLimit: configuration.bufferLimit, connections: links.live.count,
      connectionLimit: configuration.transport.maxConnections, hosts: links.hostCount, banned: bans.count)
  }
}
