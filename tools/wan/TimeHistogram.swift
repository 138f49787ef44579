import ShoalBase

/// How often each span of time occurred, in bins no wider than 1/16 of their lower end: a precision of about 6 %.
struct TimeHistogram: Sendable {
  private var bins = [UInt32](repeating: 0, count: 60 * 16)
  private(set) var count = 0
  private(set) var largest: Nanoseconds = 0

  mutating func add(_ span: Nanoseconds) {
    let span = max(0, span)
    let bin = TimeHistogram.bin(of: span)
    bins[bin] &+= 1
    count += 1
    if span > largest { largest = span }
  }

  /// The span that this share of all spans does not exceed; 0 if there are none.
  func quantile(_ share: Double) -> Nanoseconds {
    let wanted = max(1, Int((Double(count) * share).rounded(.up)))
    var seen = 0
    for (bin, count) in bins.enumerated() {
      seen += Int(count)
      if seen >= wanted { return min(TimeHistogram.middle(of: bin), largest) }
    }
    return 0
  }

  /// Below 16, each span has a bin of its own; from there, each power of two has 16 bins.
  private static func bin(of span: Nanoseconds) -> Int {
    guard span >= 16 else { return Int(span) }
    let exponent = 63 - span.leadingZeroBitCount
    return (exponent - 3) * 16 + Int(span >> (exponent - 4)) - 16
  }

  private static func middle(of bin: Int) -> Nanoseconds {
    guard bin >= 16 else { return Nanoseconds(bin) }
    let exponent = bin / 16 + 3
    let width = Nanoseconds(1) << (exponent - 4)
    return (Nanoseconds(bin % 16) + 16) * width + width / 2
  }
}
