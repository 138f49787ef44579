/// The files that LIST returns: a bit for each place in the slab of files, so that a page can begin where another
/// ended, whatever was added or removed in between.
struct ListedFiles: ~Copyable {
  private var bits = Slab<UInt64>(segmentBits: 10)
  /// How many there are.
  private(set) var count = 0
  /// The most words that one page skips: bounds its work.
  private static let mostSkipped = 1_024

  var byteCount: Int { bits.byteCount }

  mutating func insert(_ file: UInt32) {
    while bits.count <= Int(file) / 64 { bits.append(0) }
    count += 1
    bits[file / 64] |= 1 << UInt64(file % 64)
  }

  mutating func remove(_ file: UInt32) {
    count -= 1
    bits[file / 64] &= ~(1 << UInt64(file % 64))
  }

  /// Visits the files from `after` on, until `take` returns false or too many places have been skipped; returns where
  /// the next page begins, or 0 if this is the last.
  func page(after: UInt64, _ take: (UInt32) -> Bool) -> UInt64 {
    var position = after
    var left = ListedFiles.mostSkipped
    while position / 64 < UInt64(bits.count) {
      let rest = bits[Int(position / 64)] >> (position % 64)
      guard rest != 0 else {
        position = (position / 64 + 1) * 64
        left -= 1
        if left == 0 { return position }
        continue
      }
      position += UInt64(rest.trailingZeroBitCount)
      guard take(UInt32(position)) else { return position }
      position += 1
    }
    return 0
  }
}
