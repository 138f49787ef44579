/// Which bytes of a piece have arrived: disjoint runs in ascending order. In the usual case there is one.
struct RangeList {
  private(set) var runs: [Range<Int>] = []
  /// The bytes in all runs.
  private(set) var count = 0
  /// Twice what blocks of 1 KiB make of a piece of 4 MiB when every other is lost.
  static let mostRuns = 4_096

  /// Adds bytes; how many of them are new. Nil, and nothing is added, if that would make too many runs: only a
  /// peer that means harm sends so little at a time and leaves so much out.
  mutating func insert(_ new: Range<Int>) -> Int? {
    guard !new.isEmpty else { return 0 }
    if let last = runs.last, last.upperBound == new.lowerBound {
      runs[runs.count - 1] = last.lowerBound..<new.upperBound
      count += new.count
      return new.count
    }
    var low = 0
    var high = runs.count
    while low < high {
      let middle = (low + high) / 2
      if runs[middle].upperBound < new.lowerBound { low = middle + 1 } else { high = middle }
    }
    let touchesNone = low == runs.count || runs[low].lowerBound > new.upperBound
    guard !touchesNone || runs.count < RangeList.mostRuns else { return nil }
    var merged = new
    var end = low
    var known = 0
    while end < runs.count, runs[end].lowerBound <= new.upperBound {
      known += runs[end].clamped(to: new).count
      merged = min(merged.lowerBound, runs[end].lowerBound)..<max(merged.upperBound, runs[end].upperBound)
      end += 1
    }
    runs.replaceSubrange(low..<end, with: CollectionOfOne(merged))
    count += new.count - known
    return new.count - known
  }

  /// What is missing of `0 ..< length`.
  func gaps(_ length: Int) -> [Range<Int>] {
    var gaps: [Range<Int>] = []
    var next = 0
    for run in runs {
      if run.lowerBound > next { gaps.append(next..<run.lowerBound) }
      next = run.upperBound
    }
    if next < length { gaps.append(next..<length) }
    return gaps
  }
}
