import ShoalCapture
import ShoalWire

extension Analyzer {
  mutating func observe(_ packet: DataPacket, _ datagram: Datagram, _ index: Int, _ seen: inout Observation) {
    prove(index)
    let number = flows[index].sent.unwrap(packet.sequence)
    let earlier = flows[index].sent.record(number)
    seen.subject = index
    seen.sequence = number
    seen.attempt = packet.attempt
    seen.content = readMessages(packet, datagram, index, &seen)
    seen.isFresh = earlier == nil && number >= flows[index].sent.base
    if let earlier {
      seen.first = Seen(number: earlier.firstNumber, time: earlier.hasTime ? earlier.firstTime : nil)
        .reference(at: datagram.time)
    }

    let isDuplicate = earlier?.attempt == packet.attempt && earlier?.timestamp == packet.timestamp
    if isDuplicate {
      seen.marks.insert(.duplicate)
    } else {
      order(packet, number, index, &seen)
      if packet.attempt > 0 { resend(packet, datagram, number, earlier, index, &seen) }
    }
    let isStale = earlier.map { $0.attempt > packet.attempt } ?? false
    if !isDuplicate, !isStale {
      let time = datagram.time ?? 0
      let record = SentPacket(
        firstNumber: datagram.number, firstTime: time, lastTime: time, timestamp: packet.timestamp,
        length: UInt16(clamping: datagram.length), attempt: packet.attempt, hasTime: datagram.time != nil)
      note(number, record, index)
      flows[index].askedDelay = (packet.ackDelay, flows[index].askedDelay.latest)
    }
    let base = flows[index].sent.base
    if let window = flows[index].window, packet.attempt == 0, flows[index].initialSequence != nil {
      if number - base + 1 >= Int64(window) { seen.marks.insert(.windowFull) }
    }
    stand(index, &seen)
  }

  /// Whether it left before one that was captured earlier: the sender's clock tells.
  private mutating func order(_ packet: DataPacket, _ number: Int64, _ index: Int, _ seen: inout Observation) {
    let isEarlier = flows[index].latestTimestamp.map { Int32(bitPattern: packet.timestamp &- $0) < 0 } ?? false
    let isBehind = packet.attempt == 0 && flows[index].sent.isAnchored && number < flows[index].sent.end
    if isEarlier || isBehind { seen.marks.insert(.outOfOrder) }
    if !isEarlier { flows[index].latestTimestamp = packet.timestamp }
  }

  private mutating func resend(
    _ packet: DataPacket, _ datagram: Datagram, _ number: Int64, _ earlier: SentPacket?, _ index: Int,
    _ seen: inout Observation
  ) {
    seen.marks.insert(.resent)
    let sent = flows[index].sent
    // Under go-back-N what arrives out of order is thrown away.
    let hasArrivedHere = datagram.direction == .inbound && earlier != nil && flows[index].arq != .goBackN
    let hadArrived = sent.isAcknowledged(number) || hasArrivedHere
    if hadArrived { seen.marks.insert(.spurious) }
    guard let earlier, earlier.attempt < packet.attempt else { return }
    // A path that became narrower: what must be repeated is cut to what every path carries.
    let smallest = Limits.smallestDatagram
    if flows[index].pathMTU > smallest, Int(earlier.length) > smallest, (smallest - 99...smallest) ~= datagram.length {
      flows[index].pathMTU = smallest
      seen.pathMTU = smallest
      seen.marks.insert(.pathMTU)
    }
    guard flows[index].arq != .goBackN || number == sent.base else { return }
    if flows[index].arq == .goBackN, number + 1 < sent.end {
      seen.goBack = sent.end - number
      seen.marks.insert(.goBack)
    }
    // Without the ACKs nothing can be said of the cause.
    if !hadArrived, flows[index].reverse != nil { explain(earlier, number, datagram, index, &seen) }
  }

  /// A loss is found by an ACK of something that left later, or else the timeout has passed.
  private mutating func explain(
    _ earlier: SentPacket, _ number: Int64, _ datagram: Datagram, _ index: Int, _ seen: inout Observation
  ) {
    let isOvertaken = flows[index].latestEcho.map { Int32(bitPattern: $0 &- earlier.timestamp) > 0 } ?? false
    if isOvertaken || (earlier.attempt == 0 && flows[index].top > number) {
      seen.marks.insert(.lostByAck)
      seen.cause = flows[index].echoed.reference(at: datagram.time)
      return
    }
    seen.marks.insert(.pto)
    let time = datagram.time ?? 0
    // The lowest two are repeated at once, and are one timeout.
    let last = flows[index].lastTimeout
    if flows[index].timeoutsInARow == 0 || time > last && time - last > 1_000_000 {
      flows[index].timeoutsInARow += 1
      flows[index].lastTimeout = time
      seen.startsTimeout = true
    }
    seen.timeouts = flows[index].timeoutsInARow
  }

  /// How the flow stands after a datagram that speaks of its numbers.
  func stand(_ index: Int, _ seen: inout Observation) {
    seen.inFlight = flows[index].sent.bytesInFlight
    if let window = flows[index].window { seen.windowEdge = flows[index].sent.base + Int64(window) }
  }
}
