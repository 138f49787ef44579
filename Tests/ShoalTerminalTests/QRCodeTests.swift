import Testing

@testable import ShoalTerminal

/// Codes are drawn as the standard requires; ZXing reads them (tried by hand).
@Suite struct QRCodeTests {
  /// As another program draws it (ZXing, version 1, level M).
  private static let known = """
    #######...#.#.#######
    #.....#.###...#.....#
    #.###.#...#.#.#.###.#
    #.###.#...#.#.#.###.#
    #.###.#.#.###.#.###.#
    #.....#..###..#.....#
    #######.#.#.#.#######
    .....................
    #.#.#.#..#..#...#..#.
    .####...#..#....#...#
    ...#######.#..#.##...
    ####.#.##..###.#.###.
    .#..####.#.#..###.#.#
    ........#.#...#...#.#
    #######.....#..#.##..
    #.....#..##...##.#...
    #.###.#.##..#.#######
    #.###.#...##.#.#...#.
    #.###.#.####.###.#..#
    #.....#....###...#.##
    #######.##.#.###....#
    """

  @Test func aKnownTextGivesTheKnownCode() throws {
    let code = try #require(QRCode("HELLO WORLD"))
    let rows = (0..<code.size).map { y in (0..<code.size).map { code.isDark($0, y) ? "#" : "." }.joined() }
    #expect(rows.joined(separator: "\n") == Self.known)
    #expect(!code.isDark(-1, 0) && !code.isDark(0, 21))
  }

  /// In every supported version, the codewords are in their places, and the error correction is right.
  @Test(arguments: [1, 14, 20, 21, 38, 61, 90, 154, 221, 400, 700, 970]) func whatIsWrittenIsRead(_ count: Int) throws {
    let text = String((0..<count).map { Array("SHOAL1HKFDZFKNIY5UMSVDTTFPV")[$0 * 7 % 27] })
    let reader = QRReader(try #require(QRCode(text)))
    #expect(reader.text == text)
    #expect(reader.isConsistent)
  }

  @Test func whatDoesNotFitIsNotDrawn() {
    #expect(QRCode("shoal1") == nil && QRCode("É") == nil)
    #expect(QRCode(String(repeating: "A", count: 971)) == nil)
  }

  @Test func linesAreHalfBlocksOrASCII() throws {
    let code = try #require(QRCode("A"))
    let blocks = code.lines(isUTF8: true, isColored: false)
    #expect(blocks.count == 15 && blocks.allSatisfy { $0.count == 29 })
    #expect(blocks[2] == "████ ▄▄▄▄▄ " + blocks[2].dropFirst(11) && blocks[14].allSatisfy { $0 == "▀" })
    let ascii = code.lines(isUTF8: false, isColored: true)
    #expect(ascii.count == 29 && ascii[0] == "\u{1B}[97;40m" + String(repeating: "#", count: 58) + "\u{1B}[0m")
  }
}

/// Reads a code as the standard says, without correcting errors.
private struct QRReader {
  private let version: Int
  private var codewords: [UInt8] = []
  private let blocks: QRBlocks

  init(_ code: QRCode) {
    version = (code.size - 17) / 4
    blocks = QRBlocks(version)
    let mask = (2..<5).reduce(0) { $0 << 1 | (code.isDark($1, 8) ? 1 : 0) } ^ 0b101
    let fixed = QRGrid(version: version, codewords: [])
    var bits = 0
    var byte: UInt8 = 0
    for pair in stride(from: code.size - 1, through: 1, by: -2) {
      // The column of the timing pattern belongs to no pair.
      let right = pair <= 6 ? pair - 1 : pair
      for step in 0..<code.size {
        let y = (right + 1) & 2 == 0 ? code.size - 1 - step : step
        for x in [right, right - 1] where !fixed.isPattern(x, y) {
          byte = byte << 1 | (code.isDark(x, y) != QRGrid.isInverted(mask, x, y) ? 1 : 0)
          bits += 1
          if bits % 8 == 0 { codewords.append(byte) }
        }
      }
    }
  }

  /// Data codewords of all blocks, in order.
  private var data: [[UInt8]] { blocks.separated(codewords).map { Array($0.dropLast(blocks.correction)) } }

  /// Whether each block's error correction matches its data.
  var isConsistent: Bool {
    zip(data, blocks.separated(codewords)).allSatisfy { data, block in
      QRBlocks.remainder(of: data, by: QRBlocks.generator(blocks.correction)) == Array(block.suffix(blocks.correction))
    }
  }

  var text: String {
    let bytes = data.flatMap(\.self)
    var place = 0
    func take(_ count: Int) -> Int {
      defer { place += count }
      return (place..<place + count).reduce(0) { $0 << 1 | Int(bytes[$1 / 8] >> UInt8(7 - $1 % 8) & 1) }
    }
    guard take(4) == 2 else { return "" }
    let characters = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")
    var left = take(version < 10 ? 9 : 11)
    var text = ""
    while left > 0 {
      let value = take(left > 1 ? 11 : 6)
      if left > 1 { text.append(characters[value / 45]) }
      text.append(characters[value % 45])
      left -= 2
    }
    return text
  }
}
