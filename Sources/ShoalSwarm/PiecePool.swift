import ShoalWire

/// The pieces that nobody has been asked for: a bit each, so that one that a peer has is found a word at a time.
struct PiecePool {
  private var words: [UInt64]
  private let capacity: Int
  private(set) var count = 0

  /// All pieces that are not in `have`.
  init(missingFrom have: ChunkSet) {
    capacity = have.capacity
    words = Array(repeating: 0, count: (capacity + 63) / 64)
    for piece in 0..<capacity where !have.contains(piece) { insert(piece) }
  }

  func contains(_ piece: Int) -> Bool { words[piece / 64] >> UInt64(piece % 64) & 1 == 1 }

  mutating func insert(_ piece: Int) {
    guard !contains(piece) else { return }
    words[piece / 64] |= 1 << UInt64(piece % 64)
    count += 1
  }

  mutating func remove(_ piece: Int) {
    guard contains(piece) else { return }
    words[piece / 64] &= ~(1 << UInt64(piece % 64))
    count -= 1
  }

  /// The first piece at or, around the end, after `start` that is in the pool and that `peer` has.
  func first(from start: Int, in peer: ChunkSet) -> Int? {
    guard count > 0, !peer.isEmpty else { return nil }
    for step in 0...words.count {
      let index = (start / 64 + step) % words.count
      var word = words[index]
      if step == 0 { word &= .max << UInt64(start % 64) }
      while word != 0 {
        let piece = index * 64 + word.trailingZeroBitCount
        if peer.contains(piece) { return piece }
        word &= word - 1
      }
    }
    return nil
  }
}
