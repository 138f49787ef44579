import ShoalBase
import ShoalCapture
import ShoalWire

extension Analyzer {
  /// By how much ACK delays may exceed what was asked for, as timers are no finer (RFC 9002 §6.1.2 allows as much).
  private static var granularity: UInt32 { 1_000 }
  /// The value of `AckPacket.delay` that means that the echo says nothing.
  static var noEcho: UInt16 { .max }

  mutating func observe(_ packet: AckPacket, _ datagram: Datagram, _ index: Int, _ seen: inout Observation) {
    prove(index)
    guard let subject = flows[index].reverse ?? pair(index, packet) else { return }
    seen.subject = subject
    seen.origin = flows[subject].initialSequence
    let sent = flows[subject].sent
    let next = sent.unwrap(packet.next)
    let top = max(next, next + Int64(packet.top &- packet.next))
    seen.next = next
    seen.top = top
    // Neither `next` nor `top` is believed beyond what a window can hold.
    guard top - next <= Int64(SentPackets.maximum) else { return }
    seen.isBetween = flows[index].vantage == .between
    // Nor beyond what was sent, if everything sent was captured.
    if flows[subject].hidesPackets, max(next, top) > sent.end {
      hiddenPackets &+= UInt64(max(next, top) - sent.end)
    } else if flows[subject].initialSequence != nil, flows[subject].transmissions > 0, max(next, top) > sent.end {
      (seen.next, seen.beyond) = (nil, max(next, top) - sent.end)
      seen.marks.insert(.beyondSent)
      return
    }

    var judgement = SentPackets.Judgement()
    judgement.latestEcho = flows[subject].latestEcho
    if packet.delay != Self.noEcho {
      judgement.echo = packet.echo
      let isNews = judgement.latestEcho.map { Int32(bitPattern: packet.echo &- $0) > 0 } ?? true
      if isNews { judgement.latestEcho = packet.echo }
    }
    if let time = datagram.time, datagram.way != .outbound, flows[subject].roundTrips >= 8 {
      let shortest = flows[subject].shortestRoundTrip / 8 * 7
      judgement.latest = time > shortest ? time - shortest : 0
      // An ACK that echoes nothing still answers something that left a round trip ago; of a long ACK, only the first
      // part does.
      if packet.delay == Self.noEcho, packet.first == packet.next {
        flows[subject].answeredUntil = max(flows[subject].answeredUntil ?? 0, judgement.latest)
      }
    }
    judgement.answeredUntil = flows[subject].answeredUntil
    var result = SentPackets.Acknowledged()
    flows[subject].sent.acknowledge(before: next, judgement, &result)
    seen.left = readSlice(packet, datagram.bytes, next, subject, judgement, &result)
    if top > next { flows[subject].sent.reportMissing(next, next + 1) }
    (seen.acknowledgedBytes, seen.acknowledgedPackets) = (result.bytes, result.packets)
    if result.packets > 0 { flows[subject].timeoutsInARow = 0 }
    noteEvidence(packet, datagram, subject, hasGap: top > next, result)
    if result.early > 0 {
      seen.marks.insert(.spurious)
      seen.first.number = result.earliest
      seen.needless = result.early
    }
    if packet.delay != Self.noEcho { readEcho(packet, datagram, result.echoed, index, subject, &seen) }
    stand(subject, isSenders: datagram.way != .outbound && !seen.isBetween, &seen)
  }

  /// What the ACK says of losses.
  private mutating func noteEvidence(
    _ packet: AckPacket, _ datagram: Datagram, _ subject: Int, hasGap: Bool, _ result: SentPackets.Acknowledged
  ) {
    if result.newest.order > 0 {
      let time = datagram.way == .outbound ? nil : datagram.time
      flows[subject].losses.arrived(order: result.newest.order, timestamp: result.newest.timestamp, at: time)
    }
    if hasGap, packet.delay != Self.noEcho { flows[subject].losses.arrived(beyondGap: packet.echo) }
    if result.early > 0 { flows[subject].losses.sawNeedless() }
    guard Int32(bitPattern: packet.corrupt &- flows[subject].reportedCorrupt) > 0 else { return }
    flows[subject].reportedCorrupt = packet.corrupt
    // What was in flight along with the damaged datagram should have been acknowledged by now.
    let span = flows[subject].smoothedRoundTrip / 8 * 7
    guard let time = datagram.time, datagram.way != .outbound, span > 0, time > span else { return }
    flows[subject].losses.suspect(before: time - span)
  }

  private mutating func readEcho(
    _ packet: AckPacket, _ datagram: Datagram, _ echoed: SentPacket?, _ index: Int, _ subject: Int,
    _ seen: inout Observation
  ) {
    let isNews = flows[subject].latestEcho.map { Int32(bitPattern: packet.echo &- $0) > 0 } ?? true
    if isNews {
      flows[subject].latestEcho = packet.echo
      flows[subject].echoed = Seen(number: datagram.number, time: datagram.time)
    }
    checkDelay(packet, subject, &seen)
    if let echoed, echoed.hasTime, let time = datagram.time, time >= echoed.lastTime {
      let span = time - echoed.lastTime
      let own = UInt64(packet.delay) * 1_000
      let roundTrip = span > own ? span - own : 0
      noteLeg(roundTrip, of: subject)
      // An ACK that leaves the capturing machine measures only that machine.
      guard datagram.way != .outbound else { return }
      if isWholeRoundTrip(roundTrip, of: subject) { seen.roundTrip = roundTrip }
      let smoothed = flows[subject].smoothedRoundTrip
      flows[subject].smoothedRoundTrip = flows[subject].roundTrips == 0 ? roundTrip : smoothed / 8 * 7 + roundTrip / 8
      flows[subject].roundTrips += 1
      flows[subject].shortestRoundTrip = min(flows[subject].shortestRoundTrip, roundTrip)
    }
  }

  private func checkDelay(_ packet: AckPacket, _ subject: Int, _ seen: inout Observation) {
    let asked = flows[subject].askedDelay
    let limit = UInt32(max(asked.latest, asked.before))
    if limit > 0, UInt32(packet.delay) > limit + Self.granularity {
      seen.marks.insert(.ackLate)
      seen.delayLimit = limit
    }
  }

  /// Returns when the ACK left, if it says so.
  private mutating func readSlice(
    _ packet: AckPacket, _ bytes: Bytes, _ next: Int64, _ subject: Int,
    _ judgement: SentPackets.Judgement, _ result: inout SentPackets.Acknowledged
  ) -> UInt32? {
    // The slice begins at `next` or beyond, or lies behind it if it was overtaken.
    let first = next + Int64(Int32(bitPattern: packet.first &- packet.next))
    var runs = SliceReader(packet, bytes.span)
    while let run = runs.next() {
      let start = first + Int64(run.offset)
      if run.isReceived {
        flows[subject].sent.acknowledge(start, start + Int64(run.count), judgement, &result)
      } else {
        flows[subject].sent.reportMissing(start, start + Int64(run.count))
      }
    }
    return runs.rest?.left
  }

  /// Finds the flow that a flow's ACKs acknowledge, if the handshake was not captured: the numbers must match.
  private mutating func pair(_ index: Int, _ packet: AckPacket) -> Int? {
    let (source, destination) = (flows[index].source, flows[index].destination)
    for other in places.candidates(from: destination, to: source) where other != index {
      let sent = flows[other].sent
      guard flows[other].reverse == nil, sent.isAnchored else { continue }
      let next = sent.unwrap(packet.next)
      guard next >= sent.base - Int64(SentPackets.maximum) / 16, next <= sent.end else { continue }
      link(index, other)
      places.remove(index, from: source, to: destination)
      places.remove(other, from: destination, to: source)
      return other
    }
    return nil
  }
}
