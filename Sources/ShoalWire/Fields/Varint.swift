import ShoalBase

/// Variable-length integers as in RFC 9000 §16: the two highest bits of the first byte give the length, 1, 2, 4
/// or 8 bytes, and the rest is the number, big-endian, below 2^62.
public enum Varint {
  /// The largest number that can be written.
  public static let max: UInt64 = 1 << 62 - 1

  /// How many bytes the number takes.
  @inlinable public static func size(_ value: UInt64) -> Int {
    value < 1 << 6 ? 1 : value < 1 << 14 ? 2 : value < 1 << 30 ? 4 : 8
  }

  /// The number at `offset`, which moves past it; nil if the bytes end first.
  @inlinable @inline(__always)
  public static func read(_ bytes: Span<UInt8>, _ offset: inout Int) -> UInt64? {
    guard bytes.count - offset >= 8 else { return readAtEnd(bytes, &offset) }
    // All eight bytes at once, of which the first ones are the number's.
    let word = bytes.bigEndian(at: offset, as: UInt64.self)
    let size = 1 &<< Int(truncatingIfNeeded: word &>> 62)
    offset += size
    return ((word &<< 2) &>> 2) &>> UInt64(truncatingIfNeeded: 64 - 8 * size)
  }

  /// The same where fewer than eight bytes are left.
  @usableFromInline static func readAtEnd(_ bytes: Span<UInt8>, _ offset: inout Int) -> UInt64? {
    guard offset < bytes.count else { return nil }
    let size = 1 << Int(bytes[offset] >> 6)
    guard bytes.count - offset >= size else { return nil }
    var value = UInt64(bytes[offset] & 0x3f)
    for i in 1..<size { value = value << 8 | UInt64(bytes[offset + i]) }
    offset += size
    return value
  }

  /// Writes the number at `offset`, which moves past it; false, and nothing written, if it does not fit.
  @inlinable public static func write(_ value: UInt64, _ bytes: inout MutableSpan<UInt8>, _ offset: inout Int) -> Bool {
    let size = size(value)
    guard bytes.count - offset >= size else { return false }
    for i in 0..<size {
      bytes[offset + i] = UInt8(truncatingIfNeeded: value >> UInt64(8 * (size - 1 - i)))
    }
    let length = UInt8(size.trailingZeroBitCount) << 6
    bytes[offset] |= length
    offset += size
    return true
  }
}
