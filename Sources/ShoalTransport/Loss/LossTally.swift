/// The packets of a round whose fate is known, by how they had left and whether they met a queue.
struct LossTally {
  struct Class {
    var packets = 0
    var lost = 0
  }
  /// Packets that met a queue, however they had left.
  var queued = Class()
  /// Packets that met none, by how they had left.
  var probing = Class()
  var steady = Class()
  var slow = Class()
  /// Packets that met none and left in the second half of a burst.
  var tail = Class()
  /// The packets that arrived and had not probed, and those of them that met a queue: it is not of our making.
  private(set) var unhurried = 0
  private var crowded = 0
  /// The runs that the losses form.
  var runs = 0
  /// How many datagrams the peer reported as corrupt.
  var corrupt = 0

  var packets: Int { queued.packets + probing.packets + steady.packets + slow.packets }
  /// Packets that met none and left in the first half of a burst.
  var head: Class {
    Class(packets: packets - queued.packets - tail.packets, lost: lost - queued.lost - tail.lost)
  }
  var lost: Int { queued.lost + probing.lost + steady.lost + slow.lost }

  /// The share of packets that met a queue although they had not probed.
  var crowd: Double { Double(crowded) / Double(max(unhurried, 1)) }

  /// Adds what an ACK told; `isQueued` if the round trip was long, `isCrowded` if the queue is also more than a quiet
  /// path's variation.
  mutating func add(acked: PhaseCounts, isQueued: Bool, isCrowded: Bool, losses: Losses, corrupt: Int) {
    unhurried += acked.steady + acked.slow
    if isCrowded { crowded += acked.steady + acked.slow }
    if isQueued {
      queued.packets += acked.total
    } else {
      probing.packets += acked.probing
      steady.packets += acked.steady
      slow.packets += acked.slow
      tail.packets += acked.tail
    }
    queued.packets += losses.queued
    queued.lost += losses.queued
    probing.packets += losses.unqueued.probing
    probing.lost += losses.unqueued.probing
    steady.packets += losses.unqueued.steady
    steady.lost += losses.unqueued.steady
    slow.packets += losses.unqueued.slow
    slow.lost += losses.unqueued.slow
    tail.packets += losses.unqueued.tail
    tail.lost += losses.unqueued.tail
    runs += losses.runs
    self.corrupt += corrupt
  }

  /// The share of packets lost beyond what random loss and twice its deviation explain, among those that may have met
  /// congestion, having met a queue or left while probing.
  func excess(over random: RandomLoss) -> Double {
    let count = Double(queued.packets + probing.packets)
    // Corruption is not congestion, unless a queue grows or somebody would have us believe too much of it.
    let exempt = queued.packets == 0 ? min(Double(corrupt), 0.1 * Double(packets)) : 0
    let losses = Double(queued.lost + probing.lost) - exempt
    var excess = 0.0
    if losses >= 2 { excess = max(losses - most(of: count, random), 0) / max(count, Double(packets) / 4) }
    // A loss beyond all measure is not random, wherever it occurred.
    let share = (Double(lost) - exempt) / Double(max(packets, 1))
    let least = random.mostAlone(of: Double(packets)) / Double(max(packets, 1)) + 0.1
    if packets >= 32, share > max(0.3, least) { excess = max(excess, share - random.share) }
    return excess
  }

  /// Whether more than 0.3 of all packets were lost in a queue or, if `isProbing`, while probing, beyond what random
  /// loss explains.
  func isOverwhelmed(over random: RandomLoss, probing isProbing: Bool) -> Bool {
    let count = queued.packets + (isProbing ? probing.packets : 0)
    let losses = queued.lost + (isProbing ? probing.lost : 0)
    return packets >= 48 && Double(losses) - most(of: Double(count), random) > 0.3 * Double(packets)
  }

  /// The most of `count` packets that random loss takes.
  private func most(of count: Double, _ random: RandomLoss) -> Double {
    queued.packets == 0 ? random.mostAlone(of: count) : random.most(of: count)
  }
}
