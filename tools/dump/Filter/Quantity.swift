import ShoalTerminal

/// What a number measures, and so which units it is written with.
enum Dimension {
  /// A number without a unit.
  case plain
  /// A number of things, or their share.
  case count
  case time, size, rate

  /// The symbols of `Quantity.unit` that fit.
  private var symbols: [String] {
    switch self {
    case .plain: []
    case .count: ["%"]
    case .time: ["s"]
    case .size: ["B"]
    case .rate: ["B/s", "B"]
    }
  }

  /// The units, for people.
  private var units: String {
    switch self {
    case .plain: "none"
    case .count: "%, or none"
    case .time: "ns, us, ms, s, min, h"
    case .size: "B, kB, MB, GB, KiB, MiB, GiB"
    case .rate: "B/s, kB/s, MB/s, GB/s, kbit, Mbit, Gbit"
    }
  }

  /// Why a value cannot be one of `name`; nil if it can. A bare 0 is the same in all units.
  func fault(_ quantity: Quantity, _ text: String, of name: String) -> String? {
    if quantity.unit.isEmpty {
      if self == .plain || self == .count || quantity.value == 0 { return nil }
      return
        "\(name) needs a unit, as in \(escaped(text))\(self == .time ? "ms" : self == .size ? "kB" : "MB/s"): \(units)"
    }
    return symbols.contains(quantity.unit) ? nil : "\(name) has no such unit; there are: \(units)"
  }
}

/// A number with the unit that it was written with.
struct Quantity: Equatable {
  /// The value in seconds, bytes or bytes per second if a unit was given; a percentage as a fraction.
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
    case "h": (value, unit) = (number * 3_600, "s")
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
