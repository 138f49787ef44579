import ShoalTerminal

/// A number with the unit that it was written with.
struct Quantity: Equatable {
  /// In seconds or bytes where a unit was given; a percentage as a fraction.
  var value: Double
  /// `%`, `s`, `B`, or nothing.
  var unit: String

  /// `1042`, `0x2a`, `10%`, `50ms`, `1.5s`, `64kB`, `2MiB`; nil if it is none of these.
  init?(_ text: String) {
    if text.hasPrefix("0x") {
      guard let number = UInt64(text.dropFirst(2), radix: 16) else { return nil }
      (value, unit) = (Double(number), "")
      return
    }
    let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == "." || $0 == "-") }
    guard let number = Double(digits) else { return nil }
    switch text.dropFirst(digits.count) {
    case "": (value, unit) = (number, "")
    case "%": (value, unit) = (number / 100, "%")
    case "s": (value, unit) = (number, "s")
    case "ms": (value, unit) = (number / 1e3, "s")
    case "us": (value, unit) = (number / 1e6, "s")
    case "ns": (value, unit) = (number / 1e9, "s")
    case "min": (value, unit) = (number * 60, "s")
    case let suffix:
      guard let size = Units.parseBytes("1\(suffix)") else { return nil }
      (value, unit) = (number * Double(size), "B")
    }
  }
}
