import ShoalBase

/// The order in which the pieces of a download are asked for.
enum PickOrder {
  /// The rarest first, which serves everybody: see `RarestPicker.swift`.
  case rarest
  /// The lowest of these first: for a reader that has had those before them, and has no room for those after them.
  case inOrder(Range<Int>)
}

extension Download {
  /// The piece to ask a source for next; nil if it has none that may be asked for.
  mutating func pick(for source: Source, _ random: inout SeededGenerator, at now: Instant) -> Int? {
    switch order {
    case .rarest: pickRarest(for: source, &random, at: now)
    case .inOrder(let pieces): pickInOrder(for: source, among: pieces)
    }
  }
}
