/// A set of the chunks of a file: a bit for each, but none at all while the set is empty or complete.
///
/// So a seeder's map costs nothing, and one of `Limits.chunks` chunks at most 512 KiB.
public struct ChunkSet: Sendable, Equatable {
  /// How many chunks the file has; every member is below it. 0...`Limits.chunks`.
  public let capacity: Int
  /// How many chunks are in the set.
  public private(set) var count = 0
  /// Chunk i is bit i % 64 of word i / 64; no words where the set is empty or complete.
  private var words: [UInt64] = []

  /// The empty set for a file of so many chunks, held to 0...`Limits.chunks`.
  public init(capacity: Int) { self.capacity = min(max(0, capacity), Limits.chunks) }

  /// All chunks of a file that has so many.
  public static func full(capacity: Int) -> ChunkSet {
    var set = ChunkSet(capacity: capacity)
    set.count = set.capacity
    return set
  }

  /// The set of these chunks, for a file of so many.
  public init(capacity: Int, runs: [ChunkRun]) {
    self.init(capacity: capacity)
    for run in runs { insert(run) }
  }

  /// Whether every chunk is in the set; so it is for a file without any.
  public var isComplete: Bool { count == capacity }
  /// Whether no chunk is in the set.
  public var isEmpty: Bool { count == 0 }
  /// The bytes that the map occupies: 0 where the set is empty or complete.
  public var byteCount: Int { words.count * 8 }

  /// Whether this chunk is in the set; an index outside `0 ..< capacity` never is.
  public func contains(_ index: Int) -> Bool {
    guard index >= 0, index < capacity else { return false }
    return words.isEmpty ? isComplete : words[index / 64] >> UInt64(index % 64) & 1 == 1
  }

  /// Whether all of these chunks are in the set; those outside `0 ..< capacity` never are.
  public func contains(_ chunks: ClosedRange<Int>) -> Bool {
    guard chunks.lowerBound >= 0, chunks.upperBound < capacity else { return false }
    guard !words.isEmpty else { return isComplete }
    return (chunks.lowerBound / 64...chunks.upperBound / 64).allSatisfy { index in
      mask(index, chunks.lowerBound, chunks.upperBound + 1) & ~words[index] == 0
    }
  }

  /// Adds a chunk; whether it is new. An index outside `0 ..< capacity` is ignored.
  @discardableResult
  public mutating func insert(_ index: Int) -> Bool { insert(from: index, to: index &+ 1) == 1 }

  /// Adds consecutive chunks; how many are new. What lies at `capacity` or beyond is ignored.
  @discardableResult
  public mutating func insert(_ run: ChunkRun) -> Int {
    insert(from: Int(run.first), to: Int(run.first) + Int(run.count))
  }

  private mutating func insert(from first: Int, to end: Int) -> Int {
    let end = min(end, capacity)
    guard first >= 0, first < end, !isComplete else { return 0 }
    if words.isEmpty && end - first < capacity { words = Array(repeating: 0, count: (capacity + 63) / 64) }
    let before = count
    if words.isEmpty {
      count = capacity
    } else {
      for index in first / 64...(end - 1) / 64 {
        let missing = mask(index, first, end) & ~words[index]
        words[index] |= missing
        count += missing.nonzeroBitCount
      }
    }
    if isComplete { words = [] }
    return count - before
  }

  /// Adds every chunk of the other set that is below `capacity`.
  public mutating func formUnion(_ other: ChunkSet) {
    guard !isComplete, !other.isEmpty else { return }
    combine { $0 | other.word($1) }
  }

  /// Removes every chunk of the other set.
  public mutating func subtract(_ other: ChunkSet) {
    guard !isEmpty, !other.isEmpty else { return }
    combine { $0 & ~other.word($1) }
  }

  /// The chunks of either set, with this one's capacity.
  public func union(_ other: ChunkSet) -> ChunkSet {
    var result = self
    result.formUnion(other)
    return result
  }

  /// The chunks of this set that the other lacks.
  public func subtracting(_ other: ChunkSet) -> ChunkSet {
    var result = self
    result.subtract(other)
    return result
  }

  /// Whether every chunk of the other set is in this one.
  public func isSuperset(of other: ChunkSet) -> Bool {
    guard other.count <= count else { return false }
    return (0..<(other.capacity + 63) / 64).allSatisfy { other.word($0) & ~word($0) == 0 }
  }

  /// The consecutive chunks of the set at `first` and above, in ascending order, at most `limit` runs.
  public func runs(from first: Int = 0, limit: Int = .max) -> [ChunkRun] {
    var runs: [ChunkRun] = []
    var position = max(0, first)
    while runs.count < limit, let run = run(from: position) {
      runs.append(run)
      position = Int(run.end)
    }
    return runs
  }

  /// As many runs from `first` on as a packet holds in `bytes` bytes, and the chunk up to which they tell all.
  public func runs(from first: Int, fitting bytes: Int) -> (runs: [ChunkRun], end: Int) {
    var runs: [ChunkRun] = []
    var room = bytes
    var end: UInt32 = 0
    var position = max(0, first)
    while let run = run(from: position) {
      room -= Varint.size(UInt64(run.first - end)) + Varint.size(UInt64(run.count))
      guard room >= 0, runs.count < Int(UInt16.max) else { return (runs, max(Int(end), first)) }
      runs.append(run)
      end = run.end
      position = Int(end)
    }
    return (runs, capacity)
  }

  /// The members as people write them: "0-4,9".
  public var rangesDescription: String {
    runs().map { $0.count == 1 ? "\($0.first)" : "\($0.first)-\($0.end - 1)" }.joined(separator: ",")
  }

  /// The first run at `position` or above; it begins at `position` where a longer one crosses it.
  private func run(from position: Int) -> ChunkRun? {
    let first = next(from: position, inverted: 0)
    guard first < capacity else { return nil }
    return ChunkRun(first: UInt32(first), count: UInt32(next(from: first, inverted: .max) - first))
  }

  /// The first chunk at `position` or above that is in the set, or with all bits inverted, is not; else `capacity`.
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

  /// The bits of word `index` that stand for chunks in `first ..< end`.
  private func mask(_ index: Int, _ first: Int, _ end: Int) -> UInt64 {
    let low = max(first - index * 64, 0)
    let high = min(end - index * 64, 64)
    guard low < high else { return 0 }
    return (.max >> UInt64(64 - (high - low))) << UInt64(low)
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
    words = isEmpty || isComplete ? [] : result
  }
}
