import ShoalBase
import ShoalContent
import ShoalLink
import ShoalTransport
import ShoalWire

/// A bare endpoint in a `World`, which sends files and messages: the transport, and what a real host does around it.
///
/// It makes the bytes of files, seals and opens datagrams, and checks both what arrives and what it sends: no wrong
/// byte, no byte or message handed on twice, no window overrun.
package final class WorldEndpoint: WorldHost {
  /// Its address.
  package let address: Address
  /// Its endpoint; after a call that gives it something to send, have the world `flush` the host.
  package var endpoint: Endpoint
  /// The connections that are open, oldest first, with which side opened them.
  package var connections: [(id: ConnectionID, byPeer: Bool)] = []
  /// The connections that have ended, and how.
  package internal(set) var closed: [(id: ConnectionID, code: UInt16, byPeer: Bool, reason: String)] = []
  /// Bytes of files that have arrived.
  package internal(set) var contentReceived = 0
  /// Bytes of files that arrived more than once, in different packets: when the path has become narrower, a
  /// retransmission that is cut short leaves its rest to another packet, although the original may have arrived whole.
  package internal(set) var bytesRepeated = 0
  /// When bytes of a file last arrived.
  package internal(set) var contentReceivedAt = Instant.zero
  /// Bytes of UDP payload sent.
  package private(set) var bytesSent = 0
  /// Messages other than blocks that have arrived.
  package internal(set) var messagesReceived = 0
  /// Datagrams that arrived with a wrong checksum.
  package private(set) var corrupt = 0

  let cargo: WorldCargo
  /// Violations that have not been reported yet.
  var violations: [String] = []
  private var buffer = [UInt8](repeating: 0, count: 65_536)
  /// The numbers of the packets whose messages were handed on, by the connection's id on the wire.
  var handedOn: [UInt64: RangeSet<UInt64>] = [:]
  /// What the wire shows of each connection on which this host sends numbered packets, by the peer's id for it.
  var windows: [ConnectionID: WireWindow] = [:]

  /// The numbers of the packets that a host has sent and that were acknowledged to it, as seen on the wire.
  struct WireWindow {
    var limit: UInt32
    var base: UInt32?
    var most: UInt32 = 0
  }

  init(_ address: Address, _ configuration: TransportConfiguration, secrets: UInt64, _ cargo: WorldCargo) {
    self.address = address
    self.cargo = cargo
    endpoint = Endpoint(configuration, secrets: SecretGenerator(seed: secrets))
  }

  /// The newest connection that is open.
  package var connection: ConnectionID? { connections.last?.id }
  /// The most numbered packets that were ever unacknowledged at once, on any connection.
  package var mostOutstanding: Int { Int(windows.values.map(\.most).max() ?? 0) }

  // MARK: The five verbs

  package func receive(_ datagram: NetworkDatagram, at now: Instant) {
    if let bytes = Datagram.open(datagram.bytes.span) {
      noteAcknowledged(datagram)
      endpoint.receive(bytes, from: datagram.from, at: now)
    } else {
      corrupt += 1
      endpoint.receiveCorrupt(from: datagram.from, at: now)
    }
    let handedOn = contentReceived + bytesRepeated + messagesReceived
    drain(datagram.bytes, at: now)
    if contentReceived + bytesRepeated + messagesReceived > handedOn { noteHandedOn(datagram) }
  }

  package func expire(at now: Instant) { endpoint.expire(at: now) }

  package func nextTransmit(at now: Instant) -> NetworkDatagram? {
    guard let transmit = endpoint.nextTransmit(into: &buffer, at: now) else { return nil }
    var bytes = transmit.gathered(behind: buffer) { payload, room in
      SyntheticContent.fill(&room, source: payload.source, offset: payload.offset)
    }
    Datagram.seal(&bytes)
    bytesSent += bytes.count
    noteSent(transmit, bytes.span)
    return NetworkDatagram(from: address, to: transmit.to, bytes: bytes)
  }

  package func nextEvent(at now: Instant) -> String? {
    drain([], at: now)
    return violations.isEmpty ? nil : violations.removeFirst()
  }

  package var deadline: Instant { endpoint.deadline }

  package func takeState() -> ([ConnectionStatus], losses: [[LossVerdict]]) {
    let ids = connections.map(\.id)
    return (ids.compactMap { endpoint.status($0) }, ids.compactMap { endpoint.takeLosses($0) })
  }

  private func drain(_ bytes: [UInt8], at now: Instant) {
    while let event = endpoint.nextEvent() {
      switch event {
      case .opened(let id, let byPeer):
        connections.append((id, byPeer))
        windows[id] = WireWindow(limit: endpoint.status(id)?.window ?? 0)
      case .closed(let id, let code, let byPeer):
        connections.removeAll { $0.id == id }
        closed.append((id, code, byPeer, endpoint.closeDetail(id).reason))
      case .block(_, let block): take(block, bytes, at: now)
      case .message(_, let type, let body): take(type, body, bytes)
      }
    }
  }
}
