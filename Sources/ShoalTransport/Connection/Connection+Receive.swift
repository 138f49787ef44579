import ShoalBase
import ShoalContent
import ShoalWire

extension Connection {
  /// A DATA packet, intact and for us.
  mutating func receive(
    _ packet: DataPacket, _ bytes: RawSpan, _ id: ConnectionID, _ events: inout Ring<TransportEvent>, at now: Instant
  ) throws(WireError) {
    let number = Numbering.expand(packet.sequence, near: receive.next)
    let top = receive.top
    let arrival =
      switch repeatMode {
      case .selectiveRepeat: SelectiveRepeat.receive(number, &receive)
      case .goBackN: GoBackN.receive(number, &receive)
      }
    if packet.attempt > 0 { counters.repeats += 1 }
    if arrival == .duplicate { counters.duplicate += 1 }
    acks.arrived(packet, arrival, gap: number > top, roundTrip, at: now)
    timers[.ack] = acks.dueAt
    guard arrival == .new else { return }
    var reader = MessageReader(bytes, from: packet.messages.offset)
    while let (type, body) = try reader.next() {
      switch type {
      case .block:
        events.append(.block(id, try Block.read(bytes, body)))
        lastUseful = now
      case let type?: events.append(.message(id, type, body: body))
      case nil: break
      }
    }
  }

  /// An ACK, intact and for us. One that speaks of numbers never sent is ignored; a fault in its slice is thrown last.
  mutating func receive(_ ack: AckPacket, _ bytes: RawSpan, at now: Instant) throws(WireError) {
    let next = Numbering.expand(ack.next, near: send.base)
    let top = Numbering.expand(ack.top, near: send.base)
    guard next <= send.next, top <= send.next else { throw WireError.beyondWindow }
    var result = AckResult()
    var sample = echoedRoundTrip(ack, hasGap: top > next, at: now)
    // Of the parts of a long ACK only the first tells the time.
    if sample == nil, ack.first == ack.next, let minimum = roundTrip.minimum {
      send.mayAnswer(sentBefore: now - minimum)
    }
    let priorInFlight = send.bytesInFlight
    // Serial arithmetic, and no more than a window may hold.
    let corrupt = min(max(Int(Int32(bitPattern: ack.corrupt &- reportedCorrupt)), 0), Int(Limits.window.upperBound))
    if corrupt > 0 {
      reportedCorrupt = ack.corrupt
      // What was on its way together with the damaged one should have been acknowledged by now.
      if roundTrip.hasSample { send.suspect(sentBefore: now - roundTrip.smoothed * 7 / 8) }
    }
    send.acknowledge(upTo: next, at: now, &result)
    // A malformed slice is ignored from the fault on; what the rest of the ACK tells is not.
    var fault: WireError?
    do throws(WireError) { try send.acknowledge(ack, bytes, at: now, &result) } catch { fault = error }
    if result.hasContent { lastUseful = now }
    if result.acked.total > 0 {
      stall = nil
      probesDue = 0
    }
    // A peer that never echoes is timed by what was sent but once, the delay of its ACK included (RFC 6298 §3).
    if !send.isEchoed, let sentAt = result.newestOnceSentAt {
      roundTrip.add(now - sentAt)
      sample = roundTrip.latest
    }
    if result.spurious > 0 {
      counters.spurious += result.spurious
      reordering.sawSpurious(lateness: result.lateness, roundTrip)
    }
    send.passed(roundTrip: sample ?? roundTrip.latest)
    detectLosses(&result, at: now)
    send.rate.finish(&result.sample, minimum: roundTrip.minimum, at: now)
    lossesUntold += result.losses
    congestion.acknowledged(
      CongestionSample(
        now: now, ackedBytes: result.bytes, acked: result.acked, losses: lossesUntold, spurious: result.spurious,
        corrupt: corrupt, priorInFlight: priorInFlight, bytesInFlight: send.bytesInFlight, rate: result.sample,
        delivered: send.rate.delivered, roundTrip: sample, smoothedRoundTrip: roundTrip.smoothed))
    lossesUntold = Losses()
    send.longRoundTrip = congestion.longRoundTrip
    if send.blackHole.isLikely(roundTrip) { suspectBlackHole(at: now) }
    renewWishes()
    armProbe(at: now)
    if let fault { throw fault }
  }

  /// What an ACK's echo tells, if anything.
  private mutating func echoedRoundTrip(_ ack: AckPacket, hasGap: Bool, at now: Instant) -> Nanoseconds? {
    guard ack.delay != .max else { return nil }
    let elapsed = Nanoseconds(now.wireMicroseconds &- ack.echo) * .microsecond
    let age = elapsed - Nanoseconds(ack.delay) * .microsecond
    // An echo of what was never sent would make the round trip whatever the peer likes.
    guard age >= 0, elapsed < 2 * idleTimeout else { return nil }
    roundTrip.add(age)
    // The clock's next microsecond, for the echo is without its fraction.
    let sentAt = Instant(nanoseconds: now.nanoseconds / 1_000 * 1_000 + 999) - elapsed
    send.echoed(sentAt: sentAt, beyondGap: hasGap)
    return roundTrip.latest
  }

  mutating func detectLosses(_ result: inout AckResult, at now: Instant) {
    let again =
      switch repeatMode {
      case .selectiveRepeat: SelectiveRepeat.detectLosses(&send, reordering, roundTrip, at: now, &result)
      case .goBackN: GoBackN.detectLosses(&send, reordering, roundTrip, at: now, &result)
      }
    timers[.loss] = again ?? .distantFuture
    counters.lost += result.losses.packets
  }

  /// Nothing large gets through any more: perhaps the path has become narrower.
  mutating func suspectBlackHole(at now: Instant) {
    send.forgetLargeLosses()
    guard path.suspectBlackHole(at: now) else { return }
    timers[.path] = path.deadline
    congestion.setDatagram(datagram)
  }

  /// The probe timeout runs from the last numbered packet sent, as long as any is unacknowledged. A round trip that
  /// shrinks, as a peer that echoes what it likes can make it, does not put its end into the past.
  mutating func armProbe(at now: Instant) {
    timers[.probe] = send.isEmpty ? .distantFuture : max((lastSentAt ?? now) + probeTimeout, now)
  }
}
