import ShoalContent

/// The units of one file in which it is handed over, and how often each was: pieces, or as many small ones as make 64
/// KiB.
struct SentPieces {
  private var exponent: UInt64 = 0
  /// At most 255 is counted.
  private(set) var copies: [UInt8] = []

  init() {}

  init(_ cut: Cut) {
    exponent = max(UInt64(cut.pieceExponent), 16)
    copies = Array(repeating: 0, count: Int((cut.size + (1 << exponent) - 1) >> exponent))
  }

  func copies(at offset: UInt64) -> Int { Int(copies[Int(offset >> exponent)]) }

  /// Notes that a unit is handed over; returns where it ends.
  mutating func begin(at offset: UInt64) -> UInt64 {
    let unit = Int(offset >> exponent)
    if copies[unit] < .max { copies[unit] += 1 }
    return UInt64(unit + 1) << exponent
  }
}
