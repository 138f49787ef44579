import ShoalContent

/// How often each unit of a file was handed to the transport. A unit is a piece, or as many small pieces as make 64
/// KiB.
struct SentPieces {
  private var exponent: UInt64 = 0
  /// Counts stop at 255.
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
