import ShoalBase

// Pieces in the order that serves everybody.
extension Download {
  /// A piece that others have begun and abandoned or, if there is none, one not yet requested: the one that the fewest
  /// sources have, a random one among equals. Nil if the source has no such piece.
  ///
  /// If all receivers requested pieces in order, all would have the same ones, and nothing to give each other.
  mutating func pickRarest(for source: Source, _ random: inout SeededGenerator, at now: Instant) -> Int? {
    guard let pieces = source.pieces else { return nil }
    if let orphan = orphans.firstIndex(where: { pieces.contains($0) && mayAsk(source, for: $0) }) {
      return orphans.remove(at: orphan)
    }
    let start = Int(random.next() % UInt64(max(missing.capacity, 1)))
    guard sources.count > 1 else { return missing.first(from: start, in: pieces) }
    availability.refresh(sources, pieces: cut.pieces, at: now)
    return missing.least(from: start, in: pieces, by: availability.counts)
  }
}
