/// Whether the path drops the ends of our own bursts: a queue that holds less than one does.
///
/// Chance takes the first half of a burst as often as the second. If the second clearly loses more, bursts become
/// shorter; and what the first loses is the most that can be random.
struct BurstLoss {
  private struct Half {
    var packets = 0.0
    var lost = 0.0

    var rate: Double { packets > 0 ? lost / packets : 0 }
    /// The variance of a rate that was seen on this many packets.
    func variance(_ rate: Double) -> Double { max(rate, 0.005) * (1 - rate) / max(packets, 1) }

    mutating func add(_ packets: Int, _ lost: Int) {
      self.packets += Double(packets)
      self.lost += Double(lost)
      guard self.packets > 750 else { return }
      self.lost *= 750 / self.packets
      self.packets = 750
    }
  }

  private var head = Half()
  private var tail = Half()
  /// The part of a full burst that leaves at once.
  private(set) var share = 1.0
  private var quietRounds = 0
  /// The number of rounds without such losses after which bursts become longer again; it grows each time that this was
  /// too soon.
  private var patience = 100

  private static let least = 1.0 / 32
  private static let mostPatience = 1_600

  /// Adds a round: packets whose fate became known, and those of them that were lost, by the half in which they left.
  mutating func add(head: LossTally.Class, tail: LossTally.Class) {
    self.head.add(head.packets, head.lost)
    self.tail.add(tail.packets, tail.lost)
    quietRounds += 1
    let deviation = (self.head.variance(self.head.rate) + self.tail.variance(self.head.rate)).squareRoot()
    if self.tail.lost >= 8, self.tail.rate > 1.5 * self.head.rate + 3 * deviation {
      if share < 1, quietRounds < 2 * patience { patience = min(2 * patience, Self.mostPatience) }
      share = max(share / 2, Self.least)
      forget()
    } else if share < 1, quietRounds >= patience {
      share = min(2 * share, 1)
      forget()
    }
  }

  private mutating func forget() {
    (head, tail) = (Half(), Half())
    quietRounds = 0
  }

  /// The share of packets that can be lost by chance.
  var mostRandom: Double {
    guard head.packets >= 40 else { return 1 }
    return head.rate + 2 * (3 * head.variance(head.rate)).squareRoot()
  }
}
