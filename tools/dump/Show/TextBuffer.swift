import ShoalWire

/// Text that is made, in memory that is kept from one line to the next.
struct TextBuffer: ~Copyable {
  private var base: UnsafeMutablePointer<UInt8>
  private var capacity: Int
  private(set) var count = 0

  init(capacity: Int = 1 << 17) {
    self.capacity = capacity
    base = .allocate(capacity: capacity)
  }

  deinit { base.deallocate() }

  /// The text so far, valid until the next change.
  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }
  var text: String { String(decoding: bytes, as: UTF8.self) }

  mutating func removeAll() { count = 0 }
  /// Cuts the text to its first `count` bytes.
  mutating func truncate(_ count: Int) { self.count = min(self.count, count) }

  @inline(__always)
  private mutating func room(_ needed: Int) {
    if capacity - count < needed { grow(needed) }
  }

  @inline(never)
  private mutating func grow(_ needed: Int) {
    let larger = max(capacity * 2, count + needed)
    let fresh = UnsafeMutablePointer<UInt8>.allocate(capacity: larger)
    fresh.update(from: base, count: count)
    base.deallocate()
    (base, capacity) = (fresh, larger)
  }

  @inline(__always)
  mutating func append(_ text: StaticString) {
    room(text.utf8CodeUnitCount)
    (base + count).update(from: text.utf8Start, count: text.utf8CodeUnitCount)
    count += text.utf8CodeUnitCount
  }

  mutating func append(_ text: String) {
    var text = text
    text.withUTF8 { append(UnsafeRawBufferPointer($0)) }
  }

  mutating func append(_ bytes: UnsafeRawBufferPointer) {
    guard let start = bytes.baseAddress else { return }
    room(bytes.count)
    UnsafeMutableRawPointer(base + count).copyMemory(from: start, byteCount: bytes.count)
    count += bytes.count
  }

  @inline(__always)
  mutating func append(byte: UInt8) {
    room(1)
    base[count] = byte
    count += 1
  }

  /// The numbers below 100, two digits each.
  private static let pairs: StaticString = """
    00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748495051525354\
    555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899
    """

  /// A decimal number, at the right of a column of `width`, filled from the left.
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
    room(size)
    var place = base + count + size
    var rest = value
    // Two digits a division: half of a line is numbers.
    while rest >= 10 {
      let (quotient, pair) = rest.quotientAndRemainder(dividingBy: 100)
      place -= 2
      place.update(from: Self.pairs.utf8Start + Int(pair) * 2, count: 2)
      rest = quotient
    }
    if length & 1 == 1 {
      place -= 1
      place.pointee = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest)
    }
    for _ in 0..<size - length {
      place -= 1
      place.pointee = fill
    }
    count += size
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
    room(digits)
    for index in 0..<digits {
      let digit = UInt8(truncatingIfNeeded: value >> UInt64(4 * (digits - 1 - index))) & 15
      base[count + index] = digit + (digit < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") - 10)
    }
    count += digits
  }

  /// Writes hexadecimal digits over those that were written at `place`.
  mutating func patch(hex value: UInt64, _ digits: Int, at place: Int) {
    guard place >= 0, place + digits <= count else { return }
    let end = count
    count = place
    append(hex: value, digits)
    count = end
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
