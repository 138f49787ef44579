/// Numbers as people read them: decimal units; three significant digits while a value changes, one decimal in totals.
package enum Units {
  // MARK: Bytes

  /// A size that changes as one watches: `73.4 MB`.
  package static func bytes(_ count: UInt64) -> String { significant(Double(count), "B") }

  /// A size in a total: `734.0 MB`.
  package static func total(_ count: UInt64) -> String { scaled(Double(count), "B") { _ in 1 } }

  /// The size of a piece, in binary units: `1 MiB`.
  package static func binary(_ count: UInt64) -> String {
    var value = Double(count)
    var prefix = 0
    while value >= 1024, prefix < 4 { (value, prefix) = (value / 1024, prefix + 1) }
    let digits = value == value.rounded() ? 0 : 1
    return "\(fixed(value, digits)) \(["B", "KiB", "MiB", "GiB", "TiB"][prefix])"
  }

  /// How much of a total is there, in the total's unit: `308/734 MB`.
  package static func progress(_ done: UInt64, of whole: UInt64) -> String {
    let (power, digits, unit) = scale(Double(whole), "B", significantDigits)
    let all = fixed(Double(whole) / power, digits)
    // Rounded down: what is not complete must not read as if it were.
    let step = power10(digits)
    let part = fixed((Double(min(done, whole)) / power * step).rounded(.down) / step, digits)
    return "\(part)/\(all) \(unit)"
  }

  /// Parses a size, in bytes, as options take it: `65536`, `64kB`, `1.5MiB`. A bare `K` or `M` is refused, since it
  /// could mean either of two sizes.
  package static func parseBytes(_ text: String) -> UInt64? {
    let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    let factors: [String: UInt64] = [
      "": 1, "B": 1, "kB": 1_000, "MB": 1_000_000, "GB": 1_000_000_000, "TB": 1_000_000_000_000,
      "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40,
    ]
    guard let factor = factors[String(text.dropFirst(digits.count))] else { return nil }
    if let whole = UInt64(digits) {
      let (size, overflow) = whole.multipliedReportingOverflow(by: factor)
      return overflow ? nil : size
    }
    guard let size = Double(digits).map({ $0 * Double(factor) }) else { return nil }
    return UInt64(exactly: size)
  }

  /// Parses a rate, in bytes per second, as options take it: `500kB`, `2MB/s`, `20mbit`, `20Mbit/s`.
  package static func parseRate(_ text: String) -> Double? {
    let text = text.hasSuffix("/s") ? String(text.dropLast(2)) : text
    let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    let factors: [String: Double] = [
      "bit": 1, "kbit": 1e3, "mbit": 1e6, "Mbit": 1e6, "gbit": 1e9, "Gbit": 1e9,
    ]
    if let factor = factors[String(text.dropFirst(digits.count))] { return Double(digits).map { $0 * factor / 8 } }
    return parseBytes(text).map { Double($0) }
  }

  /// Parses a time, in seconds, as options take it: `500ms`, `30s`, `5min`, `2h`. Without a unit it is in seconds.
  package static func parseTime(_ text: String) -> Double? {
    let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    let factors = ["ms": 0.001, "": 1, "s": 1, "sec": 1, "m": 60, "min": 60, "h": 3_600, "d": 86_400]
    guard let factor = factors[String(text.dropFirst(digits.count))] else { return nil }
    return Double(digits).map { $0 * factor }
  }

  // MARK: Rates

  /// Bytes in a second: `11.2 MB/s`.
  package static func rate(_ bytesPerSecond: Double) -> String { significant(bytesPerSecond, "B/s") }

  /// The same in bits, for those who think of links: `89.9 Mbit/s`.
  package static func bitRate(_ bytesPerSecond: Double) -> String { significant(bytesPerSecond * 8, "bit/s") }

  // MARK: Times

  /// An elapsed time: `0.2 ms`, `65.3 s`, `4 min 05 s`, `2 h 05 min`.
  package static func duration(_ seconds: Double) -> String {
    let seconds = clamped(seconds)
    if seconds < 0.0995 { return seconds == 0 ? "0 s" : "\(fixed(seconds * 1000, 1)) ms" }
    if seconds < 99.95 { return "\(fixed(seconds, 1)) s" }
    let whole = Int(seconds.rounded())
    return whole < 3600 ? "\(whole / 60) min \(twoDigits(whole % 60)) s" : remaining(seconds)
  }

  /// A remaining time, no more precise than it can be known: `38 s`, `4 min`, `2 h 05 min`, `3 d 04 h`.
  package static func remaining(_ seconds: Double) -> String {
    let seconds = clamped(seconds)
    if seconds < 99.5 { return "\(Int(seconds.rounded())) s" }
    let minutes = Int((seconds / 60).rounded())
    if minutes < 60 { return "\(minutes) min" }
    if minutes < 48 * 60 { return "\(minutes / 60) h \(twoDigits(minutes % 60)) min" }
    let hours = Int((seconds / 3600).rounded())
    return hours < 100 * 24 ? "\(hours / 24) d \(twoDigits(hours % 24)) h" : "over 99 d"
  }

  // MARK: Counts

  /// A count with thousands separators: `5,871`.
  package static func grouped(_ number: some BinaryInteger) -> String {
    let digits = String(number.magnitude)
    var result = ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % 3 == 0 { result += "," }
      result.append(digit)
    }
    return (number < 0 ? "-" : "") + result
  }

  /// A fraction as a percentage: `1.1%`. More than nothing never prints as 0, and less than all never as 100.
  package static func percent(_ fraction: Double, decimals: Int = 1) -> String {
    let share = fraction.isFinite ? min(max(fraction, 0), 1) * 100 : 0
    if share == 0 || share == 100 { return "\(Int(share))%" }
    if share < 0.1 { return "<0.1%" }
    let digits = share < 1 ? max(decimals, 1) : decimals
    let step = power10(digits)
    return fixed(min((share * step).rounded(), 100 * step - 1) / step, digits) + "%"
  }

  /// A part of a whole as a percentage.
  package static func percent(_ part: UInt64, of whole: UInt64, decimals: Int = 1) -> String {
    percent(whole == 0 ? 0 : Double(part) / Double(whole), decimals: decimals)
  }

  /// A number with this many decimals; one that is not finite prints as `-`.
  package static func fixed(_ value: Double, _ decimals: Int) -> String {
    guard value.isFinite else { return "-" }
    let step = power10(decimals)
    let scaled = (value.magnitude * step).rounded()
    guard scaled < 0x1p63 else { return "\(value)" }
    let digits = String(UInt64(scaled))
    let number = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
    let sign = value < 0 && scaled > 0 ? "-" : ""
    return sign + number.dropLast(decimals) + (decimals > 0 ? "." + number.suffix(decimals) : "")
  }
}

// MARK: Scaling

extension Units {
  /// A number without a pointless `.0`.
  static func plain(_ value: Double) -> String {
    value == value.rounded() && value.magnitude < 1e15 ? "\(Int(value))" : "\(value)"
  }

  static func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

  private static func significant(_ value: Double, _ unit: String) -> String {
    scaled(value, unit, significantDigits)
  }

  private static func scaled(_ value: Double, _ unit: String, _ digits: (Double) -> Int) -> String {
    let value = clamped(value, to: 1e21)
    let (power, decimals, unit) = scale(value, unit, digits)
    return "\(fixed(value / power, decimals)) \(unit)"
  }

  /// The power of 1,000, the decimals and the unit to print a number with.
  private static func scale(
    _ value: Double, _ unit: String, _ digits: (Double) -> Int
  ) -> (power: Double, decimals: Int, unit: String) {
    let prefixes = ["", "k", "M", "G", "T", "P", "E"]
    var index = 0
    var power = 1.0
    // What rounds to 1000 of a unit is 1 of the next.
    while index < prefixes.count - 1 {
      let decimals = index == 0 ? 0 : digits(value / power)
      if (value / power * power10(decimals)).rounded() < 1000 * power10(decimals) { break }
      (index, power) = (index + 1, power * 1000)
    }
    return (power, index == 0 ? 0 : digits(value / power), prefixes[index] + unit)
  }

  private static func significantDigits(_ value: Double) -> Int { value < 9.995 ? 2 : value < 99.95 ? 1 : 0 }

  private static func clamped(_ value: Double, to limit: Double = 1e15) -> Double {
    value.isFinite ? min(max(value, 0), limit) : 0
  }

  private static func power10(_ exponent: Int) -> Double { (0..<exponent).reduce(1) { power, _ in power * 10 } }
}
