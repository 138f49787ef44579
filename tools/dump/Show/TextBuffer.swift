import ShoalBase
import ShoalWire

// Numbers, addresses and times as text.
extension TextBuffer {
  mutating func append(_ value: UInt32) { append(UInt64(value)) }
  mutating func append(_ value: UInt16) { append(UInt64(value)) }
  mutating func append(_ value: UInt8) { append(UInt64(value)) }
  mutating func append(_ value: Int) {
    if value < 0 { append(byte: UInt8(ascii: "-")) }
    append(UInt64(value.magnitude))
  }
  mutating func append(_ value: Int64) { append(Int(value)) }

  /// Overwrites the hexadecimal digits at `place`.
  mutating func patch(hex value: UInt64, _ digits: Int, at place: Int) {
    guard place >= 0, place + digits <= count else { return }
    for index in 0..<digits { self[place + index] = Self.digit(value, index, of: digits) }
  }

  static func digit(_ value: UInt64, _ index: Int, of digits: Int) -> UInt8 {
    let digit = UInt8(truncatingIfNeeded: value >> UInt64(4 * (digits - 1 - index))) & 15
    return digit + (digit < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") - 10)
  }

  /// Appends an address: `192.0.2.7:7401`.
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

  /// Appends nanoseconds as milliseconds with three decimals: `48.200 ms`.
  mutating func append(milliseconds nanoseconds: UInt64) {
    let microseconds = nanoseconds / 1_000
    append(microseconds / 1_000)
    append(byte: UInt8(ascii: "."))
    append(microseconds % 1_000, width: 3, fill: UInt8(ascii: "0"))
    append(" ms")
  }
}
