import ShoalContent

/// The bytes of a file on a simulated disk: zeros, except for what was written, which is kept as the arrays that were
/// passed. So a thousand disks with the same piece can share one array.
struct DiskContent {
  private(set) var count = 0
  /// What was written, in ascending order; no two overlap.
  private var extents: [(offset: Int, bytes: [UInt8])] = []

  init(_ bytes: [UInt8] = []) {
    count = bytes.count
    if !bytes.isEmpty { extents = [(0, bytes)] }
  }

  /// How much was written.
  var written: Int { extents.reduce(0) { $0 + $1.bytes.count } }

  /// All bytes.
  var bytes: [UInt8] { bytes(in: 0..<count) }

  /// Whether any byte is not zero.
  var hasContent: Bool { extents.contains { $0.bytes.contains { $0 != 0 } } }

  /// Whether nothing was ever written to these bytes.
  func isHole(_ range: Range<Int>) -> Bool {
    let index = firstExtent(endingAfter: range.lowerBound)
    return index >= extents.count || extents[index].offset >= range.upperBound
  }

  func bytes(in range: Range<Int>) -> [UInt8] {
    var index = firstExtent(endingAfter: range.lowerBound)
    if index < extents.count, extents[index].offset == range.lowerBound, extents[index].bytes.count == range.count {
      return extents[index].bytes
    }
    var bytes = [UInt8](repeating: 0, count: range.count)
    while index < extents.count, extents[index].offset < range.upperBound {
      let (start, part) = extents[index]
      let common = range.clamped(to: start..<start + part.count)
      bytes.replaceSubrange(
        common.lowerBound - range.lowerBound..<common.upperBound - range.lowerBound,
        with: part[common.lowerBound - start..<common.upperBound - start])
      index += 1
    }
    return bytes
  }

  mutating func write(_ bytes: [UInt8], at offset: Int) {
    guard !bytes.isEmpty else { return }
    let end = offset + bytes.count
    count = max(count, end)
    let index = firstExtent(endingAfter: offset)
    guard index < extents.count, extents[index].offset < end else { return extents.insert((offset, bytes), at: index) }
    let (start, length) = (extents[index].offset, extents[index].bytes.count)
    if start == offset, length == bytes.count {
      extents[index].bytes = bytes
    } else if start <= offset, end <= start + length {
      extents[index].bytes.replaceSubrange(offset - start..<end - start, with: bytes)
    } else {
      extents = [(0, self.bytes)]
      extents[0].bytes.replaceSubrange(offset..<end, with: bytes)
    }
  }

  mutating func resize(_ length: Int) {
    count = length
    while let last = extents.last, last.offset + last.bytes.count > length {
      extents.removeLast()
      if last.offset < length { extents.append((last.offset, Array(last.bytes[..<(length - last.offset)]))) }
    }
  }

  private func firstExtent(endingAfter offset: Int) -> Int {
    var (low, high) = (0, extents.count)
    while low < high {
      let middle = (low + high) / 2
      if extents[middle].offset + extents[middle].bytes.count > offset { high = middle } else { low = middle + 1 }
    }
    return low
  }
}

/// The pieces on all disks of a world, each held once.
final class PiecePool {
  private struct Key: Hashable {
    let file: Digest
    let offset: Int
  }

  private var pieces: [Key: [UInt8]] = [:]

  /// Returns the shared array for a verified piece.
  func shared(_ content: [UInt8], of file: Digest, at offset: Int) -> [UInt8] {
    let key = Key(file: file, offset: offset)
    guard let known = pieces[key], known.count == content.count else {
      pieces[key] = content
      return content
    }
    return known
  }
}
