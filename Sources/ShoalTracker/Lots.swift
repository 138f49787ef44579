import ShoalBase

/// The numbers from 0 on, each once, in random order: a Fisher-Yates shuffle in which only the numbers drawn take time
/// and memory.
struct Lots: Sendable {
  /// How many are left.
  private(set) var left: Int
  /// The numbers at places that no longer hold their own.
  private var moved: [Int: Int] = [:]

  init(_ count: Int) { left = count }

  mutating func next(using random: inout SeededGenerator) -> Int? {
    guard left > 0 else { return nil }
    let place = Int.random(in: 0..<left, using: &random)
    left -= 1
    let last = moved.removeValue(forKey: left) ?? left
    guard place != left else { return last }
    return moved.updateValue(last, forKey: place) ?? place
  }
}
