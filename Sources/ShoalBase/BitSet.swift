/// A set of the numbers `0 ..< capacity`, a bit for each; while it is empty or complete, it needs no bits at all.
///
/// So the map of a complete peer costs nothing, and one of `largestCapacity` at most 512 KiB.
public struct BitSet: Sendable {
  /// The largest capacity that a set may have.
  public static let largestCapacity = 1 << 22

  /// Every member is below it. 0...`largestCapacity`.
  public let capacity: Int
  /// How many members there are.
  public private(set) var count = 0
  /// Number i is bit i % 64 of word i / 64. Without words the set is empty or complete.
  private var words: [UInt64] = []
  /// Once a member has been removed, the words stay: a peer may complete a set and have members removed from it as
  /// often as it likes, and each time would cost an allocation.
  private var keepsWords = false

  /// The empty set, its capacity held to 0...`largestCapacity`.
  public init(capacity: Int) { self.capacity = min(max(0, capacity), BitSet.largestCapacity) }

  /// The complete set.
  public static func full(capacity: Int) -> BitSet {
    var set = BitSet(capacity: capacity)
    set.count = set.capacity
    return set
  }

  /// Whether every number below the capacity is a member; so it is where the capacity is 0.
  public var isComplete: Bool { count == capacity }
  /// Whether there is no member.
  public var isEmpty: Bool { count == 0 }
  /// The bytes that the words occupy.
  public var byteCount: Int { words.count * 8 }

  /// Whether this number is a member; one outside `0 ..< capacity` never is.
  public func contains(_ number: Int) -> Bool {
    guard number >= 0, number < capacity else { return false }
    return words.isEmpty ? isComplete : words[number / 64] >> UInt64(number % 64) & 1 == 1
  }

  /// Whether all of these numbers are members.
  public func contains(_ numbers: ClosedRange<Int>) -> Bool {
    guard numbers.lowerBound >= 0, numbers.upperBound < capacity else { return false }
    guard !words.isEmpty else { return isComplete }
    return (numbers.lowerBound / 64...numbers.upperBound / 64).allSatisfy { index in
      mask(index, numbers.lowerBound, numbers.upperBound + 1) & ~words[index] == 0
    }
  }

  /// Adds a number and returns whether it is new. One outside `0 ..< capacity` is ignored.
  @discardableResult
  public mutating func insert(_ number: Int) -> Bool {
    number >= 0 && number < capacity && insert(number..<number + 1) == 1
  }

  /// Adds numbers and returns how many are new. Those outside `0 ..< capacity` are ignored.
  @discardableResult
  public mutating func insert(_ numbers: Range<Int>) -> Int {
    let (first, end) = (max(numbers.lowerBound, 0), min(numbers.upperBound, capacity))
    guard first < end, !isComplete else { return 0 }
    let before = count
    if words.isEmpty && end - first == capacity {
      count = capacity
    } else {
      materialize()
      for index in first / 64...(end - 1) / 64 {
        let missing = mask(index, first, end) & ~words[index]
        words[index] |= missing
        count += missing.nonzeroBitCount
      }
    }
    if isComplete && !keepsWords { words = [] }
    return count - before
  }

  /// Removes a number and returns whether it was a member.
  @discardableResult
  public mutating func remove(_ number: Int) -> Bool {
    guard contains(number) else { return false }
    materialize()
    keepsWords = true
    words[number / 64] &= ~(1 << UInt64(number % 64))
    count -= 1
    return true
  }

  /// Adds every member of the other set that is below `capacity`.
  public mutating func formUnion(_ other: BitSet) {
    guard !isComplete, !other.isEmpty else { return }
    combine { $0 | other.word($1) }
  }

  /// Removes every member of the other set.
  public mutating func subtract(_ other: BitSet) {
    guard !isEmpty, !other.isEmpty else { return }
    combine { $0 & ~other.word($1) }
  }

  /// The members of either set, with this one's capacity.
  public func union(_ other: BitSet) -> BitSet {
    var result = self
    result.formUnion(other)
    return result
  }

  /// The members of this set that are not in the other.
  public func subtracting(_ other: BitSet) -> BitSet {
    var result = self
    result.subtract(other)
    return result
  }

  /// The numbers below the capacity that are not members.
  public var complement: BitSet { BitSet.full(capacity: capacity).subtracting(self) }

  /// Whether every member of the other set is in this one.
  public func isSuperset(of other: BitSet) -> Bool {
    guard other.count <= count else { return false }
    return (0..<(other.capacity + 63) / 64).allSatisfy { other.word($0) & ~word($0) == 0 }
  }

  /// The first consecutive members at `position` or above; they begin at `position` where more lie before it.
  public func run(from position: Int) -> Range<Int>? {
    let first = next(from: max(position, 0), inverted: 0)
    return first < capacity ? first..<next(from: first, inverted: .max) : nil
  }

  /// The first number at or, past the end and on from 0, after `start` that is in both sets, found a word at a time;
  /// nil if there is none, or the capacities differ.
  public func first(from start: Int, in other: BitSet) -> Int? {
    guard count > 0, other.count > 0, other.capacity == capacity else { return nil }
    let length = (capacity + 63) / 64
    var index = start / 64
    for step in 0...length {
      var word = word(index) & other.word(index)
      if step == 0 { word &= .max << UInt64(start % 64) }
      if word != 0 { return index * 64 + word.trailingZeroBitCount }
      index = index + 1 == length ? 0 : index + 1
    }
    return nil
  }

  /// Of the numbers that are in both sets, the one whose key is least; among equals the first at or, past the end and on
  /// from 0, after `start`. Nil if there is none, or the capacities differ.
  public func least(from start: Int, in other: BitSet, by keys: [UInt16]) -> Int? {
    guard count > 0, other.count > 0, other.capacity == capacity, keys.count >= capacity else { return nil }
    let length = (capacity + 63) / 64
    var (best, index) = (Int?.none, start / 64)
    for step in 0...length {
      var word = word(index) & other.word(index)
      // The first word is looked at twice: from `start` on, and in the end up to it.
      if step == 0 { word &= .max << UInt64(start % 64) }
      if step == length { word &= ~(.max << UInt64(start % 64)) }
      while word != 0 {
        let number = index * 64 + word.trailingZeroBitCount
        word &= word - 1
        guard best.map({ keys[number] < keys[$0] }) ?? true else { continue }
        if keys[number] == 0 { return number }
        best = number
      }
      index = index + 1 == length ? 0 : index + 1
    }
    return best
  }

  /// The first number at `position` or above that is in the set, or with all bits inverted, is not; else `capacity`.
  private func next(from position: Int, inverted: UInt64) -> Int {
    guard position < capacity else { return capacity }
    if words.isEmpty { return isComplete == (inverted == 0) ? position : capacity }
    var index = position / 64
    var word = (words[index] ^ inverted) & (.max << UInt64(position % 64))
    while word == 0 {
      index += 1
      guard index < words.count else { return capacity }
      word = words[index] ^ inverted
    }
    return min(index * 64 + word.trailingZeroBitCount, capacity)
  }

  private func word(_ index: Int) -> UInt64 {
    index < words.count ? words[index] : words.isEmpty && isComplete ? mask(index, 0, capacity) : 0
  }

  /// The bits of word `index` that stand for numbers in `first ..< end`.
  private func mask(_ index: Int, _ first: Int, _ end: Int) -> UInt64 {
    let low = max(first - index * 64, 0)
    let high = min(end - index * 64, 64)
    guard low < high else { return 0 }
    return (.max >> UInt64(64 - (high - low))) << UInt64(low)
  }

  private mutating func materialize() {
    if words.isEmpty { words = (0..<(capacity + 63) / 64).map(word) }
  }

  /// Sets each word to `body` of it and its index.
  private mutating func combine(_ body: (UInt64, Int) -> UInt64) {
    var result = [UInt64](repeating: 0, count: (capacity + 63) / 64)
    var total = 0
    for index in result.indices {
      result[index] = body(word(index), index) & mask(index, 0, capacity)
      total += result[index].nonzeroBitCount
    }
    count = total
    words = (isEmpty || isComplete) && !keepsWords ? [] : result
  }
}

extension BitSet: Equatable {
  /// Whether both have the same members and the same capacity.
  public static func == (a: BitSet, b: BitSet) -> Bool {
    guard a.capacity == b.capacity, a.count == b.count else { return false }
    return a.words == b.words || (0..<(a.capacity + 63) / 64).allSatisfy { a.word($0) == b.word($0) }
  }
}
