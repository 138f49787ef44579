import ShoalBase
import ShoalWire

// What text is made of: numbers, addresses, times.
extension TextBuffer {
  /// Appends a decimal number, right-aligned in a column of `width` that is filled on the left.
  mutating func append(_ value: UInt64, width: Int = 0, fill: UInt8 = UInt8(ascii: " ")) {
    guard value >= 10 || width > 1 else { return append(byte: UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value)) }
    var length = 1
    var bound: UInt64 = 10
    while value >= bound {
      length += 1
      let (next, overflow) = bound.multipliedReportingOverflow(by: 10)
      if overflow { break }
      bound = next
    }
    let size = max(length, width)
    append(size) { text in
      var place = size
      var rest = value
      // Two digits a division: half of a line is numbers.
      while rest >= 10 {
        let (quotient, pair) = rest.quotientAndRemainder(dividingBy: 100)
        let tens = (pair &* 205) &>> 11
        place -= 2
        text[place] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: tens)
        text[place + 1] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: pair &- tens &* 10)
        rest = quotient
      }
      if length & 1 == 1 {
        place -= 1
        text[place] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest)
      }
      for index in 0..<place { text[index] = fill }
    }
  }

  mutating func append(_ value: UInt32) { append(UInt64(value)) }
  mutating func append(_ value: UInt16) { append(UInt64(value)) }
  mutating func append(_ value: UInt8) { append(UInt64(value)) }
  mutating func append(_ value: Int) {
    if value < 0 { append(byte: UInt8(ascii: "-")) }
    append(UInt64(value.magnitude))
  }
  mutating func append(_ value: Int64) { append(Int(value)) }

  /// The lowest `digits` hexadecimal digits.
  mutating func append(hex value: UInt64, _ digits: Int) {
    append(digits) { text in for index in 0..<digits { text[index] = Self.digit(value, index, of: digits) } }
  }

  /// Writes hexadecimal digits over those that were written at `place`.
  mutating func patch(hex value: UInt64, _ digits: Int, at place: Int) {
    guard place >= 0, place + digits <= count else { return }
    for index in 0..<digits { self[place + index] = Self.digit(value, index, of: digits) }
  }

  private static func digit(_ value: UInt64, _ index: Int, of digits: Int) -> UInt8 {
    let digit = UInt8(truncatingIfNeeded: value >> UInt64(4 * (digits - 1 - index))) & 15
    return digit + (digit < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") - 10)
  }

  /// `192.0.2.7:7401`.
  mutating func append(_ address: Address) {
    guard address.isIPv4 else { return append("\(address)") }
    let ip = address.ipv4
    append(UInt64(ip >> 24))
    append(byte: UInt8(ascii: "."))
    append(UInt64(ip >> 16 & 255))
    append(byte: UInt8(ascii: "."))
    append(UInt64(ip >> 8 & 255))
    append(byte: UInt8(ascii: "."))
    append(UInt64(ip & 255))
    append(byte: UInt8(ascii: ":"))
    append(UInt64(address.port))
  }

  /// Nanoseconds as milliseconds with microseconds: `48.200 ms`.
  mutating func append(milliseconds nanoseconds: UInt64) {
    let microseconds = nanoseconds / 1_000
    append(microseconds / 1_000)
    append(byte: UInt8(ascii: "."))
    append(microseconds % 1_000, width: 3, fill: UInt8(ascii: "0"))
    append(" ms")
  }
}
