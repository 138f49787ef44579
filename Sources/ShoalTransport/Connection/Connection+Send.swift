import ShoalBase
import ShoalContent
import ShoalWire

extension Connection {
  /// The length written to the buffer, and the bytes that are to follow.
  typealias Written = (length: Int, payload: Payload)

  /// Writes the next datagram that may leave now; nil if there is none. The buffer holds any header and message.
  mutating func nextTransmit(
    _ buffer: inout MutableSpan<UInt8>, _ id: ConnectionID, _ contentMayLeave: Bool, at now: Instant
  ) throws(WireError) -> Transmit? {
    isHeld = false
    guard let (length, payload) = try write(&buffer, contentMayLeave, at: now) else { return nil }
    counters.sent += 1
    counters.bytesSent += length + payload.length
    counters.contentSent += payload.length
    if state == .accepting { path.validation.sent(length + payload.length) }
    var transmit = Transmit(to: address, headerLength: length, payload: payload, connection: id)
    if payload.length > 0 { transmit.ahead = queue.ahead(of: payload) }
    return transmit
  }

  private mutating func write(
    _ buffer: inout MutableSpan<UInt8>, _ contentMayLeave: Bool, at now: Instant
  ) throws(WireError) -> Written? {
    switch state {
    case .closing: return closing.isDue ? try writeClose(&buffer) : nil
    case .opening: return handshake.isDue ? try writeOpen(&buffer, at: now) : nil
    case .accepting:
      if handshake.isDue { return try writeAccept(&buffer, at: now) }
      guard handshake.isAnnounced else { return nil }
      guard path.validation.allows(datagram) else {
        sendWindow.rate.becameAppLimited(inFlight: sendWindow.bytesInFlight)
        return nil
      }
      guard let number = nextNumber(contentMayLeave, at: now) else { return nil }
      return try writeData(number, &buffer, at: now)
    case .established: break
    }
    if !answers.isEmpty { return try writeAnswer(&buffer) }
    if !acks.canGoOn { nextSlice = nil }
    if acks.isHeld(at: now) {
      if nextSlice != nil || acks.isDue(at: now) { timers[.ack] = acks.heldUntil }
    } else if nextSlice != nil || acks.isDue(at: now) {
      let room = acks.room(at: now)
      if room >= AckPacket.overhead { return try writeAck(&buffer, room, at: now) }
      timers[.ack] = acks.nextFree ?? now
    }
    if now >= timers[.path] { if let written = try writeProbe(&buffer, at: now) { return written } }
    guard let number = nextNumber(contentMayLeave, at: now) else { return nil }
    return try writeData(number, &buffer, at: now)
  }

  // MARK: What is not numbered

  private mutating func writeAnswer(_ buffer: inout MutableSpan<UInt8>) throws(WireError) -> Written {
    if let token = answers.response {
      answers.response = nil
      var packet = ResponsePacket()
      packet.token = token
      return (try packet.encode(connection: remoteID, into: &buffer), .empty)
    }
    var packet = ProbedPacket()
    packet.size = answers.probed ?? 0
    answers.probed = nil
    return (try packet.encode(connection: remoteID, into: &buffer), .empty)
  }

  private mutating func writeProbe(
    _ buffer: inout MutableSpan<UInt8>, at now: Instant
  ) throws(WireError) -> Written? {
    // An end that only receives waits until it is clear whether its path to the peer is thin; a thin path is spared the
    // probes.
    if takesContent, queue.bytes == 0, counters.contentSent == 0, acks.isThinned || now < searchesFrom {
      timers[.path] = acks.isThinned ? .distantFuture : searchesFrom
      return nil
    }
    let size = path.mtu.nextProbe(max(2 * probeTimeout, .second), at: now)
    timers[.path] = path.mtu.deadline
    guard let size else { return nil }
    var packet = ProbePacket()
    packet.size = UInt16(size)
    return (try packet.encode(connection: remoteID, into: &buffer), .empty)
  }

  private mutating func writeAck(
    _ buffer: inout MutableSpan<UInt8>, _ most: Int, at now: Instant
  ) throws(WireError) -> Written {
    var packet = AckPacket()
    let first = max(nextSlice ?? receiveWindow.next, receiveWindow.next)
    nextSlice = nil
    packet.next = UInt32(truncatingIfNeeded: receiveWindow.next)
    packet.top = UInt32(truncatingIfNeeded: receiveWindow.top)
    (packet.echo, packet.delay) = acks.take(at: now)
    timers[.ack] = .distantFuture
    packet.corrupt = acks.corrupt
    packet.first = UInt32(truncatingIfNeeded: first)
    var length = AckPacket.overhead
    // A very short one has no room for its time.
    let isTimed = most >= AckPacket.overhead + AckPacket.leftLength
    var room = buffer._mutatingExtracting(AckPacket.overhead..<(isTimed ? most - AckPacket.leftLength : most))
    if let slice = repeatMode.slice(receiveWindow, from: first, into: &room) {
      packet.count = UInt32(slice.count)
      packet.encoding = slice.encoding.rawValue
      length += slice.length
      if slice.count > 0, first + slice.count < receiveWindow.top { nextSlice = first + slice.count }
    }
    if isTimed {
      AckPacket.put(left: now.wireMicroseconds, &buffer, at: length)
      length += AckPacket.leftLength
    }
    acks.spend(length)
    _ = try packet.put(connection: remoteID, into: &buffer)
    return (length, .empty)
  }

  // MARK: What is numbered

  /// The bytes of file that fit in a datagram.
  private var blockRoom: Int { datagram - DataPacket.overhead - Block.overhead }

  /// The numbered packet to send now, if one may leave: a probe's, a lost one again, or a new one.
  private mutating func nextNumber(_ contentMayLeave: Bool, at now: Instant) -> UInt64? {
    if sendWindow.isEmpty { probing.due = 0 }
    timers[.pace] = .distantFuture
    let isProbe = probing.due > 0
    if isProbe {
      probing.due -= 1
    } else {
      guard sendWindow.hasLost || duplicateDue != nil || !queue.isEmpty && sendWindow.packets.hasRoom else {
        if queue.isEmpty, sendWindow.bytesInFlight < path.congestion.window {
          sendWindow.rate.becameAppLimited(inFlight: sendWindow.bytesInFlight)
        }
        return nil
      }
      guard path.hasRoom(inFlight: sendWindow.bytesInFlight) else { return nil }
      if let release = path.release(at: now) {
        timers[.pace] = release
        return nil
      }
      if !contentMayLeave, contentIsNext() {
        isHeld = true
        sendWindow.rate.becameAppLimited(inFlight: sendWindow.bytesInFlight)
        return queue.hasMessages ? takeNew() : nil
      }
    }
    if let number = takeRetransmission() { return number }
    return isProbe ? probing.next(sendWindow) : takeNew()
  }

  /// Whether the packet that would leave next, unless it is a probe's, carries content.
  private mutating func contentIsNext() -> Bool {
    guard let number = duplicateDue ?? sendWindow.nextLost() else { return !queue.hasMessages }
    return sendWindow.packets.contains(number) && sendWindow.packets[number].payload.length > 0
  }

  /// A lost packet, or one that is to go out twice.
  private mutating func takeRetransmission() -> UInt64? {
    if let number = duplicateDue {
      duplicateDue = nil
      if sendWindow.packets.contains(number), !sendWindow.packets.isAcked(number), sendWindow.packets[number].inFlight {
        return number
      }
    }
    guard let number = sendWindow.takeLost() else { return nil }
    let goesOutTwice = repeatMode.goesOutTwice(
      sendWindow.packets[number], isTail: queue.isEmpty, randomLoss: path.congestion.decision.randomLoss)
    if goesOutTwice { duplicateDue = number }
    return number
  }

  private mutating func takeNew() -> UInt64? {
    guard sendWindow.packets.hasRoom else { return nil }
    if queue.hasMessages {
      return sendWindow.packets.add(payload: .empty, messages: queue.takeMessages(MessageType.longest))
    }
    return queue.takeBlock(blockRoom).map { sendWindow.packets.add(payload: $0, messages: nil) }
  }

  private mutating func writeData(
    _ number: UInt64, _ buffer: inout MutableSpan<UInt8>, at now: Instant
  ) throws(WireError) -> Written {
    // The path may have become narrower since the first attempt.
    if sendWindow.packets[number].payload.length > blockRoom {
      queue.prepend(sendWindow.shorten(number, to: blockRoom))
    }
    let payload = sendWindow.packets[number].payload
    var packet = DataPacket()
    packet.sequence = UInt32(truncatingIfNeeded: number)
    packet.attempt = UInt8(clamping: sendWindow.packets[number].attempts)
    packet.timestamp = now.wireMicroseconds
    packet.ackEvery = ackEvery
    packet.ackDelay = UInt16(clamping: ackDelay / (ackEvery == 0 ? Constants.thinUnit : .microsecond))
    var length = try packet.put(connection: remoteID, into: &buffer)
    if let slot = sendWindow.packets[number].messages {
      let messages = sendWindow.packets.messages[slot]
      buffer.copy(messages.span, to: length)
      length += messages.count
    } else if payload.length > 0 {
      var block = Block()
      block.file = payload.file
      block.space = payload.space
      block.offset = payload.offset
      var rest = buffer._mutatingExtracting(length...)
      length += try block.encode(into: &rest, contentLength: payload.length)
    }
    if packet.attempt > 0 { counters.retransmitted += 1 }
    sendWindow.sent(
      number, bytes: length + payload.length, phase: path.congestion.decision.phase, isTail: path.pacer.isTail, at: now)
    path.pacer.sent(length + payload.length)
    if lastSentAt != now || timers[.probe] == .distantFuture {
      lastSentAt = now
      armProbe(at: now)
      timers[.keepAlive] = now + idleTimeout / 3
    }
    return (length, payload)
  }
}
