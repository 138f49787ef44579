import ShoalBase

// The standard library's own `random(in:using:)` may change how it uses a generator, and with it every recorded seed.
extension SeededGenerator {
  /// True with probability `share`; certainties draw nothing.
  mutating func chance(_ share: Double) -> Bool {
    guard share > 0 else { return false }
    return share >= 1 || unit() < share
  }

  /// A number in 0 ..< `bound`, uniform except for a bias of at most `bound` / 2^64; `bound` > 0.
  mutating func below(_ bound: UInt64) -> UInt64 { next().multipliedFullWidth(by: bound).high }
}
