import ShoalBase

/// How a packet left, which decides what its loss means.
enum SendPhase: UInt8, BitwiseCopyable {
  /// At the rate that the path is known to carry.
  case steady
  /// Faster, to see whether it carries more.
  case probing
  /// More slowly: its loss is not of our making.
  case slow
}

/// Packets by how they had left.
struct PhaseCounts {
  var steady = 0
  var probing = 0
  var slow = 0
  /// Those of them that left in the second half of a burst.
  var tail = 0

  mutating func add(_ phase: SendPhase, isTail: Bool = false) {
    if isTail { tail += 1 }
    switch phase {
    case .steady: steady += 1
    case .probing: probing += 1
    case .slow: slow += 1
    }
  }

  var total: Int { steady + probing + slow }

  static func += (a: inout PhaseCounts, b: PhaseCounts) {
    a.steady += b.steady
    a.probing += b.probing
    a.slow += b.slow
    a.tail += b.tail
  }
}

/// Packets that were declared lost.
struct Losses {
  var bytes = 0
  /// The losses around which the round trip was short, by how the packets had left.
  var unqueued = PhaseCounts()
  /// The losses around which it was long: there was a queue on the path.
  var queued = 0
  /// The runs that they form: packets that left one after another and were all lost.
  var runs = 0
  /// When the latest-sent of them left.
  var newestSentAt: Instant?

  var packets: Int { unqueued.total + queued }

  /// Adds a packet; `isNewRun` if it did not leave right after the last one, `isQueued` if there was a queue on the
  /// path.
  mutating func add(_ packet: SentPacket, isNewRun: Bool, isQueued: Bool) {
    bytes += Int(packet.bytes)
    if isNewRun { runs += 1 }
    newestSentAt = max(newestSentAt ?? packet.sentAt, packet.sentAt)
    if isQueued { queued += 1 } else { unqueued.add(packet.phase, isTail: packet.isTail) }
  }

  static func += (a: inout Losses, b: Losses) {
    a.bytes += b.bytes
    a.unqueued += b.unqueued
    a.queued += b.queued
    a.runs += b.runs
    if let sentAt = b.newestSentAt { a.newestSentAt = max(a.newestSentAt ?? sentAt, sentAt) }
  }
}
