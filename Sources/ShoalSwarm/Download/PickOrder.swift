import ShoalBase

/// The order in which the pieces of a download are requested.
enum PickOrder {
  /// The rarest first, which serves everybody: see `RarestPicker.swift`.
  case rarest
  /// The lowest of these first: for a reader that has those before them, and no room for those after them.
  case inOrder(Range<Int>)
}

extension Download {
  /// Whether a reader takes the bytes in order.
  var isReadInOrder: Bool { if case .inOrder = order { true } else { false } }

  /// The piece to request from a source next; nil if it has none that may be requested.
  mutating func pick(for source: Source, _ random: inout SeededGenerator, at now: Instant) -> Int? {
    switch order {
    case .rarest: pickRarest(for: source, &random, at: now)
    case .inOrder(let pieces): pickInOrder(for: source, among: pieces)
    }
  }
}
