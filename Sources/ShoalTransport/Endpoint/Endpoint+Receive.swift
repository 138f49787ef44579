import ShoalBase
import ShoalContent
import ShoalWire

// What becomes of an intact datagram.
extension Endpoint {
  mutating func receive(
    _ type: PacketType, _ header: Header, _ bytes: RawSpan, from address: Address, at now: Instant
  ) throws(WireError) {
    guard let slot = connections.slot(local: header.connection) else {
      if type == .data { replies.reset(header.connection, to: address, for: bytes.byteCount, at: now) }
      ignored += 1
      return
    }
    let connection = connections.at(slot)
    guard connection.pointee.address == address else {
      ignored += 1
      return
    }
    connection.pointee.counters.received += 1
    connection.pointee.counters.bytesReceived += bytes.byteCount
    connection.pointee.acks.received(bytes.byteCount)
    if connection.pointee.state == .closing {
      if type == .data, connection.pointee.closesSent < Constants.closes {
        connection.pointee.closeDue = connection.pointee.remoteID != 0
      }
      return touch(slot)
    }
    connection.pointee.timers[.idle] = now + connection.pointee.idleTimeout
    if connection.pointee.state == .accepting {
      // Only who has seen our ACCEPT knows the id in this header.
      hosts.proved(connection.pointee.host, &connection.pointee.standing)
      connection.pointee.proven(at: now)
      establish(slot, at: now)
    }
    defer { touch(slot) }
    switch type {
    case .data where connection.pointee.state == .established:
      do throws(WireError) {
        let packet = try DataPacket.read(bytes)
        try connection.pointee.receive(packet, bytes, connections.id(slot), &events, at: now)
      } catch {
        events.append(.closed(connections.id(slot), code: CloseCode.protocolError.rawValue, byPeer: false))
        end(slot, CloseCode.protocolError.rawValue, error.description, at: now)
        ignored += 1
      }
    case .ack where connection.pointee.state == .established:
      defer { settle(slot) }
      try connection.pointee.receive(try AckPacket.read(bytes), bytes, at: now)
    case .accept: try receiveAccept(slot, bytes, at: now)
    case .version where connection.pointee.state == .opening:
      let packet = try VersionPacket.decode(bytes)
      guard packet.lowest <= packet.highest, !(packet.lowest...packet.highest).contains(Limits.version) else { return }
      connection.pointee.peerVersions = packet.lowest...packet.highest
      closedByPeer(slot, CloseCode.version.rawValue, at: now)
    case .retry where connection.pointee.state == .opening:
      connection.pointee.retried(try RetryPacket.decode(bytes))
    case .probe:
      let packet = try ProbePacket.decode(bytes)
      guard Int(packet.size) == bytes.byteCount else { return }
      connection.pointee.answers.probed = packet.size
    case .probed:
      let size = Int(try ProbedPacket.decode(bytes).size)
      if let sample = connection.pointee.path.roundTrip(size, at: now) { connection.pointee.roundTrip.add(sample) }
      guard connection.pointee.path.probed(size, at: now) else { return }
      connection.pointee.timers[.path] = connection.pointee.path.deadline
      connection.pointee.congestion.setDatagram(size)
    case .challenge: connection.pointee.answers.response = try ChallengePacket.decode(bytes).token
    case .close:
      let packet = try ClosePacket.decode(bytes)
      connection.pointee.closeReason = packet.reason
      closedByPeer(slot, packet.code, at: now)
    default: ignored += 1
    }
  }

  private mutating func closedByPeer(_ slot: Int, _ code: UInt16, at now: Instant) {
    let reason = connections.at(slot).pointee.closeReason
    events.append(.closed(connections.id(slot), code: code, byPeer: true))
    end(slot, code, reason, at: now)
    connections.at(slot).pointee.closeDue = false
    connections.at(slot).pointee.endedByPeer = true
    // Who has forgotten us, or speaks no version of ours, is not told that we know.
    if CloseCode(rawValue: code)?.isSent == false { connections.at(slot).pointee.closesSent = Constants.closes }
  }

  private mutating func establish(_ slot: Int, at now: Instant) {
    connections.at(slot).pointee.becameEstablished(at: now)
    events.append(.opened(connections.id(slot), byPeer: connections.at(slot).pointee.byPeer))
  }

  private mutating func receiveAccept(_ slot: Int, _ bytes: RawSpan, at now: Instant) throws(WireError) {
    let connection = connections.at(slot)
    // Our first packet was lost: the responder must still learn that we have its id.
    if connection.pointee.state == .established {
      connection.pointee.acks.sawRepeat(connection.pointee.roundTrip, at: now)
      connection.pointee.timers[.ack] = connection.pointee.acks.dueAt
    }
    guard connection.pointee.state == .opening else { return }
    let packet = try AcceptPacket.decode(bytes)
    guard let mode = RepeatMode(rawValue: packet.arq), mode == .goBackN || configuration.repeatMode != .goBackN,
      packet.responder != 0, packet.window >= 1, packet.window <= configuration.window
    else { throw WireError(value: "window", at: Limits.headerLength + 12) }
    connections.learned(remote: packet.responder, of: slot)
    connection.pointee.accepted(packet, mode, at: now)
    establish(slot, at: now)
  }

  mutating func receiveOpen(
    _ header: Header, _ bytes: RawSpan, from address: Address, at now: Instant
  ) throws(WireError) {
    let packet = try OpenPacket.decode(bytes)
    guard header.connection != 0, RepeatMode(rawValue: packet.arq) != nil, packet.window >= 1 else {
      throw WireError(value: "arq", at: Limits.headerLength + 8)
    }
    if let slot = connections.slot(remote: header.connection, at: address) {
      // Our ACCEPT was lost, or this OPEN was late.
      let connection = connections.at(slot)
      guard connection.pointee.state == .accepting else { return }
      connection.pointee.unprovenReceived += bytes.byteCount
      connection.pointee.handshakeDue = true
      return touch(slot)
    }
    let host = HostKey(address)
    let isProven = packet.token != 0 && mint.isValid(packet.token, of: address, for: header.connection, at: now)
    // What we opened ourselves may take more than is kept for it.
    let isFull = connections.isFull
    guard isProven || !isFull && hosts.takesUnproven(host) else {
      return replies.retry(mint.token(of: address, for: header.connection, at: now), header.connection, to: address)
    }
    guard !isFull && hosts.hasRoom(host) || makeRoom(for: host, at: now) else {
      return replies.busy(header.connection, to: address)
    }
    let slot = insert(address, open: packet, isProven ? .proven : .unproven, at: now)
    connections.learned(remote: header.connection, of: slot)
    let connection = connections.at(slot)
    connection.pointee.unprovenReceived = bytes.byteCount
    connection.pointee.counters.received += 1
    connection.pointee.counters.bytesReceived += bytes.byteCount
    touch(slot)
  }

  /// Only the peer knows the id with which we send to it, so only it can tell us that it has forgotten it.
  mutating func receiveReset(_ header: Header, from address: Address, at now: Instant) {
    guard let slot = connections.slot(remote: header.connection, at: address),
      connections.at(slot).pointee.state == .established
    else { return ignored += 1 }
    closedByPeer(slot, CloseCode.reset.rawValue, at: now)
  }
}
