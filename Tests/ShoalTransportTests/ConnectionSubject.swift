import ShoalBase
import ShoalContent
import ShoalWire
import Testing

@testable import ShoalTransport

/// An endpoint with one connection, or none yet, brought into a state and then given whatever may come in that state.
final class ConnectionSubject {
  private var endpoint: Endpoint
  private var id: ConnectionID?
  private var now = Instant(nanoseconds: 1_000 * .second)
  private let peer = Address(ipv4: 0x0a00_0001, port: 7_401)
  private let peerID: UInt64 = 77
  private let firstSequence: UInt32 = 5

  init(in state: ConnectionState?, isOpenedByPeer: Bool) throws {
    var configuration = TransportConfiguration()
    configuration.initialSequence = firstSequence
    configuration.maxConnectionsPerHost = 1
    endpoint = Endpoint(configuration, secrets: SecretGenerator(seed: 1))
    switch state {
    case nil: return
    case .opening: try handle(.ownerOpens)
    case .accepting: try handle(.packet(.open))
    case .established, .closing:
      for event in isOpenedByPeer ? [.packet(.open), .proof] : [.ownerOpens, ConnectionEvent.packet(.accept)] {
        try handle(event)
        _ = drain()
      }
      if state == .closing { try handle(.ownerEnds) }
    }
    _ = drain()
  }

  var state: ConnectionState? { id.flatMap { endpoint.connections.slot($0) }.map { endpoint.connections[$0].state } }

  /// The types of the packets that are sent because of an event.
  func sent(on event: ConnectionEvent) throws -> [PacketType] {
    try prepare(event)
    try handle(event)
    return drain()
  }

  /// Lets time pass until the event is the next thing to happen.
  private func prepare(_ event: ConnectionEvent) throws {
    switch event {
    case .probeTimeout:
      try handle(.ownerSends)
      _ = drain()
    case .givenUp:
      for _ in 1..<Constants.opens {
        try handle(.unanswered)
        _ = drain()
      }
    // Any sooner after the first ACK, there would be no second one.
    case .packet(.accept): now = now + 100 * .millisecond
    default: break
    }
  }

  private func handle(_ event: ConnectionEvent) throws {
    switch event {
    case .ownerOpens: id = endpoint.open(to: peer, at: now)
    case .ownerSends: _ = endpoint.send(try Have().encoded(), on: id!)
    case .ownerEnds: endpoint.close(id!, .done, at: now)
    case .placeNeeded:
      now = now + Constants.idleBeforeOthers
      let hasRoom = endpoint.makeRoom(for: HostKey(peer), at: now)
      #expect(hasRoom)
    case .proof: try handle(.packet(.ack))
    case .packet(let type): try receive(datagram(type))
    case .malformedData: try receive(datagram(.data) + [MessageType.block.rawValue])
    case .unanswered, .givenUp, .probeTimeout: expire(at: endpoint.deadline)
    case .idle: expire(at: now + (state == .accepting ? Constants.patience : 30 * .second))
    case .keepAlive: expire(at: now + 10 * .second)
    case .lingered: expire(at: now + Constants.linger)
    }
  }

  private func expire(at time: Instant) {
    now = time
    endpoint.expire(at: time)
  }

  private func receive(_ bytes: [UInt8]) throws {
    endpoint.receive(bytes.span, from: peer, at: now)
    if id == nil { id = endpoint.connections.slotsInUse.first.map { endpoint.connections.id($0) } }
  }

  private func drain() -> [PacketType] {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    var types: [PacketType] = []
    while endpoint.nextTransmit(into: &buffer, at: now) != nil {
      if let type = Header.peek(buffer.span).packetType { types.append(type) }
    }
    return types
  }

  /// A datagram from the peer, as valid as it can be.
  private func datagram(_ type: PacketType) throws -> [UInt8] {
    let own = id.flatMap { endpoint.connections.slot($0) }.map { endpoint.connections[$0].localID } ?? 99
    switch type {
    case .open:
      var packet = OpenPacket()
      (packet.window, packet.maxDatagram, packet.idleTimeout) = (64, 1_200, 30)
      return try packet.datagram(connection: peerID)
    case .accept:
      var packet = AcceptPacket()
      (packet.responder, packet.window, packet.maxDatagram, packet.idleTimeout) = (peerID, 64, 1_200, 30)
      return try packet.datagram(connection: own)
    case .data:
      var packet = DataPacket()
      packet.ackEvery = 1
      return try packet.datagram(connection: own)
    case .ack:
      var packet = AckPacket()
      (packet.next, packet.top, packet.first, packet.delay) = (firstSequence, firstSequence, firstSequence, .max)
      return try packet.datagram(connection: own)
    case .probe:
      var packet = ProbePacket()
      packet.size = 1_200
      return try packet.datagram(connection: own)
    case .retry:
      var packet = RetryPacket()
      packet.token = 9
      return try packet.datagram(connection: own)
    case .version:
      var packet = VersionPacket()
      (packet.lowest, packet.highest) = (7, 9)
      return try packet.datagram(connection: own)
    case .reset: return try ResetPacket().datagram(connection: peerID)
    default: return try empty(type.packet, own)
    }
  }

  private func empty<P: Packet>(_: P.Type, _ own: UInt64) throws -> [UInt8] { try P().datagram(connection: own) }
}
