import ShoalCapture
import ShoalContent
import ShoalWire

extension Analyzer {
  /// The least time by which a probe timeout exceeds the round trip, in microseconds (RFC 9002 §6.2.1).
  private static var timerGranularity: Int32 { 1_000 }

  mutating func observe(_ packet: DataPacket, _ datagram: Datagram, _ index: Int, _ seen: inout Observation) {
    prove(index)
    let number = flows[index].sent.unwrap(packet.sequence)
    let earlier = flows[index].sent.record(number)
    if datagram.isTruncated { flows[index].hidesPackets = true }
    seen.isBetween = flows[index].vantage == .between
    seen.subject = index
    seen.origin = flows[index].initialSequence
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
      flows[index].transmissions += 1
      let previous = flows[index].latest
      order(packet, number, previous, index, &seen)
      if packet.attempt > 0 { resend(packet, datagram, number, earlier, previous, index, &seen) }
      if previous.map({ $0.span(to: packet.timestamp) >= 0 }) ?? true {
        let latest = Transmission(number: number, timestamp: packet.timestamp, isFirstProbe: seen.startsTimeout)
        flows[index].latest = latest
      }
    }
    let isStale = earlier.map { $0.attempt > packet.attempt } ?? false
    if !isDuplicate, !isStale {
      let time = datagram.time ?? 0
      let record = SentPacket(
        firstNumber: datagram.number, firstTime: time, lastTime: time, timestamp: packet.timestamp,
        length: UInt16(clamping: datagram.length), attempt: packet.attempt,
        order: flows[index].transmissions)
      note(number, record, index)
      flows[index].askedDelay = (packet.ackDelay, flows[index].askedDelay.latest)
    }
    let base = flows[index].sent.base
    if let window = flows[index].window, packet.attempt == 0, flows[index].initialSequence != nil {
      if number - base + 1 >= Int64(window) { seen.marks.insert(.windowFull) }
    }
    stand(index, isSenders: datagram.way != .inbound && !seen.isBetween, &seen)
  }

  /// Notes whether a packet left before one that was captured earlier, by the sender's clock.
  private func order(
    _ packet: DataPacket, _ number: Int64, _ previous: Transmission?, _ index: Int, _ seen: inout Observation
  ) {
    let isEarlier = previous.map { $0.span(to: packet.timestamp) < 0 } ?? false
    let isBehind = packet.attempt == 0 && flows[index].sent.isAnchored && number < flows[index].sent.end
    if isEarlier || isBehind { seen.marks.insert(.outOfOrder) }
  }

  private mutating func resend(
    _ packet: DataPacket, _ datagram: Datagram, _ number: Int64, _ earlier: SentPacket?, _ previous: Transmission?,
    _ index: Int, _ seen: inout Observation
  ) {
    seen.marks.insert(.resent)
    let sent = flows[index].sent
    let isGoBackN = flows[index].arq == .goBackN
    // What reached the machine may not have reached the program; and under go-back-N it throws away what is not in
    // order.
    let isKept = earlier.map { !$0.isReportedMissing } ?? false
    let hasArrivedHere = datagram.way == .inbound && isKept && !isGoBackN
    let hadArrived = sent.isAcknowledged(number) || hasArrivedHere
    if hadArrived { seen.marks.insert(.spurious) }
    // A go-back-N sender repeats in order from where it went back to: only there is a cause.
    let isReturn = previous.map { number <= $0.number && $0.span(to: packet.timestamp) > 0 } ?? false
    if isGoBackN, isReturn, number + 1 < sent.end {
      seen.goBack = sent.end - number
      seen.marks.insert(.goBack)
    }
    guard let earlier, earlier.attempt < packet.attempt else { return }
    seen.cutOff = max(0, Int(earlier.length) - datagram.length)
    // On a path that has become narrower, what must be retransmitted is cut to what every path carries.
    let smallest = Limits.smallestDatagram
    if flows[index].pathMTU > smallest, Int(earlier.length) > smallest, (smallest - 99...smallest) ~= datagram.length {
      flows[index].pathMTU = smallest
      seen.pathMTU = smallest
      seen.marks.insert(.pathMTU)
    }
    // Without the ACKs nothing can be said about the cause.
    let isAgain = previous?.number == number
    // What made the sender send it shows only at the sender's end.
    guard !hadArrived, !seen.isBetween, flows[index].reverse != nil, !isGoBackN || isReturn || isAgain else { return }
    explain(earlier, packet, datagram, previous, index, &seen)
  }

  /// Explains a retransmission: either ACKs of what left later show a loss, or the probe timeout has passed.
  ///
  /// If probes retransmit what was found lost before and was waiting to be sent, they count as retransmissions of that.
  private mutating func explain(
    _ earlier: SentPacket, _ packet: DataPacket, _ datagram: Datagram, _ previous: Transmission?, _ index: Int,
    _ seen: inout Observation
  ) {
    switch flows[index].losses.verdict(earlier, flows[index].arq, roundTrip: flows[index].smoothedRoundTrip) {
    case .byAck: seen.marks.insert(.lostByAck)
    case .byTimeout: seen.marks.insert(.lostByTimeout)
    case .none:
      guard let previous else { return }
      // It runs from what was sent last, for more than a round trip; the second of its two repeats follows at once.
      let span = previous.span(to: packet.timestamp)
      let least = flows[index].roundTrips > 0 ? flows[index].shortestRoundTrip / 1_000 : 0
      seen.startsTimeout = span > Self.timerGranularity && UInt64(span) >= least
      guard seen.startsTimeout || previous.isFirstProbe && span <= Self.timerGranularity else { return }
      if seen.startsTimeout { flows[index].timeoutsInARow += 1 }
      seen.marks.insert(.pto)
      seen.timeouts = flows[index].timeoutsInARow
      return
    }
    seen.cause = flows[index].echoed.reference(at: datagram.time)
  }

  /// Notes the state of the flow after a datagram that concerns its numbers.
  func stand(_ index: Int, isSenders: Bool, _ seen: inout Observation) {
    if isSenders { seen.inFlight = flows[index].sent.bytesInFlight }
    if let window = flows[index].window { seen.windowEdge = flows[index].sent.base + Int64(window) }
  }
}
