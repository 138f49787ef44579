import ShoalBase
import ShoalWire

extension Connection {
  /// What a timer has done to the connection.
  enum Expiry {
    case none
    /// It is over, for this reason, and its owner must be told.
    case closed(CloseCode)
    /// Nothing more is known of it.
    case forgotten
  }

  /// Does what is due.
  mutating func expire(at now: Instant) -> Expiry {
    if timers.fired(.linger, at: now) { return .forgotten }
    if timers.fired(.idle, at: now) {
      return state == .accepting ? .forgotten : .closed(state == .opening ? .unreachable : .idle)
    }
    if timers.fired(.handshake, at: now) {
      handshakeDue = handshakesSent < Constants.opens
      if !handshakeDue, state == .opening { return .closed(.unreachable) }
    }
    if timers.fired(.loss, at: now) {
      var result = AckResult()
      detectLosses(&result, at: now)
      lossesUntold += result.losses
    }
    if timers.fired(.probe, at: now), !send.isEmpty {
      let stall = Stall(
        timeouts: probeTimeouts + 1, since: self.stall?.since ?? lastSentAt ?? now, jitter: generator.next())
      self.stall = stall
      congestion.timedOut(count: stall.timeouts)
      // Where even what every path carries is not acknowledged, its size is not the reason.
      let isLarge = send.outstanding(from: send.base).map { send.at($0).pointee.isLarge } ?? false
      if isLarge, stall.timeouts >= 3, now - stall.since >= Constants.blackHoleTime { suspectBlackHole(at: now) }
      if repeatMode == .goBackN {
        var result = AckResult()
        GoBackN.goBack(&send, .probeTimeout, &result)
        lossesUntold += result.losses
        counters.lost += result.losses.packets
      }
      // Two, lest the loss of one cost another timeout (RFC 9002 §6.2.4).
      probesDue = 2
      lastProbed = nil
      timers[.probe] = now + probeTimeout
    }
    if timers.fired(.keepAlive, at: now) {
      if send.isEmpty, queue.isEmpty, state == .established { queue.append([]) }
      timers[.keepAlive] = now + idleTimeout / 3
    }
    // The others only wake us: what they allow is found by `nextTransmit`.
    _ = timers.fired(.pace, at: now)
    return .none
  }
}
