/// What a number in a link specification measures; values are whole multiples of a base unit.
enum Dimension {
  /// A percentage, in parts of 10^9.
  case share
  /// In nanoseconds.
  case time
  /// In bits a second.
  case rate
  /// In bytes.
  case size
  /// A plain number, in thousandths.
  case factor
  /// A whole number.
  case count

  /// A unit: its name, and how many base units it is.
  struct Unit {
    let name: String
    let scale: Int64
  }

  /// The units, ascending; binary ones are read but never written.
  var units: [Unit] {
    switch self {
    case .share: [Unit(name: "%", scale: 10_000_000)]
    case .time:
      [
        Unit(name: "us", scale: 1_000), Unit(name: "ms", scale: 1_000_000), Unit(name: "s", scale: 1_000_000_000),
      ]
    case .rate:
      [
        Unit(name: "bit", scale: 1), Unit(name: "kbit", scale: 1_000), Unit(name: "mbit", scale: 1_000_000),
        Unit(name: "gbit", scale: 1_000_000_000),
      ]
    case .size:
      [
        Unit(name: "B", scale: 1), Unit(name: "kB", scale: 1_000), Unit(name: "KiB", scale: 1_024),
        Unit(name: "MB", scale: 1_000_000), Unit(name: "MiB", scale: 1_048_576),
      ]
    case .factor: [Unit(name: "", scale: 1_000)]
    case .count: [Unit(name: "", scale: 1)]
    }
  }

  /// The base units in `text`, a decimal number and its unit; nil if that is more than any range allows, or below zero.
  func parse(_ text: Substring) throws(LinkSpecError.Problem) -> Int64? {
    let isNegative = text.first == "-"
    let unsigned = isNegative ? text.dropFirst() : text
    let number = unsigned.prefix { $0 == "." || ("0"..."9").contains($0) }
    let parts = number.split(separator: ".", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), parts.allSatisfy({ !$0.isEmpty }) else { throw .notANumber(String(text)) }
    let scale = try unit(String(unsigned[number.endIndex...])).scale
    if isNegative { return nil }

    var fraction = parts.count == 2 ? parts[1] : ""
    while fraction.last == "0" { fraction.removeLast() }
    // With more digits than these, the value is too large or too fine, whatever they are.
    guard fraction.utf8.count <= 9 else { throw .tooFine(smallest: format(1)) }
    guard let digits = Int64(parts[0] + fraction) else { return nil }
    let power = (0..<fraction.utf8.count).reduce(Int64(1)) { power, _ in power * 10 }
    let (value, rest) = (Int128(digits) * Int128(scale)).quotientAndRemainder(dividingBy: Int128(power))
    guard rest == 0 else { throw .tooFine(smallest: format(1)) }
    return Int64(exactly: value)
  }

  /// How many base units make 1, in the dimensions that have fractions of it.
  private var one: Double { self == .share ? 1_000_000_000 : 1_000 }

  /// The number that `value` base units of a share or a factor are.
  func number(_ value: Int64) -> Double { Double(value) / one }

  /// `number`, from 0 to a million, in base units, rounded.
  func baseUnits(_ number: Double) -> Int64 {
    // Not `rounded()`: it calls libm, to which a program that uses only the core is not linked.
    number > 0 ? Int64(min(number, 1_000_000) * one + 0.5) : 0
  }

  /// The unit called `name`. Units of rates are found in upper or lower case, since no two differ only by that.
  private func unit(_ name: String) throws(LinkSpecError.Problem) -> Unit {
    let spelled = self == .rate ? name.lowercased() : name
    if let unit = units.first(where: { $0.name == spelled }) { return unit }
    let names = units.map(\.name)
    if self == .share { throw name.isEmpty ? .missingPercentSign : .unknownUnit(name, suggestion: "%", units: names) }
    if name.isEmpty { throw .missingUnit(names) }
    throw .unknownUnit(name, suggestion: suggestion(for: name), units: names.filter { !$0.isEmpty })
  }

  /// The unit probably meant by `name`, which is not a unit; nil if that is in doubt.
  private func suggestion(for name: String) -> String? {
    if let unit = units.first(where: { $0.name.lowercased() == name.lowercased() }) { return unit.name }
    // A capital B would mean bytes, eight times as much.
    guard self == .rate, !name.contains("B") else { return nil }
    let stem = name.lowercased()
    return units.first { $0.name == stem.replacingEnd("bps", "bit") || $0.name == stem.replacingEnd("b", "bit") }?.name
  }

  /// `value` base units, exactly, in the largest decimal unit of which they are at least one.
  func format(_ value: Int64) -> String {
    let decimal = units.filter { !$0.name.hasSuffix("iB") }
    // No one writes 0us.
    let zero = self == .time ? decimal.last : decimal.first
    guard value != 0, let unit = decimal.last(where: { $0.scale <= value }) ?? decimal.first else {
      return "0" + (zero?.name ?? "")
    }
    let (whole, rest) = value.quotientAndRemainder(dividingBy: unit.scale)
    guard rest != 0 else { return "\(whole)\(unit.name)" }
    var fraction = String(String(unit.scale + rest).dropFirst())
    while fraction.last == "0" { fraction.removeLast() }
    return "\(whole).\(fraction)\(unit.name)"
  }
}

extension String {
  fileprivate func replacingEnd(_ end: String, _ other: String) -> String {
    hasSuffix(end) ? dropLast(end.count) + other : self
  }
}
