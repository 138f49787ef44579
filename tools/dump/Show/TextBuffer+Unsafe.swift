// Safety: the memory is freed in `deinit` or when it is replaced, and cannot be shared, since the type is noncopyable.
// Everything is written after the first `count` bytes, into room made for it; only written bytes are counted and lent.

/// Text under construction, in memory that is kept from one line to the next.
@safe struct TextBuffer: ~Copyable {
  private var base: UnsafeMutablePointer<UInt8>
  private var capacity: Int
  /// How many bytes there are so far.
  private(set) var count = 0

  init(capacity: Int = 1 << 17) {
    self.capacity = max(capacity, 64)
    unsafe base = .allocate(capacity: self.capacity)
  }

  deinit { unsafe base.deallocate() }

  /// Lends the bytes so far.
  func read<Result>(_ body: (Span<UInt8>) -> Result) -> Result {
    body(unsafe Span(_unsafeElements: UnsafeBufferPointer(start: base, count: count)))
  }
  var text: String { unsafe String(decoding: UnsafeBufferPointer(start: base, count: count), as: UTF8.self) }

  mutating func removeAll() { count = 0 }
  /// Cuts the text to its first `count` bytes.
  mutating func truncate(_ count: Int) { self.count = max(0, min(self.count, count)) }

  subscript(place: Int) -> UInt8 {
    get {
      precondition(place >= 0 && place < count)
      return unsafe base[place]
    }
    set {
      precondition(place >= 0 && place < count)
      unsafe base[place] = newValue
    }
  }

  @inline(__always)
  private mutating func room(_ needed: Int) {
    if capacity - count < needed { grow(needed) }
  }

  @inline(never)
  private mutating func grow(_ needed: Int) {
    let larger = max(capacity * 2, count + needed)
    let fresh = UnsafeMutablePointer<UInt8>.allocate(capacity: larger)
    unsafe fresh.update(from: base, count: count)
    unsafe base.deallocate()
    unsafe (base, capacity) = (fresh, larger)
  }

  @inline(__always)
  mutating func append(_ text: StaticString) {
    room(text.utf8CodeUnitCount)
    unsafe (base + count).update(from: text.utf8Start, count: text.utf8CodeUnitCount)
    count += text.utf8CodeUnitCount
  }

  mutating func append(_ text: String) {
    var text = text
    text.withUTF8 { unsafe append($0.span) }
  }

  mutating func append(_ bytes: Span<UInt8>) {
    room(bytes.count)
    unsafe bytes.withUnsafeBufferPointer { source in
      guard let start = source.baseAddress else { return }
      unsafe (base + count).update(from: start, count: source.count)
    }
    count += bytes.count
  }

  @inline(__always)
  mutating func append(byte: UInt8) {
    room(1)
    unsafe base[count] = byte
    count += 1
  }

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
    room(size)
    // From the last digit to the first, two per division, because half of a line is numbers; then the padding.
    var place = unsafe base + count + size
    var rest = value
    while rest >= 10 {
      let (quotient, pair) = rest.quotientAndRemainder(dividingBy: 100)
      let tens = (pair &* 205) &>> 11
      unsafe place -= 2
      unsafe place[0] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: tens)
      unsafe place[1] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: pair &- tens &* 10)
      rest = quotient
    }
    if length & 1 == 1 {
      unsafe place -= 1
      unsafe place.pointee = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest)
    }
    for _ in 0..<size - length {
      unsafe place -= 1
      unsafe place.pointee = fill
    }
    count += size
  }

  /// Appends the lowest `digits` hexadecimal digits.
  mutating func append(hex value: UInt64, _ digits: Int) {
    room(digits)
    for index in 0..<digits { unsafe base[count + index] = TextBuffer.digit(value, index, of: digits) }
    count += digits
  }
}
