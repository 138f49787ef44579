/// How often values occurred, to within 1.6 %: 32 classes for each doubling, 4 bytes each, allocated as far as needed.
struct Histogram {
  private static let bits = 5
  private var counts: [UInt32] = []
  private(set) var count: UInt64 = 0
  private(set) var minimum = UInt64.max
  private(set) var maximum: UInt64 = 0

  mutating func add(_ value: UInt64) {
    let index = Self.index(value)
    if index >= counts.count { counts += [UInt32](repeating: 0, count: (index | 31) + 1 - counts.count) }
    counts[index] &+= 1
    count += 1
    minimum = min(minimum, value)
    maximum = max(maximum, value)
  }

  /// The least value that this share of all values does not exceed (nearest rank); nil if there are none.
  func quantile(_ share: Double) -> UInt64? {
    guard count > 0 else { return nil }
    var rest = UInt64(nearestRank(share, of: Int(count)))
    // The ends are known exactly.
    if rest == count - 1 { return maximum }
    for (index, number) in counts.enumerated() where number > 0 {
      if rest < UInt64(number) { return max(minimum, min(maximum, Self.middle(index))) }
      rest -= UInt64(number)
    }
    return maximum
  }

  /// Values below 32 have a class each; above, the class is the exponent and the five bits after the first.
  private static func index(_ value: UInt64) -> Int {
    let exponent = max(0, 63 - value.leadingZeroBitCount - bits)
    return exponent << bits + Int(value >> UInt64(exponent))
  }

  private static func middle(_ index: Int) -> UInt64 {
    let exponent = max(0, index >> bits - 1)
    let mantissa = UInt64(index - exponent << bits)
    return mantissa << UInt64(exponent) + (1 << UInt64(exponent)) / 2
  }
}

/// The index, among this many ascending values, of the smallest that this share of them does not exceed.
func nearestRank(_ share: Double, of count: Int) -> Int {
  max(0, min(count - 1, Int((share * Double(count) - 1e-9).rounded(.up)) - 1))
}
