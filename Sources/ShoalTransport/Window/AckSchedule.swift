import ShoalBase
import ShoalWire

/// When the next ACK is due, and what it echoes (RFC 9000 §13.2): the sender says how often it wants one.
struct AckSchedule {
  /// The packets that arrived since the last ACK.
  private var pending = 0
  private var isUrgent = false
  /// When an ACK is due at the latest; `distantFuture` if none is.
  private(set) var dueAt = Instant.distantFuture
  /// The timestamp of the latest-sent packet that arrived since the last ACK, and when it came.
  private var echo: (timestamp: UInt32, arrivedAt: Instant)?
  /// Corrupt datagrams from the peer's address.
  private(set) var corrupt: UInt32 = 0
  private var corruptAckAt: Instant?
  /// When the last ACK left.
  private var leftAt: Instant?
  /// How far apart ACKs are to be, where the path to the sender carries few.
  private var spacing: Nanoseconds?
  /// The bytes of ACKs that received bytes have earned.
  private var credit = Constants.ackLength

  func isDue(at now: Instant) -> Bool { isUrgent || now >= dueAt }

  var isThinned: Bool { spacing != nil }
  /// The earliest time for an ACK: the sender has found that the path to it carries no more.
  var heldUntil: Instant { spacing.flatMap { spacing in leftAt.map { $0 + spacing } } ?? .zero }
  func isHeld(at now: Instant) -> Bool { spacing != nil && !isUrgent && now < heldUntil }

  /// The bytes that an ACK may have now: ACKs may cost no more than was received. A short ACK is allowed now and then
  /// in any case, so that a peer that sends little learns of each loss.
  func room(at now: Instant) -> Int {
    min(max(credit, nextFree.map { now < $0 } ?? false ? 0 : Constants.shortAck), Constants.ackLength)
  }

  /// When the next short ACK is free; nil: at once.
  var nextFree: Instant? { leftAt.map { $0 + Constants.longestAckDelay } }

  /// Whether there is credit for one more ACK, not yet due, that continues where the last one ended.
  var canGoOn: Bool { credit >= Constants.shortAck }

  /// Notes that a datagram of the connection, of any type, has arrived.
  mutating func earn(_ bytes: Int) { credit = min(credit + bytes, Constants.ackCredit) }

  /// Notes that an ACK of this many bytes leaves.
  mutating func spend(_ bytes: Int) { credit = max(credit - bytes, 0) }

  /// Notes that a numbered packet has arrived.
  mutating func onData(
    _ packet: DataPacket, _ arrival: Arrival, gap: Bool, _ roundTrip: RoundTrip, at now: Instant
  ) {
    spacing = packet.ackEvery == 0 ? Nanoseconds(packet.ackDelay) * Constants.thinUnit : nil
    guard arrival == .new || arrival == .discarded else { return onDuplicate(roundTrip, at: now) }
    if echo.map({ Int32(bitPattern: packet.timestamp &- $0.timestamp) >= 0 }) ?? true { echo = (packet.timestamp, now) }
    pending += 1
    if spacing != nil {
      dueAt = max(heldUntil, now)
    } else if pending >= Int(packet.ackEvery) {
      isUrgent = true
    } else if arrival == .discarded {
      hasten(roundTrip, part: 32, least: .millisecond / 4, at: now)
    } else if gap || packet.attempt > 0 {
      // A gap that has just opened, or a packet that fills one, is news that the sender is waiting for. On a long path a
      // sixteenth of a round trip is soon enough, and the path back may be too thin for more. Whoever only receives may
      // not know the round trip, but knows the delay that it was asked for.
      let asked = Nanoseconds(packet.ackDelay) * .microsecond
      if asked >= Constants.longAckDelay {
        hasten(roundTrip, part: 16, least: roundTrip.hasSample ? .millisecond / 4 : asked / 4, at: now)
      } else {
        hasten(roundTrip, part: 64, least: .millisecond / 4, at: now)
      }
    } else {
      dueAt = min(dueAt, now + Nanoseconds(packet.ackDelay) * .microsecond)
    }
  }

  /// Notes a corrupt datagram, most likely from the peer: an ACK at once makes it retransmit even the last packet.
  mutating func onCorrupt(_ roundTrip: RoundTrip, at now: Instant) {
    corrupt &+= 1
    if let corruptAckAt, now - corruptAckAt < roundTrip.smoothed / 4 { return }
    corruptAckAt = now
    isUrgent = true
  }

  /// Notes a duplicate, or a packet that cannot be kept: an ACK is due soon, so that it does not come again.
  mutating func onDuplicate(_ roundTrip: RoundTrip, at now: Instant) {
    hasten(roundTrip, part: 8, least: .millisecond, at: now)
  }

  /// Makes an ACK due at once, but not one for each of many packets: ACKs that describe a window may be much longer
  /// than what they answer.
  private mutating func hasten(_ roundTrip: RoundTrip, part: Int64, least: Nanoseconds, at now: Instant) {
    let pause = roundTrip.hasSample ? max(roundTrip.smoothed / part, least) : least
    dueAt = min(dueAt, max(leftAt.map { $0 + min(pause, Constants.longestAckDelay) } ?? now, now))
  }

  mutating func demand() { isUrgent = true }

  /// The timestamp to echo, and the microseconds since it arrived, as the ACK leaves.
  mutating func take(at now: Instant) -> (echo: UInt32, delay: UInt16) {
    leftAt = now
    pending = 0
    isUrgent = false
    dueAt = .distantFuture
    guard let echo else { return (0, .max) }
    self.echo = nil
    let delay = max(now - echo.arrivedAt, 0) / .microsecond
    return (echo.timestamp, UInt16(min(delay, Nanoseconds(UInt16.max) - 1)))
  }
}
