import ShoalWire

/// What the ACKs of a flow show about its losses, judged as its sender judges them (Protocol.md §5.7).
struct LossEvidence {
  enum Verdict {
    /// Enough packets that left later have arrived.
    case byAck
    /// Something that left later has arrived, or was reported corrupt: the rest is a matter of time.
    case byTimeout
    /// No ACK says so.
    case none
  }

  /// The reordering threshold (RFC 9002 §6.1.1).
  private static let packets: UInt64 = 3
  /// The least tolerance, in nanoseconds.
  private static let granularity: UInt64 = 250_000

  /// The latest transmission that is known to have arrived: its place among the flow's, and the sender's clock.
  private var newest: (order: UInt64, timestamp: UInt32) = (0, 0)
  /// The same before the ACK that showed this, and when that came, in nanoseconds since 1970; 0: not known.
  private var before: (order: UInt64, timestamp: UInt32) = (0, 0)
  private var newestTime: UInt64 = 0
  /// Under go-back-N: the clock of the latest transmission that arrived beyond a gap.
  private var beyondGap: UInt32?
  /// The time, in nanoseconds since 1970, before which what was captured should have been acknowledged: corruption was
  /// reported.
  private var suspectBefore: UInt64 = 0
  /// The tolerance in eighths of a round trip; the sender allows more once it has retransmitted in vain.
  private var eighths: UInt64 = 1
  private var countsPackets = true

  /// Notes that at `time` the sender learned that a transmission had arrived.
  mutating func arrived(order: UInt64, timestamp: UInt32, at time: UInt64?) {
    guard order > newest.order else { return }
    (before, newest, newestTime) = (newest, (order, timestamp), time ?? 0)
  }

  mutating func arrived(beyondGap timestamp: UInt32) {
    if beyondGap.map({ Int32(bitPattern: timestamp &- $0) > 0 }) ?? true { beyondGap = timestamp }
  }

  mutating func suspect(before time: UInt64) { suspectBefore = max(suspectBefore, time) }

  /// Notes that a retransmission has proven needless: from now on the count of packets says nothing.
  mutating func sawNeedless() {
    countsPackets = false
    eighths = min(8, eighths + 1)
  }

  /// Why the sender declared a transmission lost.
  func verdict(_ sent: SentPacket, _ arq: RepeatMode?, roundTrip: UInt64) -> Verdict {
    let tolerance = min(max(roundTrip / 8 * eighths, Self.granularity), max(roundTrip, Self.granularity))
    let isSuspect = sent.hasTime && sent.lastTime < suspectBefore
    func isLate(_ timestamp: UInt32) -> Bool {
      Int64(Int32(bitPattern: timestamp &- sent.timestamp)) > tolerance / 1_000
    }
    if arq == .goBackN {
      let isOvertaken = beyondGap.map { Int32(bitPattern: $0 &- sent.timestamp) >= 0 } ?? false
      guard isOvertaken, let beyondGap else { return isSuspect ? .byTimeout : .none }
      return isLate(beyondGap) ? .byAck : .byTimeout
    }
    guard newest.order > sent.order else { return isSuspect ? .byTimeout : .none }
    func isEnough(_ arrived: (order: UInt64, timestamp: UInt32)) -> Bool {
      guard arrived.order > sent.order else { return false }
      return countsPackets && arrived.order - sent.order >= Self.packets || isLate(arrived.timestamp)
    }
    if isEnough(before) { return .byAck }
    // The timer was set when the packet was overtaken, and may have run out before the ACK came that would have been
    // enough.
    let waited = sent.hasTime && newestTime > sent.lastTime ? newestTime - sent.lastTime : 0
    let hasRunOut = before.order > sent.order && waited >= roundTrip && waited - roundTrip >= tolerance
    return isEnough(newest) && !hasRunOut ? .byAck : .byTimeout
  }
}
