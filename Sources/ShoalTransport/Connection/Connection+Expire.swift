import ShoalBase
import ShoalWire

extension Connection {
  /// Does what is due; false once the connection is to be forgotten.
  mutating func expire(_ id: ConnectionID, _ events: inout Ring<TransportEvent>, at now: Instant) -> Bool {
    if timers.fired(.linger, at: now) { return !isForgotten(on: .lingered) }
    if timers.fired(.idle, at: now) {
      if state == .opening, !handshake.isGivenUp {
        events.append(.closed(id, code: CloseCode.unreachable.rawValue, byPeer: false))
      }
      if state == .accepting, handshake.isAnnounced {
        events.append(.closed(id, code: CloseCode.idle.rawValue, byPeer: false))
      }
      if isForgotten(on: .idle) { return false }
      end(.idle, "", on: .idle, id, &events, at: now)
      return true
    }
    if timers.fired(.handshake, at: now), !handshake.onTimeout(), state == .opening {
      giveUp(id, &events, at: now)
      return true
    }
    if timers.fired(.loss, at: now) {
      var result = AckResult()
      detectLosses(&result, at: now)
      path.onLoss(result.losses)
    }
    if timers.fired(.probe, at: now), !sendWindow.isEmpty { onProbeTimeout(at: now) }
    if timers.fired(.keepAlive, at: now) {
      if sendWindow.isEmpty, queue.isEmpty, state == .established { queue.append([]) }
      timers[.keepAlive] = now + idleTimeout / 3
    }
    // The other timers only wake us: `nextTransmit` finds what they allow.
    _ = timers.fired(.pace, at: now)
    return true
  }

  private mutating func onProbeTimeout(at now: Instant) {
    let since = probing.onTimeout(lastSentAt: lastSentAt ?? now)
    path.congestion.handle(.timedOut(count: probing.timeouts))
    // If even a packet that every path carries goes unacknowledged, its size is not the reason.
    let isLarge = sendWindow.outstanding(from: sendWindow.base).map { sendWindow.packets[$0].isLarge } ?? false
    if isLarge, probing.timeouts >= 3, now - since >= Constants.blackHoleTime { suspectBlackHole(at: now) }
    var result = AckResult()
    repeatMode.onProbeTimeout(&sendWindow, &result)
    path.onLoss(result.losses)
    counters.lost += result.losses.packets
    timers[.probe] = now + probeTimeout
  }
}
