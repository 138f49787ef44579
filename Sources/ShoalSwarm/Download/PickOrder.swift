import ShoalBase

/// In which order the pieces of a download are asked for.
enum PickOrder {
  /// At random, for the good of all: see `RandomPicker.swift`.
  case random
  /// The lowest first, of these: for a reader that has had those before them, and has no room for those after them.
  case inOrder(Range<Int>)
}

extension Download {
  /// The piece that a source is asked for next; nil if it has none that may be asked for.
  mutating func pick(for source: Source, _ random: inout SeededGenerator) -> Int? {
    switch order {
    case .random: pickAtRandom(for: source, &random)
    case .inOrder(let pieces): pickInOrder(for: source, among: pieces)
    }
  }
}
