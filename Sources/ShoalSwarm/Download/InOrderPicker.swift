// Pieces in order.
extension Download {
  /// The lowest piece that others have begun and abandoned or, if there is none, the lowest one not yet requested. Nil
  /// if the source has no such piece within the range.
  mutating func pickInOrder(for source: Source, among range: Range<Int>) -> Int? {
    guard let pieces = source.pieces else { return nil }
    let begun = orphans.indices.filter { pieces.contains(orphans[$0]) && mayAsk(source, for: orphans[$0]) }
    if let lowest = begun.min(by: { orphans[$0] < orphans[$1] }) { return orphans.remove(at: lowest) }
    guard !range.isEmpty, let piece = missing.first(from: range.lowerBound, in: pieces) else { return nil }
    return range.contains(piece) ? piece : nil
  }
}
