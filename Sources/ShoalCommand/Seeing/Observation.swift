import Shoal
import ShoalBase
import ShoalContent
import ShoalSwarm
import ShoalTransport
import ShoalWire
import Synchronization

/// The state of the transfer between this peer and another. Both ends see the same.
enum TransferState: String, CaseIterable {
  /// It has not answered yet.
  case connecting
  /// It is connected, and neither end wants a file from the other.
  case connected
  /// Bytes of a file arrive.
  case active
  /// Bytes were requested and do not arrive: it is not this peer's turn, or the path is bad.
  case waiting
  /// Nothing is requested: the receiver has everything that is here, or gets it elsewhere.
  case idle
  /// The receiver has the whole file.
  case done
}

/// An observed peer.
struct PeerRow {
  let standing: PeerStanding
  let state: TransferState
  /// Bytes per second.
  let rate: Double
  /// The file's name and size, as far as they are known.
  let file: String
  let id: Digest?
  let size: UInt64?

  private var counters: TransportCounters? { standing.connection?.counters }
  var roundTrip: Double? { standing.connection?.roundTrip.map { Double($0) / 1e9 } }

  /// The fraction of the file that the other peer has, from 0 to 1.
  var share: Double? {
    guard let have = standing.have, let size else { return nil }
    return size == 0 ? 1 : Double(have) / Double(size)
  }

  /// The fraction of datagrams lost in the direction of the content; nil if too few have been sent, or under go-back-N,
  /// which repeats much that was not lost.
  var loss: Double? {
    guard let counters, standing.connection?.repeatMode == .selectiveRepeat else { return nil }
    let (lost, all) =
      standing.isReceiver
      ? (counters.lost - counters.spurious, counters.sent)
      : (counters.receivedRetransmitted - counters.duplicate, counters.received)
    return all < 20 ? nil : min(max(Double(lost), 0) / Double(all), 1)
  }

  /// What keeps bytes from leaving faster; nil if nothing is to be sent, or if only the other end can know.
  var limit: String? {
    guard standing.isReceiver, standing.isOwed, let connection = standing.connection else { return nil }
    if connection.bytesInFlight + connection.datagram > connection.congestionWindow { return "path" }
    return connection.queuedBytes == 0 ? "turn" : "pace"
  }
}

/// A snapshot of a peer, with the rates since the one before.
struct Observation {
  let standing: Standing
  let rows: [PeerRow]

  /// Bytes of files per second, to and from others.
  var up: Double { rows.reduce(0) { $0 + ($1.standing.isReceiver ? $1.rate : 0) } }
  var down: Double { rows.reduce(0) { $0 + ($1.standing.isReceiver ? 0 : $1.rate) } }
}

/// Takes snapshots of a peer on demand, and measures rates from one to the next.
actor Observer {
  private let peer: Peer
  private var meters: [Key: Meter] = [:]
  private var lastAt = -1.0

  private struct Key: Hashable {
    let serial: Int
    let file: FileKey?
    let isReceiver: Bool
  }
  private struct Meter {
    var rate = RateMeter()
    var flow: UInt64 = 0
    var movedAt: Double?
  }

  init(_ peer: Peer) { self.peer = peer }

  /// A snapshot without rates.
  func glance() async -> Standing? { await peer.standing() }

  /// A snapshot with rates; nil once the peer is closed. The first in a while takes a moment.
  func look() async -> Observation? {
    if Session.now - lastAt > 5 {
      guard let standing = await peer.standing() else { return nil }
      _ = observe(standing)
      try? await Task.sleep(for: .milliseconds(300))
    }
    return await peer.standing().map { observe($0) }
  }

  private func observe(_ standing: Standing) -> Observation {
    lastAt = standing.at
    var kept: [Key: Meter] = [:]
    let rows = standing.peers.map { peer in
      let key = Key(serial: peer.serial, file: peer.file, isReceiver: peer.isReceiver)
      var meter = meters[key] ?? Meter(flow: peer.flow)
      if peer.flow > meter.flow { meter.movedAt = standing.at }
      meter.flow = peer.flow
      meter.rate.add(peer.flow, at: standing.at)
      kept[key] = meter
      let file = standing.file(peer)?.swarm
      let isMoving = meter.movedAt.map { standing.at - $0 < 2 } ?? false
      return PeerRow(
        standing: peer, state: Observer.state(peer, file?.size, isMoving: isMoving),
        rate: isMoving ? meter.rate.rate : 0, file: file?.name ?? "", id: file?.id, size: file?.size)
    }
    meters = kept
    return Observation(standing: standing, rows: rows)
  }

  static func state(_ peer: PeerStanding, _ size: UInt64?, isMoving: Bool) -> TransferState {
    guard peer.isOpen else { return .connecting }
    guard peer.file != nil else { return .connected }
    if peer.isReceiver, let size, peer.have == size { return .done }
    return isMoving ? .active : peer.isOwed ? .waiting : .idle
  }
}
