/// A bit for each number of a sliding window, kept in a ring of words that grows by doubling.
@frozen public struct BitRing: ~Copyable {
  @usableFromInline var words: WindowRing<UInt64>

  /// No bit is set.
  @inlinable public init(capacity: Int = 1024) { words = WindowRing(capacity: max(capacity / 64, 1), repeating: 0) }

  /// The word with a number's bit. Any number has its place in the ring: none lies outside it.
  @usableFromInline subscript(number: UInt64) -> UInt64 {
    @inlinable @inline(__always) get { words[number >> 6] }
    @inlinable @inline(__always) set { words[number >> 6] = newValue }
  }

  /// How far apart two numbers may be without being confused.
  @inlinable public var span: UInt64 { (words.capacity - 1) << 6 }

  /// Makes room for the numbers `base ... number`; those of the ring so far all lie in `base ..< top`.
  @inlinable public mutating func makeRoom(from base: UInt64, to top: UInt64, through number: UInt64) {
    while number - base >= span { words.grow(base >> 6..<(top + 63) >> 6, repeating: 0) }
  }

  /// Whether the number's bit is set.
  @inlinable public func contains(_ number: UInt64) -> Bool { self[number] & 1 << (number & 63) != 0 }
  /// Sets the number's bit.
  @inlinable public mutating func insert(_ number: UInt64) { self[number] |= 1 << (number & 63) }
  /// Clears the number's bit.
  @inlinable public mutating func remove(_ number: UInt64) { self[number] &= ~(1 << (number & 63)) }

  /// Clears the bits of numbers that are no further apart than `span`, a word at a time.
  @inlinable public mutating func remove(_ numbers: Range<UInt64>) {
    var number = numbers.lowerBound
    while number < numbers.upperBound {
      let next = min((number | 63) + 1, numbers.upperBound)
      let count = next - number
      self[number] &= ~((count == 64 ? .max : 1 << count - 1) << (number & 63))
      number = next
    }
  }

  /// The bits of eight numbers, the lowest first.
  @inlinable public func byte(from number: UInt64) -> UInt8 {
    let shift = number & 63
    let low = self[number] >> shift
    return UInt8(truncatingIfNeeded: shift > 56 ? low | self[number + 63] << (64 - shift) : low)
  }

  /// The first number at or after `number` whose bit has the given value, or `end` if there is none before it.
  @inlinable public func next(_ set: Bool, from number: UInt64, to end: UInt64) -> UInt64 {
    var n = number
    while n < end {
      let bits = (set ? self[n] : ~self[n]) >> (n & 63)
      if bits != 0 { return min(n + UInt64(bits.trailingZeroBitCount), end) }
      n = (n | 63) + 1
    }
    return end
  }
}
