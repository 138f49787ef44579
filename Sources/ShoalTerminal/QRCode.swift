/// A QR code (ISO/IEC 18004) of upper-case letters and digits, with error correction level M, which survives 15 %
/// damage.
package struct QRCode {
  /// Its width and height in modules, without the margin of four.
  package var size: Int { grid.size }
  private let grid: QRGrid

  /// The supported sizes: version 20 holds 970 characters.
  private static let versions = 1...20
  private static let characters = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:".utf8)

  /// The code of a text; nil if the text has other characters, or is too long.
  package init?(_ text: String) {
    let values = text.utf8.compactMap { QRCode.characters.firstIndex(of: $0) }
    guard values.count == text.utf8.count else { return nil }
    for version in QRCode.versions {
      guard let data = QRCode.data(values, QRBlocks(version)) else { continue }
      self.init(grid: QRGrid(version: version, codewords: QRBlocks(version).interleaved(data)))
      return
    }
    return nil
  }

  private init(grid: QRGrid) { self.grid = grid }

  /// Whether a module is dark; there is a light margin all around.
  package func isDark(_ x: Int, _ y: Int) -> Bool {
    (0..<size).contains(x) && (0..<size).contains(y) && grid.isDark[y * size + x]
  }

  /// The data codewords: mode, count, characters in pairs, and padding; nil if there are too many.
  private static func data(_ values: [Int], _ blocks: QRBlocks) -> [UInt8]? {
    var bits = BitList()
    bits.append(0b0010, 4)
    bits.append(values.count, blocks.version < 10 ? 9 : 11)
    for place in stride(from: 0, to: values.count, by: 2) {
      if place + 1 < values.count {
        bits.append(values[place] * 45 + values[place + 1], 11)
      } else {
        bits.append(values[place], 6)
      }
    }
    let room = blocks.dataCount * 8
    guard bits.count <= room else { return nil }
    bits.append(0, min(4, room - bits.count))
    bits.append(0, (8 - bits.count % 8) % 8)
    var pad = 0xec
    while bits.count < room {
      bits.append(pad, 8)
      pad ^= 0xec ^ 0x11
    }
    return bits.bytes
  }

  /// Lines of half blocks, two rows of modules each, or of ASCII, one row each. The light modules are drawn, for a dark
  /// screen; with `isColored` they are white on black on any screen.
  package func lines(isUTF8: Bool, isColored: Bool) -> [String] {
    let span = -4..<size + 4
    let (begin, end) = isColored ? ("\u{1B}[97;40m", "\u{1B}[0m") : ("", "")
    guard isUTF8 else {
      return span.map { y in begin + span.map { isDark($0, y) ? "  " : "##" }.joined() + end }
    }
    return stride(from: span.lowerBound, to: span.upperBound, by: 2).map { y in
      let row = span.map { x in
        // There is no row below the last one that could be light.
        let (upper, lower) = (!isDark(x, y), y + 1 < span.upperBound && !isDark(x, y + 1))
        return upper ? (lower ? "█" : "▀") : lower ? "▄" : " "
      }
      return begin + row.joined() + end
    }
  }
}

/// Bits, packed into bytes with the highest bit first.
private struct BitList {
  private(set) var bytes: [UInt8] = []
  private(set) var count = 0

  mutating func append(_ value: Int, _ length: Int) {
    for place in stride(from: length - 1, through: 0, by: -1) {
      if count % 8 == 0 { bytes.append(0) }
      if value >> place & 1 == 1 { bytes[count / 8] |= 0x80 >> UInt8(count % 8) }
      count += 1
    }
  }
}

/// How the codewords of a version are shared out among blocks, each with its own error correction, at level M.
struct QRBlocks {
  let version: Int
  let correction: Int
  private let count: Int
  private let total: Int

  /// For versions 1 to 20, the codewords of error correction in a block, and the number of blocks (table 9).
  private static let corrections = [
    10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26,
  ]
  private static let counts = [1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16]

  init(_ version: Int) {
    self.version = version
    (correction, count) = (Self.corrections[version - 1], Self.counts[version - 1])
    // All modules but those of the patterns.
    var modules = (16 * version + 128) * version + 64
    if version >= 2 {
      let alignments = version / 7 + 2
      modules -= (25 * alignments - 10) * alignments - 55
      if version >= 7 { modules -= 36 }
    }
    total = modules / 8
  }

  /// How many codewords are data.
  var dataCount: Int { total - correction * count }

  /// How many data codewords each block has: if they do not divide evenly, the last blocks have one more.
  private var lengths: [Int] {
    (0..<count).map { dataCount / count + ($0 < count - dataCount % count ? 0 : 1) }
  }

  /// The data split into blocks with error correction, and the blocks interleaved codeword by codeword.
  func interleaved(_ data: [UInt8]) -> [UInt8] {
    var rest = data[...]
    let blocks = lengths.map { length in
      defer { rest = rest.dropFirst(length) }
      return Array(rest.prefix(length))
    }
    let corrections = blocks.map { Self.remainder(of: $0, by: Self.generator(correction)) }
    return Self.inTurn(blocks) + Self.inTurn(corrections)
  }

  private static func inTurn(_ blocks: [[UInt8]]) -> [UInt8] {
    (0..<(blocks.map(\.count).max() ?? 0)).flatMap { place in
      blocks.compactMap { place < $0.count ? $0[place] : nil }
    }
  }

  /// Undoes `interleaved`: the blocks, each with its error correction.
  func separated(_ codewords: [UInt8]) -> [[UInt8]] {
    var blocks = lengths.map { _ in [UInt8]() }
    var rest = codewords[...]
    for place in 0..<(lengths.max() ?? 0) {
      for index in blocks.indices where place < lengths[index] { blocks[index] += [rest.removeFirst()] }
    }
    for _ in 0..<correction {
      for index in blocks.indices { blocks[index] += [rest.removeFirst()] }
    }
    return blocks
  }

  // MARK: Reed-Solomon

  /// The polynomial whose roots are the first powers of 2, without its leading 1, the highest power first.
  static func generator(_ degree: Int) -> [UInt8] {
    var result = [UInt8](repeating: 0, count: degree - 1) + [1]
    var root: UInt8 = 1
    for _ in 0..<degree {
      for place in 0..<degree {
        result[place] = product(result[place], root)
        if place + 1 < degree { result[place] ^= result[place + 1] }
      }
      root = product(root, 2)
    }
    return result
  }

  static func remainder(of data: [UInt8], by divisor: [UInt8]) -> [UInt8] {
    var result = [UInt8](repeating: 0, count: divisor.count)
    for byte in data {
      let factor = byte ^ result.removeFirst()
      result.append(0)
      for place in result.indices { result[place] ^= product(divisor[place], factor) }
    }
    return result
  }

  /// The product in the field of 256 elements, modulo x^8 + x^4 + x^3 + x^2 + 1.
  static func product(_ left: UInt8, _ right: UInt8) -> UInt8 {
    var result = 0
    for bit in stride(from: 7, through: 0, by: -1) {
      result = result << 1 ^ (result >> 7) * 0x11d
      if right >> UInt8(bit) & 1 == 1 { result ^= Int(left) }
    }
    return UInt8(result)
  }
}
