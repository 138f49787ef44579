import ShoalBase
import ShoalContent
import ShoalWire

// The beginning and the end.
extension Connection {
  /// The `max_datagram` of our OPEN or ACCEPT.
  private var largestReceived: UInt16 {
    UInt16(min(max(configuration.receivedMTU - address.headers, Limits.smallestDatagram), Limits.largestDatagram))
  }

  // MARK: What is sent

  mutating func writeOpen(_ buffer: inout MutableSpan<UInt8>, at now: Instant) throws(WireError) -> Written {
    var packet = OpenPacket()
    packet.initialSequence = handshake.initialSequence
    packet.window = configuration.window
    packet.arq = configuration.repeatMode.rawValue
    packet.maxDatagram = largestReceived
    packet.idleTimeout = UInt16(clamping: max(configuration.idleTimeout / .second, 1))
    packet.token = handshake.token
    timers[.handshake] = now + handshake.wait
    handshake.left(at: now)
    handshake.isDue = false
    let length = try packet.encode(connection: localID, into: &buffer)
    buffer.copy(handshake.early.span, to: OpenPacket.overhead)
    return (length, .empty)
  }

  mutating func writeAccept(_ buffer: inout MutableSpan<UInt8>, at now: Instant) throws(WireError) -> Written? {
    var packet = AcceptPacket()
    packet.responder = localID
    packet.initialSequence = handshake.initialSequence
    packet.window = windowSize
    packet.arq = repeatMode.rawValue
    packet.maxDatagram = largestReceived
    packet.idleTimeout = UInt16(clamping: max(agreedIdleTimeout / .second, 1))
    packet.note = EarlyNote(early: takesEarly ? 1 : 0)
    handshake.isDue = false
    let length = try packet.encode(connection: remoteID, into: &buffer)
    guard path.validation.allows(length) else { return nil }
    timers[.handshake] = now + handshake.wait
    handshake.left(at: now)
    return (length, .empty)
  }

  mutating func writeClose(_ buffer: inout MutableSpan<UInt8>) throws(WireError) -> Written {
    closing.left()
    var packet = ClosePacket()
    packet.code = closing.code
    packet.reason = closing.isByPeer ? "" : closing.reason
    return (try packet.encode(connection: remoteID, into: &buffer), .empty)
  }

  /// Adds a message to OPEN; false if it does not fit, or if an OPEN has left, since all must be the same.
  mutating func enqueueEarly(_ message: [UInt8]) -> Bool {
    guard state == .opening, handshake.sent == 0, handshake.early.count + message.count <= OpenPacket.earlyRoom else {
      return false
    }
    handshake.early += message
    return true
  }

  /// Whether the messages in the peer's OPEN are handed to the owner.
  private var takesEarly: Bool { configuration.takesEarlyMessages }

  /// The messages in the peer's OPEN, once.
  mutating func takeEarly() -> [UInt8] {
    guard byPeer else { return [] }
    defer { handshake.early = [] }
    return handshake.early
  }

  /// Tells the owner of a connection whose opener has proven its address by a token, before it has seen our ACCEPT.
  mutating func announce(_ id: ConnectionID, _ events: inout Ring<TransportEvent>, at now: Instant) {
    handshake.isAnnounced = true
    let patience = max(Constants.earlyTimeout, 4 * (path.remembered?.roundTrip ?? 0))
    timers[.idle] = min(timers[.idle], now + patience)
    events.append(.opened(id, byPeer: true))
  }

  /// Tells the owner that nobody answers. A late answer, over a long path, still opens the connection.
  mutating func giveUp(_ id: ConnectionID, _ events: inout Ring<TransportEvent>, at now: Instant) {
    _ = move(on: .givenUp)
    handshake.giveUp()
    queue = SendQueue()
    timers[.idle] = now + Constants.patience
    events.append(.closed(id, code: CloseCode.unreachable.rawValue, byPeer: false))
  }

  /// Tries again to open a connection that was given up.
  mutating func openAgain(at now: Instant) {
    handshake.again()
    timers[.idle] = now + agreedIdleTimeout
  }

  // MARK: What comes

  /// Notes that the peer's OPEN came again: our ACCEPT was lost, or this OPEN was late.
  mutating func onRepeatedOpen(_ bytes: Int) {
    guard state == .accepting else { return }
    path.validation.received(bytes)
    handshake.isDue = true
  }

  /// Notes that the opener has shown that it received our ACCEPT.
  mutating func onProof(_ id: ConnectionID, _ events: inout Ring<TransportEvent>, at now: Instant) {
    assert(state == .accepting)
    handshake.onAnswer(&path.roundTrip, at: now)
    establish(on: .proof, id, &events, at: now)
  }

  /// Takes the answer to our OPEN, whose terms hold for both ends; false if it is not that.
  mutating func onAccept(
    _ bytes: Span<UInt8>, _ id: ConnectionID, _ events: inout Ring<TransportEvent>, at now: Instant
  ) throws(WireError) -> Bool {
    // Our first packet was lost: the responder must still learn that we have its id.
    if state == .established { onDuplicate(at: now) }
    guard state == .opening else { return false }
    let packet = try AcceptPacket.decode(bytes)
    guard let mode = RepeatMode(rawValue: packet.arq), mode == .goBackN || configuration.repeatMode != .goBackN,
      packet.responder != 0, packet.window >= 1, packet.window <= configuration.window
    else { throw WireError(value: "window", of: AcceptPacket.self) }
    remoteID = packet.responder
    repeatMode = mode
    windowSize = packet.window
    agreedIdleTimeout = Connection.idle(configuration, packet.idleTimeout)
    maxDatagram = max(Int(packet.maxDatagram), Limits.smallestDatagram)
    sendWindow = SendWindow(
      first: Numbering.first(handshake.initialSequence), limit: UInt64(windowSize),
      recordsLosses: configuration.recordsLosses)
    receiveWindow = ReceiveWindow(first: Numbering.first(packet.initialSequence), limit: UInt64(windowSize))
    handshake.onAnswer(&path.roundTrip, at: now)
    handshake.taken()
    if !handshake.early.isEmpty, packet.note?.early != 1 { queue.prepend(handshake.early) }
    // Even if there is nothing to send, the responder must learn that we have its id.
    acks.demand()
    establish(on: .packet(.accept), id, &events, at: now)
    return true
  }

  private mutating func establish(
    on event: ConnectionEvent, _ id: ConnectionID, _ events: inout Ring<TransportEvent>, at now: Instant
  ) {
    _ = move(on: event)
    timers[.handshake] = .distantFuture
    path.opened(limit: configuration.mtu, peerLimit: maxDatagram, at: now)
    searchesFrom = now + Constants.thinTime
    timers[.path] = path.mtu.deadline
    // The agreed timeout may be shorter than the one that we opened with.
    timers[.idle] = now + idleTimeout
    timers[.keepAlive] = now + idleTimeout / 3
    updateAckFrequency()
    if !handshake.isAnnounced { events.append(.opened(id, byPeer: byPeer)) }
  }

  // MARK: The end

  /// Ends the connection without telling its owner.
  mutating func close(_ code: UInt16, _ reason: String, on event: ConnectionEvent, at now: Instant) {
    guard state != .closing else { return }
    closing.code = code
    closing.reason = reason
    closing.isDue = move(on: event) == .send(.close)
    assert(state == .closing && (!closing.isDue || remoteID != 0))
    timers = Timers()
    timers[.linger] = now + Constants.linger
  }

  /// Ends the connection and tells its owner.
  mutating func end(
    _ code: CloseCode, _ reason: String, on event: ConnectionEvent, _ id: ConnectionID,
    _ events: inout Ring<TransportEvent>, at now: Instant
  ) {
    events.append(.closed(id, code: code.rawValue, byPeer: false))
    close(code.rawValue, reason, on: event, at: now)
  }

  /// Notes that the peer has ended the connection, by a packet of this type.
  mutating func onEnd(
    by type: PacketType, _ code: UInt16, _ reason: String, _ id: ConnectionID, _ events: inout Ring<TransportEvent>,
    at now: Instant
  ) {
    events.append(.closed(id, code: code, byPeer: true))
    close(code, reason, on: .packet(type), at: now)
    closing.isByPeer = true
    // A peer that has forgotten us, or speaks none of our versions, is sent no CLOSE.
    if CloseCode(rawValue: code)?.isSent == false { closing.keepQuiet() }
  }
}
