import ShoalBase

// Pieces in any order.
extension Download {
  /// A piece that others have begun and left; if there is none, one at random that nobody was asked for. Nil if the
  /// source has none of them.
  ///
  /// Were all receivers to ask in order, all would have the same, and nothing for each other.
  mutating func pickAtRandom(for source: Source, _ random: inout SeededGenerator) -> Int? {
    guard let pieces = source.pieces else { return nil }
    if let orphan = orphans.firstIndex(where: { pieces.contains($0) }) { return orphans.remove(at: orphan) }
    let start = Int(random.next() % UInt64(max(missing.capacity, 1)))
    return missing.first(from: start, in: pieces)
  }
}
