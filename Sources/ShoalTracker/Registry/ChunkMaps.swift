import ShoalContent

/// A map that was released, and the pages that it had: their numbers, from the block's first word on.
struct FormerMap: Sendable {
  let block: UInt32
  let words: Int
  var pages: Int
}

/// The chunks that a peer has: a word with their number, then either a bit for each, or, if there are more than a page
/// holds, a word for each page: 0 where it has none of its chunks, `wholePage` where it has all, otherwise the page. So
/// a run costs the same however long it is.
extension WordArena {
  private static let pageBits = 10
  static let pageWords = 32
  private static let wholePage = UInt32.max

  private static func words(ofMap capacity: Int) -> Int {
    capacity <= 1 << pageBits ? 1 + (capacity + 31) / 32 : 1 + (capacity + 1 << pageBits - 1) >> pageBits
  }

  /// The bytes for which a map of this many chunks is counted, whatever it takes.
  static func nominalBytes(ofMap capacity: Int) -> Int { (capacity + 63) / 64 * 8 }

  /// An empty map.
  mutating func makeMap(capacity: Int) -> UInt32 { allocate(WordArena.words(ofMap: capacity)) }

  /// Frees a map. Its pages are only noted, to be used again one by one: to visit each would take too long.
  mutating func releaseMap(_ map: UInt32, capacity: Int) {
    let words = WordArena.words(ofMap: capacity)
    var pages = 0
    if capacity > 1 << WordArena.pageBits {
      change(Int(map)..<Int(map) + words) { map in
        for word in 1..<words where map[word] != 0 && map[word] != WordArena.wholePage {
          map[pages] = map[word]
          pages += 1
        }
      }
    }
    guard pages > 0 else { return release(map, words) }
    formerMaps.append(FormerMap(block: map, words: words, pages: pages))
  }

  /// An empty page.
  private mutating func makePage() -> UInt32 {
    let last = formerMaps.count - 1
    guard last >= 0 else { return allocate(WordArena.pageWords) }
    formerMaps[last].pages -= 1
    let map = formerMaps[last]
    let page = self[Int(map.block) + map.pages]
    if map.pages > 0 {
      prefetch(Int(self[Int(map.block) + max(0, map.pages - 8)]))
    } else {
      formerMaps.removeLast()
      release(map.block, map.words)
    }
    clear(page, WordArena.pageWords)
    return page
  }

  /// How many chunks a map has.
  func count(ofMap map: UInt32) -> Int { Int(self[Int(map)]) }

  func map(_ map: UInt32, capacity: Int, contains chunk: Int) -> Bool {
    guard chunk < capacity else { return false }
    guard capacity > 1 << WordArena.pageBits else {
      return self[Int(map) + 1 + chunk >> 5] >> UInt32(chunk & 31) & 1 == 1
    }
    let block = self[Int(map) + 1 + chunk >> WordArena.pageBits]
    if block == 0 || block == WordArena.wholePage { return block != 0 }
    return self[Int(block) + (chunk & (1 << WordArena.pageBits - 1)) >> 5] >> UInt32(chunk & 31) & 1 == 1
  }

  /// Whether a map has a chunk that another of the same capacity lacks. If that cannot be told by a part of them, true.
  /// `left` is how many words may be compared, and less by those that were.
  func map(_ map: UInt32, hasMoreThan other: UInt32, capacity: Int, _ left: inout Int) -> Bool {
    if count(ofMap: map) > count(ofMap: other) { return true }
    let words = WordArena.words(ofMap: capacity)
    guard capacity > 1 << WordArena.pageBits else {
      left -= words
      return left < 0 || hasMore(Int(map) + 1, Int(other) + 1, words - 1)
    }
    for page in 1..<words {
      let (own, theirs) = (self[Int(map) + page], self[Int(other) + page])
      left -= 1
      if own == 0 || theirs == WordArena.wholePage { continue }
      if theirs == 0 || own == WordArena.wholePage || left < 0 { return true }
      if hasMore(Int(own), Int(theirs), WordArena.pageWords) { return true }
      left -= WordArena.pageWords
    }
    return false
  }

  private func hasMore(_ base: Int, _ other: Int, _ words: Int) -> Bool {
    for word in 0..<words where self[base + word] & ~self[other + word] != 0 { return true }
    return false
  }

  /// Adds chunks; returns how many are new.
  mutating func insert(_ runs: [ChunkRun], intoMap map: UInt32, capacity: Int) -> Int {
    if capacity > 1 << WordArena.pageBits { prefetch(runs, inMap: map, capacity: capacity) }
    var added = 0
    for run in runs { added += insert(run, intoMap: map, capacity: capacity) }
    return added
  }

  /// Begins to bring the pages of these chunks into the processor's cache, all at a time.
  private func prefetch(_ runs: [ChunkRun], inMap map: UInt32, capacity: Int) {
    for run in runs where Int(run.first) < capacity {
      let first = Int(run.first)
      let block = self[Int(map) + 1 + first >> WordArena.pageBits]
      if block != 0, block != WordArena.wholePage {
        prefetch(Int(block) + (first & (1 << WordArena.pageBits - 1)) >> 5)
      }
    }
  }

  private mutating func insert(_ run: ChunkRun, intoMap map: UInt32, capacity: Int) -> Int {
    let end = min(Int(run.end), capacity)
    var (position, added) = (Int(run.first), 0)
    if capacity <= 1 << WordArena.pageBits {
      added = position < end ? fill(Int(map) + 1, position..<end) : 0
    } else {
      while position < end {
        let page = position >> WordArena.pageBits
        let start = page << WordArena.pageBits
        let length = min(1 << WordArena.pageBits, capacity - start)
        let stop = min(end, start + length)
        added += insert(position - start..<stop - start, of: length, intoPage: Int(map) + 1 + page)
        position = stop
      }
    }
    self[Int(map)] += UInt32(added)
    return added
  }

  private mutating func insert(_ range: Range<Int>, of length: Int, intoPage page: Int) -> Int {
    var block = self[page]
    guard block != WordArena.wholePage else { return 0 }
    if range.count == length {
      var before = 0
      if block != 0 {
        for word in 0..<WordArena.pageWords { before += self[Int(block) + word].nonzeroBitCount }
        release(block, WordArena.pageWords)
      }
      self[page] = WordArena.wholePage
      return length - before
    }
    if block == 0 {
      block = makePage()
      self[page] = block
    }
    return fill(Int(block), range)
  }

  /// Sets bits of the words from `base` on; returns how many were not set.
  private mutating func fill(_ base: Int, _ range: Range<Int>) -> Int {
    if range.count == 1 {
      let (word, bit) = (base + range.lowerBound >> 5, UInt32(1) << UInt32(range.lowerBound & 31))
      guard self[word] & bit == 0 else { return 0 }
      self[word] |= bit
      return 1
    }
    var added = 0
    for word in range.lowerBound >> 5...(range.upperBound - 1) >> 5 {
      let low = max(range.lowerBound - word << 5, 0)
      let high = min(range.upperBound - word << 5, 32)
      let mask = (UInt32.max >> UInt32(32 - (high - low))) << UInt32(low)
      let missing = mask & ~self[base + word]
      self[base + word] |= missing
      added += missing.nonzeroBitCount
    }
    return added
  }

  /// The most words of a map that are looked at for one reply: bounds its work.
  private static let mostScanned = 1_024

  /// The runs of a map from `first` on, at most `limit`, and the chunk up to which they are all.
  func runs(ofMap map: UInt32, capacity: Int, from first: Int, limit: Int) -> (runs: [ChunkRun], end: Int) {
    var runs: [ChunkRun] = []
    var (position, left) = (first, WordArena.mostScanned)
    while runs.count < limit, left > 0 {
      let start = next(inMap: map, capacity: capacity, from: position, set: true, &left)
      guard start < capacity, left > 0 else { return (runs, start) }
      position = next(inMap: map, capacity: capacity, from: start, set: false, &left)
      runs.append(ChunkRun(first: UInt32(start), count: UInt32(position - start)))
    }
    return (runs, position)
  }

  /// The first chunk at `position` or above that is in the map, or that is not; `capacity` if there is none. Where `left`
  /// words have been looked at, the search ends with a chunk before which there is none.
  private func next(inMap map: UInt32, capacity: Int, from start: Int, set: Bool, _ left: inout Int) -> Int {
    var position = start
    let isPaged = capacity > 1 << WordArena.pageBits
    while position < capacity, left > 0 {
      left -= 1
      guard isPaged else { return next(Int(map) + 1, 0, capacity, from: position, set: set, &left) }
      let page = position >> WordArena.pageBits
      let block = self[Int(map) + 1 + page]
      let end = min((page + 1) << WordArena.pageBits, capacity)
      if block != 0, block != WordArena.wholePage {
        position = next(Int(block), page << WordArena.pageBits, end, from: position, set: set, &left)
        if position < end { return position }
      } else if (block != 0) == set {
        return position
      } else {
        position = end
      }
    }
    return min(position, capacity)
  }

  /// The same in words from `base` on, the first of which begins with the chunk `origin`; `end` if there is none.
  private func next(
    _ base: Int, _ origin: Int, _ end: Int, from start: Int, set: Bool, _ left: inout Int
  ) -> Int {
    let range = base + (start - origin) >> 5..<base + (end - origin + 31) >> 5
    return read(range) { words in
      var rest = (words[0] ^ (set ? 0 : .max)) & (UInt32.max << UInt32(start & 31))
      var word = 0
      while rest == 0, word + 1 < words.count, left > 0 {
        word += 1
        left -= 1
        rest = words[word] ^ (set ? 0 : .max)
      }
      let position = start & ~31 + 32 * word
      return min(rest == 0 ? position + 32 : position + rest.trailingZeroBitCount, end)
    }
  }
}
