import ShoalTerminal

/// A number with the unit that it was written with.
struct Quantity: Equatable {
  /// In seconds, bytes or bytes a second where a unit was given; a percentage as a fraction.
  var value: Double
  /// `%`, `s`, `B`, `B/s`, or nothing.
  var unit: String

  /// `1042`, `0x2a`, `10%`, `50ms`, `1.5s`, `64kB`, `2MiB`, `5MB/s`, `100mbit`; nil if it is none of these.
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
      if let rate = Self.rate(suffix) {
        (value, unit) = (number * rate, "B/s")
        return
      }
      guard let size = Units.parseBytes("1\(suffix)") else { return nil }
      (value, unit) = (number * Double(size), "B")
    }
  }

  /// Bytes a second: `MB/s`, and bits as links have them, `mbit` or `Mbit/s`.
  private static func rate(_ suffix: Substring) -> Double? {
    let isPerSecond = suffix.hasSuffix("/s")
    let name = isPerSecond ? suffix.dropLast(2) : suffix
    if name.hasSuffix("bit") {
      let factors: [String: Double] = ["": 1, "k": 1e3, "m": 1e6, "g": 1e9]
      return factors[name.dropLast(3).lowercased()].map { $0 / 8 }
    }
    return isPerSecond && !name.isEmpty ? Units.parseBytes("1\(name)").map { Double($0) } : nil
  }
}
