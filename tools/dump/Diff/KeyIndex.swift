/// Finds the places of keys that are already hashes, and those of equal keys in order: an open table of 12 bytes per
/// key.
struct KeyIndex {
  private var slots: [Int32]
  private var next: [Int32]
  private let keys: [UInt64]
  private let mask: Int

  init(_ keys: [UInt64]) {
    var size = 16
    while size < keys.count * 2 { size *= 2 }
    mask = size - 1
    slots = [Int32](repeating: -1, count: size)
    next = [Int32](repeating: -1, count: keys.count)
    self.keys = keys
    // From the last to the first, so that a chain begins with the first.
    for place in keys.indices.reversed() {
      let slot = slot(of: keys[place])
      next[place] = slots[slot]
      slots[slot] = Int32(place)
    }
  }

  /// Takes the first place of a key that was not taken yet; nil if there is none.
  mutating func take(_ key: UInt64) -> Int? {
    let slot = slot(of: key)
    guard slots[slot] >= 0 else { return nil }
    let place = Int(slots[slot])
    guard keys[place] == key else { return nil }
    // The slot keeps its last place, marked as taken, so that others can find their slots behind it.
    if next[place] >= 0 { slots[slot] = next[place] } else if next[place] == -1 { next[place] = -2 } else { return nil }
    return place
  }

  private func slot(of key: UInt64) -> Int {
    var slot = Int(truncatingIfNeeded: key >> 7) & mask
    while slots[slot] >= 0, keys[Int(slots[slot])] != key { slot = (slot + 1) & mask }
    return slot
  }
}
