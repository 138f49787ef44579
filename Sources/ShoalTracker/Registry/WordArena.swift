/// Blocks of 32-bit words, of sizes 2, 3, 4, 6, 8, 12 … (2^k and 3 · 2^(k-1)): what varies in size is kept here. A block
/// never moves. One that is freed is used again for the next of its size, so that no work grows with what is stored.
struct WordArena: ~Copyable {
  /// Stands for no block.
  static let none: UInt32 = 0
  /// The most words of a block.
  static let largest = 1 << segmentBits
  private static let segmentBits = 20
  private var words = Slab<UInt32>(segmentBits: segmentBits)
  /// By class of size: the first free block, whose first word names the next.
  private var free = [UInt32](repeating: none, count: 2 * segmentBits + 1)
  /// Released maps whose pages are yet to be used again.
  var formerMaps: [FormerMap] = []
  /// The words of all blocks that are allocated.
  private var allocated = 0
  /// The words of all blocks that are used.
  var used: Int {
    formerMaps.reduce(allocated) { $0 - WordArena.size($1.words) - $1.pages * WordArena.pageWords }
  }

  init() { words.append(0, times: 2) }

  /// The bytes that were taken from the system, used or free.
  var byteCount: Int { words.byteCount }

  subscript(index: Int) -> UInt32 {
    @inline(__always) get { words[index] }
    @inline(__always) set { words[index] = newValue }
  }

  /// Lends words of one block to be read.
  @inline(__always) func read<Result>(_ range: Range<Int>, _ body: (Span<UInt32>) -> Result) -> Result {
    words.read(range, body)
  }

  /// Lends words of one block to be changed.
  @inline(__always) mutating func change(_ range: Range<Int>, _ body: (inout MutableSpan<UInt32>) -> Void) {
    words.change(range, body)
  }

  /// Begins to bring a word, and those beside it, into the processor's cache.
  @inline(__always) func prefetch(_ index: Int) { words.prefetch(index) }

  /// The class of the smallest blocks of at least this many words, 2...`largest`.
  private static func sizeClass(_ count: Int) -> Int {
    let power = Int.bitWidth - 1 - count.leadingZeroBitCount
    if count == 1 << power { return 2 * power }
    return count <= 3 << (power - 1) ? 2 * power + 1 : 2 * power + 2
  }

  private static func size(ofClass index: Int) -> Int {
    index & 1 == 0 ? 1 << (index / 2) : 3 << (index / 2 - 1)
  }

  /// The words that a block of at least this many has.
  static func size(_ count: Int) -> Int { size(ofClass: sizeClass(max(count, 2))) }

  /// A block of at least this many words, at most `largest`; all are zero.
  mutating func allocate(_ count: Int) -> UInt32 {
    let index = WordArena.sizeClass(max(count, 2))
    let size = WordArena.size(ofClass: index)
    allocated += size
    let first = free[index]
    if first != WordArena.none {
      free[index] = words[first]
      clear(first, size)
      return first
    }
    skip(before: size)
    let block = words.count
    words.append(0, times: size)
    return UInt32(block)
  }

  /// Sets the words of a block to zero.
  mutating func clear(_ block: UInt32, _ count: Int) { words.fill(Int(block)..<Int(block) + count, with: 0) }

  /// Frees a block that was allocated with this many words.
  mutating func release(_ block: UInt32, _ count: Int) {
    let index = WordArena.sizeClass(max(count, 2))
    allocated -= WordArena.size(ofClass: index)
    put(block, index)
  }

  private mutating func put(_ block: UInt32, _ index: Int) {
    words[block] = free[index]
    free[index] = block
  }

  /// What is left of a segment that is too small for a block is cut into blocks of other sizes.
  private mutating func skip(before size: Int) {
    var left = WordArena.largest - words.count & (WordArena.largest - 1)
    guard left < size else { return }
    while left > 1 {
      var index = WordArena.sizeClass(left)
      if WordArena.size(ofClass: index) > left { index -= 1 }
      let block = words.count
      words.append(0, times: WordArena.size(ofClass: index))
      put(UInt32(block), index)
      left -= WordArena.size(ofClass: index)
    }
    words.append(0, times: left)
  }
}
