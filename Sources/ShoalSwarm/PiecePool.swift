import ShoalWire

/// A set of pieces: a bit each, so that a piece that two sets share is found a word at a time. There are no words
/// before it has been neither empty nor complete, so that the set of a seeder's pieces costs nothing.
struct PiecePool {
  let capacity: Int
  private(set) var count = 0
  private var words: [UInt64] = []

  init(capacity: Int) { self.capacity = capacity }

  /// All pieces that are not in `have`.
  init(missingFrom have: ChunkSet) {
    capacity = have.capacity
    insertAll()
    for run in have.runs() { for piece in Int(run.first)..<Int(run.end) { remove(piece) } }
  }

  var isEmpty: Bool { count == 0 }

  func contains(_ piece: Int) -> Bool {
    guard piece >= 0, piece < capacity else { return false }
    return words.isEmpty ? count > 0 : words[piece / 64] >> UInt64(piece % 64) & 1 == 1
  }

  mutating func insertAll() {
    count = capacity
    words = []
  }

  mutating func insert(_ piece: Int) {
    if piece >= 0, piece < capacity { insert(piece..<piece + 1) }
  }

  /// Adds pieces, which must be below `capacity`; whether any was new.
  @discardableResult
  mutating func insert(_ pieces: Range<Int>) -> Bool {
    guard !pieces.isEmpty, count < capacity else { return false }
    if pieces.count == capacity, words.isEmpty {
      insertAll()
      return true
    }
    materialize()
    let before = count
    let last = (pieces.upperBound - 1) / 64
    for index in pieces.lowerBound / 64...last {
      var mask = UInt64.max
      if index == pieces.lowerBound / 64 { mask <<= UInt64(pieces.lowerBound % 64) }
      if index == last { mask &= .max >> UInt64(63 - (pieces.upperBound - 1) % 64) }
      count += (mask & ~words[index]).nonzeroBitCount
      words[index] |= mask
    }
    return count > before
  }

  mutating func remove(_ piece: Int) {
    guard contains(piece) else { return }
    materialize()
    words[piece / 64] &= ~(1 << UInt64(piece % 64))
    count -= 1
  }

  /// The first piece at or, around the end, after `start` that is in both sets, which have the same capacity.
  func first(from start: Int, in other: PiecePool) -> Int? {
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

  private func word(_ index: Int) -> UInt64 {
    if !words.isEmpty { return words[index] }
    guard count > 0 else { return 0 }
    let bits = min(capacity - index * 64, 64)
    return bits == 64 ? .max : (1 << UInt64(bits)) - 1
  }

  /// Once there, the words stay: a peer may fill its set and have pieces struck from it as often as it likes.
  private mutating func materialize() {
    if words.isEmpty { words = (0..<(capacity + 63) / 64).map(word) }
  }
}
