import ShoalBase
import ShoalContent
import ShoalWire

extension Connection {
  /// The outcome of a datagram.
  enum Reception {
    case taken
    /// It had no effect.
    case ignored
    /// It brought the peer's id for the connection.
    case accepted
  }

  /// Takes an intact datagram from the peer's address, with our id.
  mutating func receive(
    _ type: PacketType, _ bytes: Span<UInt8>, _ id: ConnectionID, _ events: inout Ring<TransportEvent>, at now: Instant
  ) throws(WireError) -> Reception {
    counters.received += 1
    counters.bytesReceived += bytes.count
    acks.earn(bytes.count)
    if state == .closing {
      if type == .data, closing.mayRepeat { closing.isDue = remoteID != 0 }
      return .taken
    }
    timers[.idle] = now + idleTimeout
    guard StateTable.takes(type, in: state) else { return .ignored }
    switch type {
    case .data: return onData(bytes, id, &events, at: now)
    case .ack: try onAck(bytes, at: now)
    case .accept: return try onAccept(bytes, id, &events, at: now) ? .accepted : .taken
    case .version:
      let packet = try VersionPacket.decode(bytes)
      guard packet.lowest <= packet.highest, !(packet.lowest...packet.highest).contains(Limits.version) else { break }
      closing.versions = packet.lowest...packet.highest
      onEnd(by: type, CloseCode.version.rawValue, "", id, &events, at: now)
    case .retry: handshake.onRetry(try RetryPacket.decode(bytes).token)
    case .probe:
      let packet = try ProbePacket.decode(bytes)
      if Int(packet.size) == bytes.count { answers.probed = packet.size }
    case .probed:
      path.onProbed(Int(try ProbedPacket.decode(bytes).size), at: now)
      timers[.path] = path.mtu.deadline
    case .challenge: answers.response = try ChallengePacket.decode(bytes).token
    case .close:
      let packet = try ClosePacket.decode(bytes)
      onEnd(by: type, packet.code, packet.reason, id, &events, at: now)
    default: return .ignored
    }
    return .taken
  }

  /// Notes that a datagram that fails its checksum came from the peer's address: an ACK tells the peer at once.
  mutating func onCorrupt(at now: Instant) {
    counters.corrupt += 1
    if state == .established { acks.onCorrupt(path.roundTrip, at: now) }
  }

  /// Notes a duplicate: the peer does not know that the first has arrived.
  mutating func onDuplicate(at now: Instant) {
    acks.onDuplicate(path.roundTrip, at: now)
    timers[.ack] = acks.dueAt
  }

  // MARK: DATA

  /// Takes DATA. A malformed one ends the connection, because its messages would be lost.
  private mutating func onData(
    _ bytes: Span<UInt8>, _ id: ConnectionID, _ events: inout Ring<TransportEvent>, at now: Instant
  ) -> Reception {
    do throws(WireError) {
      let packet = try DataPacket.read(bytes)
      if keep(packet, at: now) { try handOn(packet, bytes, id, &events, at: now) }
      return .taken
    } catch {
      end(.protocolError, error.description, on: .malformedData, id, &events, at: now)
      return .ignored
    }
  }

  /// Notes a numbered packet; returns whether it is new, so that its messages are to be delivered.
  private mutating func keep(_ packet: DataPacket, at now: Instant) -> Bool {
    let number = Numbering.expand(packet.sequence, near: receiveWindow.next)
    let top = receiveWindow.top
    let arrival = repeatMode.keep(number, &receiveWindow)
    path.reverseDelay.add(packet.timestamp, at: now)
    if packet.attempt > 0 { counters.receivedRetransmitted += 1 }
    if arrival == .duplicate { counters.duplicate += 1 }
    acks.onData(packet, arrival, gap: number > top, path.roundTrip, at: now)
    timers[.ack] = acks.dueAt
    return arrival == .new
  }

  private mutating func handOn(
    _ packet: DataPacket, _ bytes: Span<UInt8>, _ id: ConnectionID, _ events: inout Ring<TransportEvent>,
    at now: Instant
  ) throws(WireError) {
    var reader = MessageReader(bytes, from: packet.messages.offset)
    while let (type, body) = try reader.next() {
      switch type {
      case .block:
        events.append(.block(id, try Block.read(bytes, body)))
        lastContentAt = now
        takesContent = true
      case let type?: events.append(.message(id, type, body: body))
      case nil: break
      }
    }
  }
}
