import ShoalBase
import ShoalContent
import ShoalWire

// Finding the connection of an intact datagram.
extension Endpoint {
  mutating func route(
    _ type: PacketType, _ header: Header, _ bytes: Span<UInt8>, from address: Address, at now: Instant
  ) throws(WireError) {
    guard let slot = connections.slot(local: header.connection) else {
      if type == .data { replies.reset(header.connection, to: address, for: bytes.count, at: now) }
      return ignored += 1
    }
    guard connections[slot].address == address else { return ignored += 1 }
    let id = connections.id(slot)
    if connections[slot].state == .accepting {
      // Only a peer that has seen our ACCEPT knows the id in this header.
      hosts.proved(connections[slot].host, &connections[slot].standing)
      connections[slot].onProof(id, &events, at: now)
    }
    defer {
      if type == .ack { account(slot) }
      turns.add(slot)
    }
    switch try connections[slot].receive(type, bytes, id, &events, at: now) {
    case .taken: break
    case .ignored: ignored += 1
    case .accepted:
      connections.learnedRemote(of: slot)
      givenUp.removeAll { $0 == slot }
    }
  }

  mutating func onOpen(
    _ header: Header, _ bytes: Span<UInt8>, from address: Address, at now: Instant
  ) throws(WireError) {
    let packet = try OpenPacket.decode(bytes)
    guard header.connection != 0, RepeatMode(rawValue: packet.arq) != nil, packet.window >= 1 else {
      throw WireError(value: "arq", of: OpenPacket.self)
    }
    if let slot = connections.slot(remote: header.connection, at: address) {
      connections[slot].onRepeatedOpen(bytes.count)
      return turns.add(slot)
    }
    let host = HostKey(address)
    var open = Connection.ReceivedOpen(packet: packet, id: header.connection, bytes: bytes.count)
    if configuration.takesEarlyMessages, let early = try? OpenPacket.early(in: bytes) {
      open.messages = (early.offset..<early.end).map { bytes[$0] }
    }
    let pass = open.messages.isEmpty ? nil : pass(in: open.messages, from: address, at: now)
    open.memory = pass.flatMap { PathMemory(terms: $0.terms) }
    let hasToken = packet.token != 0 && mint.isValid(packet.token, of: address, for: header.connection, at: now)
    let isProven = hasToken || pass != nil
    // Connections opened by this endpoint may take more than is reserved for them.
    let isFull = connections.isFull
    guard isProven || !isFull && hosts.takesUnproven(host) else {
      return replies.retry(mint.token(of: address, for: header.connection, at: now), header.connection, to: address)
    }
    guard !isFull && hosts.hasRoom(host) || makeRoom(for: host, at: now) else {
      return replies.busy(header.connection, to: address)
    }
    let slot = insert(address, open: open, isProven ? .proven : .unproven, at: now)
    guard isProven, !open.messages.isEmpty else { return }
    connections[slot].announce(connections.id(slot), &events, at: now)
  }

  /// Only the peer knows the id with which we send to it, so only it can tell us that it has forgotten it.
  mutating func onReset(_ header: Header, from address: Address, at now: Instant) {
    guard let slot = connections.slot(remote: header.connection, at: address), connections[slot].state == .established
    else { return ignored += 1 }
    let id = connections.id(slot)
    connections[slot].onEnd(by: .reset, CloseCode.reset.rawValue, "", id, &events, at: now)
    turns.add(slot)
  }
}
