import ShoalBase
import ShoalContent
import ShoalWire

extension Connection {
  /// What was written to the buffer, and what is to follow it.
  typealias Written = (length: Int, payload: Payload)

  /// Writes the next datagram that may leave now; nil if there is none. The buffer holds any header and message.
  mutating func nextTransmit(_ buffer: UnsafeMutableRawBufferPointer, at now: Instant) throws(WireError) -> Written? {
    guard let written = try write(buffer, at: now) else { return nil }
    counters.sent += 1
    counters.bytesSent += written.length + written.payload.length
    counters.contentSent += written.payload.length
    if state == .accepting { unprovenSent += written.length }
    return written
  }

  private mutating func write(_ buffer: UnsafeMutableRawBufferPointer, at now: Instant) throws(WireError) -> Written? {
    switch state {
    case .closing: return closeDue ? try close(buffer) : nil
    case .opening: return handshakeDue ? try open(buffer, at: now) : nil
    case .accepting: return handshakeDue ? try accept(buffer, at: now) : nil
    case .established: break
    }
    if !answers.isEmpty { return try answer(buffer) }
    if !acks.canGoOn { nextSlice = nil }
    if nextSlice != nil || acks.isDue(at: now) {
      let room = acks.room(at: now)
      if room >= AckPacket.overhead { return try acknowledge(buffer, room, at: now) }
      timers[.ack] = acks.nextFree ?? now
    }
    if now >= timers[.path] { if let written = try probePath(buffer, at: now) { return written } }
    return try data(buffer, at: now)
  }

  // MARK: Handshake and end

  private mutating func open(_ buffer: UnsafeMutableRawBufferPointer, at now: Instant) throws(WireError) -> Written {
    var packet = OpenPacket()
    packet.initialSequence = initialSequence
    packet.window = configuration.window
    packet.arq = configuration.repeatMode.rawValue
    packet.maxDatagram = largestReceived
    packet.idleTimeout = wireIdleTimeout
    packet.token = token
    timers[.handshake] = now + openWait
    handshakesSent += 1
    handshakeSentAt = now
    handshakeDue = false
    return (try packet.encode(connection: localID, into: buffer.mutableBytes), .empty)
  }

  private mutating func accept(_ buffer: UnsafeMutableRawBufferPointer, at now: Instant) throws(WireError) -> Written? {
    var packet = AcceptPacket()
    packet.responder = localID
    packet.initialSequence = initialSequence
    packet.window = windowSize
    packet.arq = repeatMode.rawValue
    packet.maxDatagram = largestReceived
    packet.idleTimeout = UInt16(clamping: max(idleTimeout / .second, 1))
    handshakeDue = false
    let length = try packet.encode(connection: remoteID, into: buffer.mutableBytes)
    guard unprovenSent + length <= Limits.amplification * unprovenReceived else { return nil }
    timers[.handshake] = now + openWait
    handshakesSent += 1
    handshakeSentAt = now
    return (length, .empty)
  }

  /// How long to wait for an answer to the OPEN or ACCEPT that leaves now.
  private var openWait: Nanoseconds {
    [1, 3, 9][min(handshakesSent, 2)] * Constants.openTimeout
  }

  private mutating func close(_ buffer: UnsafeMutableRawBufferPointer) throws(WireError) -> Written {
    closeDue = false
    closesSent += 1
    var packet = ClosePacket()
    packet.code = closeCode
    packet.reason = endedByPeer ? "" : closeReason
    return (try packet.encode(connection: remoteID, into: buffer.mutableBytes), .empty)
  }

  // MARK: What is not numbered

  private mutating func answer(_ buffer: UnsafeMutableRawBufferPointer) throws(WireError) -> Written {
    if let token = answers.response {
      answers.response = nil
      var packet = ResponsePacket()
      packet.token = token
      return (try packet.encode(connection: remoteID, into: buffer.mutableBytes), .empty)
    }
    var packet = ProbedPacket()
    packet.size = answers.probed ?? 0
    answers.probed = nil
    return (try packet.encode(connection: remoteID, into: buffer.mutableBytes), .empty)
  }

  private mutating func probePath(
    _ buffer: UnsafeMutableRawBufferPointer, at now: Instant
  ) throws(WireError) -> Written? {
    let size = path.probe(max(2 * probeTimeout, .second), at: now)
    timers[.path] = path.deadline
    guard let size else { return nil }
    var packet = ProbePacket()
    packet.size = UInt16(size)
    return (try packet.encode(connection: remoteID, into: buffer.mutableBytes), .empty)
  }

  private mutating func acknowledge(
    _ buffer: UnsafeMutableRawBufferPointer, _ most: Int, at now: Instant
  ) throws(WireError) -> Written {
    var packet = AckPacket()
    let first = max(nextSlice ?? receive.next, receive.next)
    nextSlice = nil
    packet.next = UInt32(truncatingIfNeeded: receive.next)
    packet.top = UInt32(truncatingIfNeeded: receive.top)
    (packet.echo, packet.delay) = acks.take(at: now)
    timers[.ack] = .distantFuture
    packet.corrupt = acks.corrupt
    packet.first = UInt32(truncatingIfNeeded: first)
    var length = AckPacket.overhead
    if repeatMode == .selectiveRepeat, receive.hasGap {
      let room = UnsafeMutableRawBufferPointer(rebasing: buffer[AckPacket.overhead..<most])
      let slice = receive.slice(from: first, into: room)
      packet.count = UInt32(slice.count)
      packet.encoding = slice.encoding.rawValue
      length += slice.length
      if slice.count > 0, first + slice.count < receive.top { nextSlice = first + slice.count }
    }
    acks.sent(length)
    _ = try packet.put(connection: remoteID, into: buffer.mutableBytes)
    return (length, .empty)
  }

  // MARK: What is numbered

  private mutating func data(_ buffer: UnsafeMutableRawBufferPointer, at now: Instant) throws(WireError) -> Written? {
    if send.isEmpty { probesDue = 0 }
    timers[.pace] = .distantFuture
    let isProbe = probesDue > 0
    if isProbe {
      probesDue -= 1
    } else {
      guard send.hasLost || twin != nil || (!queue.isEmpty && send.hasRoom) else {
        if queue.isEmpty, send.bytesInFlight < congestion.window {
          send.rate.becameAppLimited(inFlight: send.bytesInFlight)
        }
        return nil
      }
      guard send.bytesInFlight + datagram <= congestion.window || send.bytesInFlight == 0 else { return nil }
      if let release = pacer.release(
        rate: congestion.pacingRate, share: congestion.burstShare, datagram: datagram, at: now)
      {
        timers[.pace] = release
        return nil
      }
    }
    guard let number = nextNumber(isProbe: isProbe) else { return nil }
    return try put(number, buffer, at: now)
  }

  /// The packet to send: one that is lost, or one that a probe repeats, or a new one.
  private mutating func nextNumber(isProbe: Bool) -> UInt64? {
    if let number = twin {
      twin = nil
      if number >= send.base, !send.isAcked(number), send.at(number).pointee.inFlight { return number }
    }
    if let lost = send.takeLost() {
      // At the tail, where nothing else is to be sent, each further loss of a packet costs all a round trip: on a path
      // that loses much, what was lost twice goes out twice.
      if queue.isEmpty, send.at(lost).pointee.attempt > 0, repeatMode == .selectiveRepeat,
        congestion.randomLoss ?? 0 > Constants.twinLoss
      {
        twin = lost
      }
      return lost
    }
    if isProbe {
      // The lowest again where there is no other: one of the two may be lost.
      guard let number = lastProbed.flatMap({ send.outstanding(from: $0 + 1) }) ?? send.outstanding(from: send.base)
      else {
        probesDue = 0
        return nil
      }
      lastProbed = number
      return number
    }
    guard send.hasRoom else { return nil }
    if queue.hasMessages {
      return send.add(payload: .empty, messages: queue.takeMessages(MessageType.longest))
    }
    return queue.takeBlock(blockRoom).map { send.add(payload: $0, messages: nil) }
  }

  /// The bytes of file that fit in a datagram.
  var blockRoom: Int { datagram - DataPacket.overhead - Block.overhead }

  private mutating func put(
    _ number: UInt64, _ buffer: UnsafeMutableRawBufferPointer, at now: Instant
  ) throws(WireError) -> Written {
    let sent = send.at(number)
    // The path may have become narrower since the first attempt.
    if sent.pointee.payload.length > blockRoom { queue.prepend(send.shorten(number, to: blockRoom)) }
    let payload = sent.pointee.payload
    var packet = DataPacket()
    packet.sequence = UInt32(truncatingIfNeeded: number)
    packet.attempt = UInt8(clamping: sent.pointee.attempts)
    packet.timestamp = now.wireMicroseconds
    packet.ackEvery = ackEvery
    packet.ackDelay = UInt16(clamping: ackDelay / .microsecond)
    var length = try packet.put(connection: remoteID, into: buffer.mutableBytes)
    if let slot = sent.pointee.messages {
      let messages = send.messages(slot)
      UnsafeMutableRawBufferPointer(rebasing: buffer[length...]).copyBytes(from: messages)
      length += messages.count
    } else if payload.length > 0 {
      var block = Block()
      block.file = payload.file
      block.space = payload.space
      block.offset = payload.offset
      let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[length...])
      length += try block.encode(into: rest.mutableBytes, contentLength: payload.length)
    }
    if packet.attempt > 0 { counters.retransmitted += 1 }
    send.sent(number, bytes: length + payload.length, phase: congestion.phase, isTail: pacer.isTail, at: now)
    pacer.sent(length + payload.length)
    if lastSentAt != now || timers[.probe] == .distantFuture {
      lastSentAt = now
      armProbe(at: now)
      timers[.keepAlive] = now + idleTimeout / 3
    }
    return (length, payload)
  }
}
