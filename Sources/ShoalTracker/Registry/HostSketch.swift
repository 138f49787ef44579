/// How much each host has, in constant memory: a count-min sketch (Cormode and Muthukrishnan, 2005) of two rows. An
/// estimate is never too small, and too large only by what shares both of its counters.
struct HostSketch: ~Copyable {
  /// Counters, in blocks that exist once one of them is used.
  private var counters = Slab<UInt32>(segmentBits: 14)
  private var blocks: [UInt32]
  private let mask: UInt32
  private static let blockBits: UInt32 = 6

  /// A sketch for about this many registrations; if there are fewer, estimates are nearly always exact.
  init(for limit: Int) {
    var size = 1_024
    while size < min(limit, 1 << 27) / 8 { size *= 2 }
    blocks = Array(repeating: chainEnd, count: 2 * size >> Int(HostSketch.blockBits))
    mask = UInt32(size) - 1
  }

  /// The bytes of its counters.
  var byteCount: Int { counters.byteCount + 4 * blocks.count }

  /// What a host has, by its hash.
  func estimate(_ hash: UInt32) -> Int { Int(min(value(first(hash)), value(second(hash)))) }

  /// Notes that a host has this much more, or less.
  mutating func add(_ amount: Int, of hash: UInt32) {
    add(UInt32(truncatingIfNeeded: amount), at: first(hash))
    add(UInt32(truncatingIfNeeded: amount), at: second(hash))
  }

  /// Begins to bring a host's counters into the processor's cache.
  func prefetch(_ hash: UInt32) {
    prefetch(at: first(hash))
    prefetch(at: second(hash))
  }

  private func prefetch(at index: UInt32) {
    let block = blocks[Int(index >> HostSketch.blockBits)]
    if block != chainEnd { counters.prefetch(Int(block + index & (1 << HostSketch.blockBits - 1))) }
  }

  private func first(_ hash: UInt32) -> UInt32 { hash & mask }
  private func second(_ hash: UInt32) -> UInt32 { (hash &* 0x9e37_79b9) >> 3 & mask + mask + 1 }

  private func value(_ index: UInt32) -> UInt32 {
    let block = blocks[Int(index >> HostSketch.blockBits)]
    return block == chainEnd ? 0 : counters[block + index & (1 << HostSketch.blockBits - 1)]
  }

  private mutating func add(_ amount: UInt32, at index: UInt32) {
    let place = Int(index >> HostSketch.blockBits)
    if blocks[place] == chainEnd {
      blocks[place] = UInt32(counters.count)
      counters.append(0, times: 1 << Int(HostSketch.blockBits))
    }
    counters[blocks[place] + index & (1 << HostSketch.blockBits - 1)] &+= amount
  }
}
