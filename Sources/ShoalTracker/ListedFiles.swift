import ShoalContent

/// The files that LIST returns, in the order in which they were listed, so that a page can begin where another ended,
/// whatever was added or removed in between.
struct ListedFiles: Sendable {
  private var entries: [(number: UInt64, id: Digest)] = []
  private var numbers: [Digest: UInt64] = [:]
  private var last: UInt64 = 0

  /// How many there are.
  var count: Int { numbers.count }

  mutating func insert(_ id: Digest) {
    last += 1
    numbers[id] = last
    entries.append((last, id))
  }

  mutating func remove(_ id: Digest) {
    guard numbers.removeValue(forKey: id) != nil else { return }
    // Removed entries stay in place until they are half of all.
    guard entries.count > 2 * numbers.count + ListedFiles.mostSkipped else { return }
    entries.removeAll { numbers[$0.id] != $0.number }
  }

  /// Visits the files listed after a number, until `take` returns false or too many removed entries were skipped;
  /// returns the number of the last entry visited, or 0 if no more follow.
  func page(after number: UInt64, _ take: (Digest) -> Bool) -> UInt64 {
    var (low, high) = (0, entries.count)
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].number <= number { low = middle + 1 } else { high = middle }
    }
    var (passed, skipped) = (number, 0)
    for entry in entries[low...] {
      if numbers[entry.id] == entry.number {
        guard take(entry.id) else { return passed }
      } else {
        skipped += 1
        guard skipped <= ListedFiles.mostSkipped else { return passed }
      }
      passed = entry.number
    }
    return 0
  }

  /// The most removed entries that one LIST skips: bounds its work.
  private static let mostSkipped = 1_024
}
