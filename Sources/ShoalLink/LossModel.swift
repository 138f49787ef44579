import ShoalBase

/// Which datagrams are lost: independently, or in bursts by a two-state model.
struct LossModel: Sendable {
  private let loss: Double
  /// The chances of going from Good to Bad, and back, after a datagram; nil if losses are independent.
  private let turns: (worse: Double, better: Double)?
  private var isBad = false

  init(loss: Double, burst: Double?, generator: inout SeededGenerator) {
    self.loss = loss
    guard let burst, loss > 0, loss < 1 else {
      turns = nil
      return
    }
    // In equilibrium loss · better = (1 - loss) · worse. A burst too short for the loss would need worse > 1: then the
    // loss is kept, and the burst is as short as it can be.
    let better = min(1 / max(1, burst), (1 - loss) / loss)
    turns = (min(1, better * loss / (1 - loss)), better)
    isBad = generator.chance(loss)
  }

  /// Whether the next datagram is lost.
  mutating func losesNext(_ generator: inout SeededGenerator) -> Bool {
    guard let turns else { return generator.chance(loss) }
    let isLost = isBad
    if generator.chance(isBad ? turns.better : turns.worse) { isBad.toggle() }
    return isLost
  }
}
