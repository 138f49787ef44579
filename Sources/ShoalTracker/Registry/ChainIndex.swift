/// An element of a slab that a `ChainIndex` finds by its hash.
protocol Chained: BitwiseCopyable {
  /// The next element with the same place in the index, or `chainEnd`.
  var next: UInt32 { get set }
  /// What it is found by.
  var hash: UInt32 { get set }
}

/// Ends a chain.
let chainEnd = UInt32.max

/// Finds the elements of a slab by their hashes. Linear hashing (Litwin, 1980): with each insertion into a full index one
/// chain is split in two, so that it grows without a pause; a chain has one element on average.
struct ChainIndex: ~Copyable {
  private var heads = Slab<UInt32>(segmentBits: 16)
  /// `1 << level` chains and those that are split already: `split` of them.
  private var level = 4, split = 0
  /// How many elements it finds.
  private(set) var count = 0

  init() { heads.append(chainEnd, times: 1 << level) }

  /// Makes room for so many elements, if it is empty.
  mutating func reserve(_ wanted: Int) {
    guard count == 0, split == 0, wanted > heads.count else { return }
    while 1 << (level + 1) <= wanted { level += 1 }
    heads.append(chainEnd, times: 1 << level - heads.count)
  }

  var byteCount: Int { heads.byteCount }

  @inline(__always) private func place(_ hash: UInt32) -> Int {
    let place = Int(hash) & (1 << level - 1)
    return place < split ? Int(hash) & (2 << level - 1) : place
  }

  /// The first element of the chain that has those with this hash, among others.
  @inline(__always) func first(_ hash: UInt32) -> UInt32 { heads[place(hash)] }

  /// Begins to bring the head of that chain into the processor's cache.
  @inline(__always) func prefetch(_ hash: UInt32) { heads.prefetch(place(hash)) }

  /// Adds an element, whose hash is set.
  mutating func insert<Element: Chained>(_ index: UInt32, in slab: inout Slab<Element>) {
    let place = place(slab[index].hash)
    slab[index].next = heads[place]
    heads[place] = index
    count += 1
    if count > heads.count { grow(&slab) }
  }

  /// Removes an element.
  mutating func remove<Element: Chained>(_ index: UInt32, in slab: inout Slab<Element>) {
    let place = place(slab[index].hash)
    count -= 1
    guard heads[place] != index else { return heads[place] = slab[index].next }
    var before = heads[place]
    while slab[before].next != index { before = slab[before].next }
    slab[before].next = slab[index].next
  }

  private mutating func grow<Element: Chained>(_ slab: inout Slab<Element>) {
    let other = heads.count
    heads.append(chainEnd)
    var index = heads[split]
    heads[split] = chainEnd
    while index != chainEnd {
      let next = slab[index].next
      let place = Int(slab[index].hash) & (1 << level) == 0 ? split : other
      slab[index].next = heads[place]
      heads[place] = index
      index = next
    }
    split += 1
    if split == 1 << level { (level, split) = (level + 1, 0) }
    // The next to be split is in the cache by then.
    slab.prefetch(Int(heads[split]))
  }
}

/// Hashes that nobody can predict who does not know the seed: a stranger cannot make elements share a chain.
struct SecretHash {
  private let seed: (UInt64, UInt64, UInt64)

  init(_ first: UInt64, _ second: UInt64, _ third: UInt64) { seed = (first | 1, second | 1, third | 1) }

  @inline(__always) private func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let product = a.multipliedFullWidth(by: b)
    return product.high ^ product.low
  }

  @inline(__always) func callAsFunction(_ a: UInt64, _ b: UInt64, _ c: UInt64 = 0, _ d: UInt64 = 0) -> UInt32 {
    let first = fold(a ^ seed.0, b ^ seed.1)
    let second = fold(c ^ seed.2, d ^ first)
    return UInt32(truncatingIfNeeded: fold(first ^ seed.1, second ^ seed.0) >> 16)
  }
}
