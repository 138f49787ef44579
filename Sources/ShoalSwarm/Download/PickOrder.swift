import ShoalBase

/// The order in which the pieces of a download are asked for.
enum PickOrder {
  /// At random, which serves everybody: see `RandomPicker.swift`.
  case random
  /// The lowest of these first: for a reader that has had those before them, and has no room for those after them.
  case inOrder(Range<Int>)
}

extension Download {
  /// The piece to ask a source for next; nil if it has none that may be asked for.
  mutating func pick(for source: Source, _ random: inout SeededGenerator) -> Int? {
    switch order {
    case .random: pickAtRandom(for: source, &random)
    case .inOrder(let pieces): pickInOrder(for: source, among: pieces)
    }
  }
}
