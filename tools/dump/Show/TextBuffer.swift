import ShoalBase
import ShoalWire

/// Text being put together, in memory that is kept from one line to the next.
struct TextBuffer: ~Copyable {
  /// The text so far.
  private(set) var bytes: [UInt8] = []

  init(capacity: Int = 1 << 17) { bytes.reserveCapacity(capacity) }

  var count: Int { bytes.count }
  var text: String { String(decoding: bytes, as: UTF8.self) }

  mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }
  /// Cuts the text to its first `count` bytes.
  mutating func truncate(_ count: Int) { if count < bytes.count { bytes.removeLast(bytes.count - count) } }

  @inline(__always)
  mutating func append(_ text: StaticString) { bytes.append(text) }
  mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }
  mutating func append(_ bytes: Span<UInt8>) { self.bytes.append(bytes) }
  @inline(__always)
  mutating func append(byte: UInt8) { bytes.append(byte) }

  /// Appends a decimal number, right-aligned in a column of `width` that is filled on the left.
  mutating func append(_ value: UInt64, width: Int = 0, fill: UInt8 = UInt8(ascii: " ")) {
    guard value >= 10 || width > 1 else { return append(byte: UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value)) }
    var digits = InlineArray<20, UInt8>(repeating: 0)
    var place = digits.count
    var rest = value
    repeat {
      let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
      place -= 1
      digits[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: digit)
      rest = quotient
    } while rest > 0
    for _ in 0..<max(width - (digits.count - place), 0) { append(byte: fill) }
    append(digits.span.extracting(place...))
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
    for index in 0..<digits { append(byte: Self.digit(value, index, of: digits)) }
  }

  /// Writes hexadecimal digits over those that were written at `place`.
  mutating func patch(hex value: UInt64, _ digits: Int, at place: Int) {
    guard place >= 0, place + digits <= count else { return }
    for index in 0..<digits { bytes[place + index] = Self.digit(value, index, of: digits) }
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
