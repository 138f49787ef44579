/// Which bytes of a file are there, as ranges that neither overlap nor touch.
struct RangeSet {
  /// More ranges than this are not kept: bounds what a hostile capture makes us remember.
  private static let most = 1 << 18
  private var ranges: [Range<UInt64>] = []
  /// The bytes that are there.
  private(set) var count: UInt64 = 0

  /// Adds bytes, unless there are too many ranges to; how many of them are new.
  @discardableResult
  mutating func insert(_ range: Range<UInt64>) -> UInt64 {
    guard !range.isEmpty else { return 0 }
    var first = firstIndex(endingAtOrAfter: range.lowerBound)
    var merged = range
    let start = first
    var old: UInt64 = 0
    while first < ranges.count, ranges[first].lowerBound <= range.upperBound {
      merged = min(merged.lowerBound, ranges[first].lowerBound)..<max(merged.upperBound, ranges[first].upperBound)
      old += UInt64(ranges[first].count)
      first += 1
    }
    guard first > start || ranges.count < Self.most else { return 0 }
    ranges.replaceSubrange(start..<first, with: CollectionOfOne(merged))
    let fresh = UInt64(merged.count) - old
    count += fresh
    return fresh
  }

  /// Takes bytes away; how many of them were there.
  @discardableResult
  mutating func remove(_ range: Range<UInt64>) -> UInt64 {
    guard !range.isEmpty else { return 0 }
    let start = firstIndex(endingAtOrAfter: range.lowerBound + 1)
    var end = start
    var rest: [Range<UInt64>] = []
    var gone: UInt64 = 0
    while end < ranges.count, ranges[end].lowerBound < range.upperBound {
      let old = ranges[end]
      if old.lowerBound < range.lowerBound { rest.append(old.lowerBound..<range.lowerBound) }
      if old.upperBound > range.upperBound { rest.append(range.upperBound..<old.upperBound) }
      gone += UInt64(old.clamped(to: range).count)
      end += 1
    }
    guard gone > 0 else { return 0 }
    ranges.replaceSubrange(start..<end, with: rest)
    count -= gone
    return gone
  }

  /// Whether all of these bytes are there.
  func contains(_ range: Range<UInt64>) -> Bool {
    guard !range.isEmpty else { return true }
    let index = firstIndex(endingAtOrAfter: range.upperBound)
    return index < ranges.count && ranges[index].lowerBound <= range.lowerBound
  }

  /// Whether any of these bytes is there.
  func intersects(_ range: Range<UInt64>) -> Bool {
    let index = firstIndex(endingAtOrAfter: range.lowerBound + 1)
    return index < ranges.count && ranges[index].lowerBound < range.upperBound
  }

  private func firstIndex(endingAtOrAfter bound: UInt64) -> Int {
    var low = 0
    var high = ranges.count
    while low < high {
      let middle = (low + high) / 2
      if ranges[middle].upperBound < bound { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
