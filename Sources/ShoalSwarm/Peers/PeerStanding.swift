import ShoalBase
import ShoalContent
import ShoalTransport
import ShoalWire

/// How a peer stands that wants a file from us, or gives us one; or one that is connected and does neither.
package struct PeerStanding: Sendable {
  /// Its address.
  package var address: Address
  /// Tells its connection from others; never given to another one.
  package var serial: Int
  /// Whether the connection is open.
  package var isOpen: Bool
  /// The file; nil if neither end wants one of the other.
  package var file: FileKey?
  /// Whether it wants the file from us, rather than we from it.
  package var isReceiver = false
  /// The verified bytes of the file that have gone from one end to the other; nil if whoever gets them has not said.
  package var moved: UInt64?
  /// The bytes of the file that it has; nil if it has not said.
  package var have: UInt64?
  /// Whether anything that was asked for has not been sent.
  package var isOwed = false
  /// How its connection stands; nil if that is gone.
  package var connection: ConnectionStatus?
  /// The bytes of the file that have come from it, or, roughly, that have arrived at it on this connection: what its
  /// rate is measured by.
  package var flow: UInt64 = 0

  /// A peer with which nothing has been exchanged.
  package init(address: Address, serial: Int, isOpen: Bool) {
    (self.address, self.serial, self.isOpen) = (address, serial, isOpen)
  }
}

/// How a file stands.
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
  /// What has come.
  package var progress: FileProgress
}

/// What of a swarm's limits is used.
package struct SwarmUse: Sendable {
  /// The bytes of pieces that are not yet verified, and the most.
  package var buffered: Int, bufferLimit: Int
  /// The connections, and the most.
  package var connections: Int, connectionLimit: Int
  /// The hosts that they lead to.
  package var hosts: Int
  /// The addresses that are left alone for what they sent.
  package var banned: Int
}

extension Swarm {
  /// How each peer stands, with a row for each file that it deals with. Nothing is kept for it: looking costs what it
  /// costs, and not looking costs nothing.
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
    // What is under way and not known to have arrived is owed too.
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
    row.have = have(link, file)
    return row
  }

  /// What a peer has of a file that we want of it, by what it has announced.
  private func have(_ link: LinkKey, _ file: FileKey) -> UInt64? {
    guard let cut = files[file]?.copy?.cut, let pieces = files[file]?.download?.source(link)?.pieces else { return nil }
    return min(UInt64(pieces.count) * UInt64(cut.pieceSize), cut.size)
  }

  /// How the files stand.
  package var fileStandings: [FileStanding] {
    files.keys.compactMap { key in
      guard let file = files[key] else { return nil }
      return FileStanding(
        key: key, id: file.id, name: file.name, size: file.manifest?.cut.size,
        chunks: file.copy?.chunks ?? BitSet(capacity: 0), progress: progress(key))
    }
  }

  /// What of the limits is used.
  package var use: SwarmUse {
    SwarmUse(
      buffered: buffered, bufferLimit: configuration.bufferLimit, connections: links.live.count,
      connectionLimit: configuration.transport.maxConnections, hosts: links.hostCount, banned: bans.count)
  }
}
