import ShoalBase

/// Which chunks are here, in a row of cells.
struct ChunkMap {
  let chunks: BitSet

  /// `[####+.--]`: all of a cell's chunks, most, some, none.
  func line(columns: Int, unicode: Bool) -> String? {
    let width = columns - 2
    guard width >= 8, chunks.capacity > 1 else { return nil }
    let cells = min(width, chunks.capacity)
    let marks = unicode ? ["·", "░", "▓", "█"] : [".", "-", "+", "#"]
    let text = (0..<cells).map { cell -> String in
      let (first, end) = (cell * chunks.capacity / cells, (cell + 1) * chunks.capacity / cells)
      let count = count(first..<end)
      return marks[count == 0 ? 0 : count == end - first ? 3 : 2 * count >= end - first ? 2 : 1]
    }
    return "[" + text.joined() + "]"
  }

  /// How many of these are here; there may be millions, so they are counted by runs.
  private func count(_ range: Range<Int>) -> Int {
    var (sum, position) = (0, range.lowerBound)
    while let run = chunks.run(from: position), run.lowerBound < range.upperBound {
      sum += min(run.upperBound, range.upperBound) - run.lowerBound
      position = run.upperBound
    }
    return sum
  }
}
