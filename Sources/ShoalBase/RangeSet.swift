/// A set of integers as ranges that neither overlap nor touch, in ascending order. In the usual case there is one.
@frozen public struct RangeSet<Bound: FixedWidthInteger & Sendable>: Sendable {
  @usableFromInline var storage: [Range<Bound>] = []
  @usableFromInline var total: Bound = 0
  /// The most ranges in the set, so that a peer that sends a little at a time cannot make us remember ever more.
  public let limit: Int

  /// An empty set.
  @inlinable public init(limit: Int = .max) { self.limit = limit }

  /// The ranges of the set.
  @inlinable public var ranges: [Range<Bound>] { storage }
  /// How many integers are in the set.
  @inlinable public var count: Bound { total }
  /// Whether the set is empty.
  @inlinable public var isEmpty: Bool { ranges.isEmpty }

  /// Adds integers and returns how many are new. Nil, and nothing is added, if there would be too many ranges.
  @discardableResult
  @inlinable public mutating func insert(_ new: Range<Bound>) -> Bound? {
    guard !new.isEmpty else { return 0 }
    if let last = storage.last, last.upperBound == new.lowerBound {
      storage[storage.count - 1] = last.lowerBound..<new.upperBound
      total += new.upperBound - new.lowerBound
      return new.upperBound - new.lowerBound
    }
    let start = firstIndex(endingAtOrAfter: new.lowerBound)
    var end = start
    var merged = new
    var known: Bound = 0
    while end < storage.count, storage[end].lowerBound <= new.upperBound {
      let old = storage[end]
      merged = min(merged.lowerBound, old.lowerBound)..<max(merged.upperBound, old.upperBound)
      known += old.upperBound - old.lowerBound
      end += 1
    }
    guard end > start || storage.count < limit else { return nil }
    storage.replaceSubrange(start..<end, with: CollectionOfOne(merged))
    let fresh = merged.upperBound - merged.lowerBound - known
    total += fresh
    return fresh
  }

  /// Removes integers and returns how many were present. This may leave one range more than the limit.
  @discardableResult
  @inlinable public mutating func remove(_ range: Range<Bound>) -> Bound {
    guard !range.isEmpty else { return 0 }
    let start = firstIndex(endingAtOrAfter: range.lowerBound + 1)
    var end = start
    var rest: [Range<Bound>] = []
    var gone: Bound = 0
    while end < storage.count, storage[end].lowerBound < range.upperBound {
      let old = storage[end]
      if old.lowerBound < range.lowerBound { rest.append(old.lowerBound..<range.lowerBound) }
      if old.upperBound > range.upperBound { rest.append(range.upperBound..<old.upperBound) }
      let both = old.clamped(to: range)
      gone += both.upperBound - both.lowerBound
      end += 1
    }
    guard gone > 0 else { return 0 }
    storage.replaceSubrange(start..<end, with: rest)
    total -= gone
    return gone
  }

  /// Whether all of these integers are in the set.
  @inlinable public func contains(_ range: Range<Bound>) -> Bool {
    guard !range.isEmpty else { return true }
    let index = firstIndex(endingAtOrAfter: range.upperBound)
    return index < storage.count && storage[index].lowerBound <= range.lowerBound
  }

  /// Whether any of these integers is in the set.
  @inlinable public func intersects(_ range: Range<Bound>) -> Bool {
    guard !range.isEmpty else { return false }
    let index = firstIndex(endingAtOrAfter: range.lowerBound + 1)
    return index < storage.count && storage[index].lowerBound < range.upperBound
  }

  /// What is missing of `range`, in ascending order.
  @inlinable public func gaps(in range: Range<Bound>) -> [Range<Bound>] {
    var gaps: [Range<Bound>] = []
    var next = range.lowerBound
    var index = firstIndex(endingAtOrAfter: range.lowerBound)
    while index < storage.count, storage[index].lowerBound < range.upperBound {
      if storage[index].lowerBound > next { gaps.append(next..<storage[index].lowerBound) }
      next = max(next, storage[index].upperBound)
      index += 1
    }
    if next < range.upperBound { gaps.append(next..<range.upperBound) }
    return gaps
  }

  /// The place of the first range that ends at `bound` or after it.
  @inlinable public func firstIndex(endingAtOrAfter bound: Bound) -> Int {
    var low = 0
    var high = storage.count
    while low < high {
      let middle = (low + high) / 2
      if storage[middle].upperBound < bound { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
