import ShoalContent

/// The files that LIST names, in the order in which they were listed, so that a page can begin where another ended,
/// whatever has come and gone in between.
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
    // What has gone stays where it was until it is half of all.
    guard entries.count > 2 * numbers.count + ListedFiles.mostSkipped else { return }
    entries.removeAll { numbers[$0.id] != $0.number }
  }

  /// Goes through those that were listed after a number, until `take` gives false or too many that are gone were met;
  /// returns the number of the last that was gone through, or 0 if no more follow.
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

  /// Bounds the work of a LIST.
  private static let mostSkipped = 1_024
}
