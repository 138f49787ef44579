import ShoalBase
import ShoalContent
import ShoalWire

extension Connection {
  /// Takes an ACK. One about numbers that were never sent is ignored; a fault in its slice is thrown last.
  mutating func onAck(_ bytes: Span<UInt8>, at now: Instant) throws(WireError) {
    let ack = try AckPacket.read(bytes)
    let next = Numbering.expand(ack.next, near: sendWindow.base)
    let top = Numbering.expand(ack.top, near: sendWindow.base)
    guard next <= sendWindow.next, top <= sendWindow.next else { throw WireError.beyondWindow }
    var result = AckResult()
    var sample = echoedRoundTrip(ack, hasGap: top > next, at: now)
    // Without an echo, it may answer whatever had time to arrive: the part of a long ACK that has the echo may be lost.
    if sample == nil, let minimum = path.roundTrip.minimum {
      sendWindow.evidence.mayAnswer(sentBefore: now - minimum)
    }
    let priorInFlight = sendWindow.bytesInFlight
    let corrupt = newlyCorrupt(ack, at: now)
    sendWindow.acknowledge(upTo: next, &result)
    // A malformed slice is ignored from the fault on; the rest of the ACK is used.
    var fault: WireError?
    var left: UInt32?
    do throws(WireError) { left = try sendWindow.acknowledge(ack, bytes, &result) } catch { fault = error }
    let wait = path.wayBack.add(left, at: now)
    if let sample, let minimum = path.roundTrip.minimum {
      path.thinning.add(waited: wait ?? sample - minimum, isSure: wait != nil, path.roundTrip, at: now)
    }
    if result.hasContent { lastContentAt = now }
    if result.acked.total > 0 { probing.onProgress() }
    // A peer that never echoes is timed by packets that were sent only once, the delay of its ACK included (RFC 6298
    // §3).
    if !sendWindow.evidence.isEchoed, let sentAt = result.newestOnceSentAt {
      path.sampled(now - sentAt, at: now)
      sample = path.roundTrip.latest
    }
    if result.spurious > 0 {
      counters.spurious += result.spurious
      path.reordering.onSpuriousLoss(lateness: result.lateness, path.roundTrip)
    }
    if let whole = sample {
      sample = WayBack.deduct(wait, from: whole, path.roundTrip)
      path.latestThere = sample
    }
    sendWindow.saw(roundTrip: sample ?? path.latestThere ?? path.roundTrip.latest)
    detectLosses(&result, at: now)
    sendWindow.rate.finish(&result.sample, minimum: path.roundTrip.minimum, at: path.wayBack.arrivedAt)
    path.onAck(result, corrupt: corrupt, priorInFlight: priorInFlight, sendWindow, roundTrip: sample, at: now)
    sendWindow.roundTrips.longRoundTrip = path.congestion.decision.longRoundTrip
    if sendWindow.blackHole.isLikely(path.roundTrip) { suspectBlackHole(at: now) }
    updateAckFrequency()
    armProbe(at: now)
    if sendWindow.isEmpty, sendWindow.packets.capacity > SentPackets.leastCapacity { sendWindow.shrink() }
    if let fault { throw fault }
  }

  /// How many more of our datagrams the peer now reports as corrupt.
  private mutating func newlyCorrupt(_ ack: AckPacket, at now: Instant) -> Int {
    // Serial arithmetic, and no more than a window may hold.
    let corrupt = min(max(Int(Int32(bitPattern: ack.corrupt &- reportedCorrupt)), 0), Int(Limits.window.upperBound))
    guard corrupt > 0 else { return 0 }
    reportedCorrupt = ack.corrupt
    // Whatever was in flight along with the corrupt one should have been acknowledged by now.
    if path.roundTrip.hasSample {
      sendWindow.evidence.suspect(sentBefore: now - path.roundTrip.smoothed * 7 / 8)
    }
    return corrupt
  }

  /// What an ACK's echo says about the round trip, if anything.
  private mutating func echoedRoundTrip(_ ack: AckPacket, hasGap: Bool, at now: Instant) -> Nanoseconds? {
    guard ack.delay != .max else { return nil }
    let elapsed = Nanoseconds(now.wireMicroseconds &- ack.echo) * .microsecond
    let age = elapsed - Nanoseconds(ack.delay) * .microsecond
    // If an echo of what was never sent counted, the peer could make the round trip whatever it likes.
    guard age >= 0, elapsed < 2 * idleTimeout else { return nil }
    path.sampled(age, at: now)
    // Rounded up to a microsecond, because the echo has lost its fraction.
    let sentAt = Instant(nanoseconds: now.nanoseconds / 1_000 * 1_000 + 999) - elapsed
    sendWindow.evidence.echoed(sentAt: sentAt, beyondGap: hasGap)
    return path.roundTrip.latest
  }

  mutating func detectLosses(_ result: inout AckResult, at now: Instant) {
    let again = repeatMode.detectLosses(&sendWindow, path.reordering, path.roundTrip, at: now, &result)
    timers[.loss] = again ?? .distantFuture
    counters.lost += result.losses.packets
  }

  /// Notes that nothing large gets through any more.
  mutating func suspectBlackHole(at now: Instant) {
    sendWindow.blackHole.forget()
    path.suspectBlackHole(at: now)
    timers[.path] = path.mtu.deadline
  }
}
