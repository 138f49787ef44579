/// What occurs most often: a fixed number of counters (Space-Saving; Metwally, Agrawal and El Abbadi, 2005). Whatever is
/// more than one in `size` of all is among them; a count may be too high by what was counted before it took the counter.
struct BusyCounts<Key: Hashable & Sendable>: Sendable {
  private(set) var counts: [(key: Key, count: Int)] = []
  /// How much was counted.
  private(set) var total = 0
  private let size: Int

  init(size: Int) { self.size = size }

  mutating func add(_ key: Key) {
    total += 1
    var least = 0
    for index in counts.indices {
      if counts[index].key == key { return counts[index].count += 1 }
      if counts[index].count < counts[least].count { least = index }
    }
    if counts.count < size { return counts.append((key, 1)) }
    counts[least] = (key, counts[least].count + 1)
  }

  /// Halves all counts, so that what was counted long ago does not matter for ever.
  mutating func fade() {
    total /= 2
    for index in counts.indices { counts[index].count /= 2 }
    counts.removeAll { $0.count == 0 }
  }

  /// Those with the highest counts, in order.
  func most(_ number: Int) -> [(key: Key, count: Int)] {
    Array(counts.sorted { $0.count > $1.count }.prefix(number))
  }
}
