/// The modules of a QR code: its patterns, then the codewords, with the mask that scanners read best.
struct QRGrid {
  let size: Int
  private let version: Int
  /// Row by row.
  private(set) var isDark: [Bool]
  /// Which modules belong to patterns.
  private var isFixed: [Bool]

  init(version: Int, codewords: [UInt8]) {
    self.version = version
    size = version * 4 + 17
    isDark = Array(repeating: false, count: size * size)
    isFixed = isDark
    drawPatterns()
    drawFormat(mask: 0)
    draw(codewords)
    let bare = self
    var best: (penalty: Int, modules: [Bool])?
    for mask in 0..<8 {
      var candidate = bare
      candidate.apply(mask)
      let penalty = candidate.penalty
      if best.map({ penalty < $0.penalty }) ?? true { best = (penalty, candidate.isDark) }
    }
    isDark = best?.modules ?? isDark
  }

  private mutating func set(_ x: Int, _ y: Int, _ dark: Bool) {
    isDark[y * size + x] = dark
    isFixed[y * size + x] = true
  }

  /// Whether a module belongs to a pattern, the format or the version.
  func isPattern(_ x: Int, _ y: Int) -> Bool { isFixed[y * size + x] }

  // MARK: Patterns

  private mutating func drawPatterns() {
    for place in 0..<size {
      set(6, place, place % 2 == 0)
      set(place, 6, place % 2 == 0)
    }
    for (x, y) in [(3, 3), (size - 4, 3), (3, size - 4)] { drawFinder(x, y) }
    let places = alignments
    let last = places.count - 1
    for (i, x) in places.enumerated() {
      for (j, y) in places.enumerated() where ![[0, 0], [0, last], [last, 0]].contains([i, j]) {
        for dy in -2...2 {
          for dx in -2...2 { set(x + dx, y + dy, max(abs(dx), abs(dy)) != 1) }
        }
      }
    }
    if version >= 7 { drawVersion() }
  }

  private mutating func drawFinder(_ x: Int, _ y: Int) {
    for dy in -4...4 {
      for dx in -4...4 where (0..<size).contains(x + dx) && (0..<size).contains(y + dy) {
        let distance = max(abs(dx), abs(dy))
        set(x + dx, y + dy, distance != 2 && distance != 4)
      }
    }
  }

  /// The centres of the alignment patterns along either axis.
  private var alignments: [Int] {
    guard version > 1 else { return [] }
    let count = version / 7 + 2
    let step = (version * 4 + count * 2 + 1) / (count * 2 - 2) * 2
    return [6] + (0..<count - 1).reversed().map { size - 7 - $0 * step }
  }

  /// The version, with twelve bits of error correction.
  private mutating func drawVersion() {
    var rest = version
    for _ in 0..<12 { rest = rest << 1 ^ (rest >> 11) * 0x1f25 }
    let bits = version << 12 | rest
    for place in 0..<18 {
      let (near, far) = (place / 3, size - 11 + place % 3)
      set(far, near, bits >> place & 1 == 1)
      set(near, far, bits >> place & 1 == 1)
    }
  }

  /// Level M, whose number is 0, and the mask, with ten bits of error correction, twice.
  private mutating func drawFormat(mask: Int) {
    var rest = mask
    for _ in 0..<10 { rest = rest << 1 ^ (rest >> 9) * 0x537 }
    let bits = (mask << 10 | rest) ^ 0x5412
    func bit(_ place: Int) -> Bool { bits >> place & 1 == 1 }
    for place in 0..<6 { set(8, place, bit(place)) }
    set(8, 7, bit(6))
    set(8, 8, bit(7))
    set(7, 8, bit(8))
    for place in 9..<15 { set(14 - place, 8, bit(place)) }
    for place in 0..<8 { set(size - 1 - place, 8, bit(place)) }
    for place in 8..<15 { set(8, size - 15 + place, bit(place)) }
    set(8, size - 8, true)
  }

  // MARK: Codewords

  /// Puts the codewords into pairs of columns, from the right, up and down in turn.
  private mutating func draw(_ codewords: [UInt8]) {
    var bit = 0
    var right = size - 1
    while right >= 1 {
      if right == 6 { right = 5 }
      let isUpward = (right + 1) & 2 == 0
      for step in 0..<size {
        let y = isUpward ? size - 1 - step : step
        for x in [right, right - 1] where !isFixed[y * size + x] && bit < codewords.count * 8 {
          isDark[y * size + x] = codewords[bit / 8] >> UInt8(7 - bit % 8) & 1 == 1
          bit += 1
        }
      }
      right -= 2
    }
  }

  private mutating func apply(_ mask: Int) {
    drawFormat(mask: mask)
    for y in 0..<size {
      for x in 0..<size where !isFixed[y * size + x] && QRGrid.isInverted(mask, x, y) {
        isDark[y * size + x].toggle()
      }
    }
  }

  /// Whether a mask inverts a module (table 10).
  static func isInverted(_ mask: Int, _ x: Int, _ y: Int) -> Bool {
    switch mask {
    case 0: (x + y) % 2 == 0
    case 1: y % 2 == 0
    case 2: x % 3 == 0
    case 3: (x + y) % 3 == 0
    case 4: (x / 3 + y / 2) % 2 == 0
    case 5: x * y % 2 + x * y % 3 == 0
    case 6: (x * y % 2 + x * y % 3) % 2 == 0
    default: ((x + y) % 2 + x * y % 3) % 2 == 0
    }
  }

  /// How hard it is to read: counts long runs, squares of one colour, likenesses of a finder pattern, and too much of
  /// one colour.
  private var penalty: Int {
    var result = 0
    let finder = [true, false, true, true, true, false, true]
    let light = [false, false, false, false]
    for isColumn in [false, true] {
      for line in 0..<size {
        let modules = (0..<size).map { isColumn ? isDark[$0 * size + line] : isDark[line * size + $0] }
        var run = 0
        for place in 0..<size {
          run = place > 0 && modules[place] == modules[place - 1] ? run + 1 : 1
          if run == 5 { result += 3 } else if run > 5 { result += 1 }
          for pattern in [finder + light, light + finder] where modules[place...].starts(with: pattern) {
            result += 40
          }
        }
      }
    }
    for y in 0..<size - 1 {
      for x in 0..<size - 1 {
        let square = [isDark[y * size + x], isDark[y * size + x + 1], isDark[(y + 1) * size + x]]
        if square.allSatisfy({ $0 == isDark[(y + 1) * size + x + 1] }) { result += 3 }
      }
    }
    let dark = isDark.count { $0 }
    return result + abs(dark * 20 - size * size * 10) / (size * size) * 10
  }
}
