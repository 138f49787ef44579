import ShoalBase

// Pieces in any order.
extension Download {
  /// A piece that others have begun and left or, if there is none, a random one that nobody has been asked for. Nil if
  /// the source has no such piece.
  ///
  /// If all receivers asked in order, all would have the same pieces, and nothing for each other.
  mutating func pickAtRandom(for source: Source, _ random: inout SeededGenerator) -> Int? {
    guard let pieces = source.pieces else { return nil }
    if let orphan = orphans.firstIndex(where: { pieces.contains($0) && mayAsk(source, for: $0) }) {
      return orphans.remove(at: orphan)
    }
    let start = Int(random.next() % UInt64(max(missing.capacity, 1)))
    return missing.first(from: start, in: pieces)
  }
}
