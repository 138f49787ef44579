// Safety: freed in `deinit` or when it is replaced, as this cannot be copied. Everything is written behind `count` bytes,
// into room that was made for it, and only those bytes are lent.

/// Text being put together, in memory that is kept from one line to the next.
@safe struct TextBuffer: ~Copyable {
  private var base: UnsafeMutablePointer<UInt8>
  private var capacity: Int
  /// The bytes so far.
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

  /// Has all of `size` bytes written.
  @inline(__always)
  mutating func append(_ size: Int, _ write: (inout MutableSpan<UInt8>) -> Void) {
    precondition(size >= 0)
    room(size)
    // Nothing is shown that was not written.
    unsafe (base + count).initialize(repeating: 0, count: size)
    var span = unsafe MutableSpan(_unsafeElements: UnsafeMutableBufferPointer(start: base + count, count: size))
    write(&span)
    count += size
  }
}
