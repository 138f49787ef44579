import ShoalBase

/// The ones' complement sum of RFC 1071, over parts that each start at an even offset.
struct InternetSum {
  // The sum of 32-bit little-endian words: RFC 1071 §2(B) allows the bytes to be swapped once, at the end.
  // 64 bits are enough for the sum of 16 GiB.
  private var sum: UInt64 = 0

  /// Adds `bytes`. If their number is odd, a zero is assumed to follow, so nothing else may be added after them.
  mutating func add(_ bytes: Span<UInt8>) {
    let count = bytes.count
    let whole = count & ~3
    var total: UInt64 = 0
    var offset = 0
    while offset < whole {
      total &+= UInt64(bytes.bigEndian(at: offset, as: UInt32.self).byteSwapped)
      offset &+= 4
    }
    var shift: UInt64 = 0
    while offset < count {
      total &+= UInt64(bytes[offset]) << shift
      shift &+= 8
      offset &+= 1
    }
    sum &+= total
  }

  /// Adds a number as two bytes in network order.
  mutating func add(_ value: UInt16) { sum &+= UInt64(value.byteSwapped) }

  /// Adds a number as four bytes in network order.
  mutating func add(_ value: UInt32) { sum &+= UInt64(value.byteSwapped) }

  /// Adds a number as eight bytes in network order.
  mutating func add(_ value: UInt64) {
    add(UInt32(truncatingIfNeeded: value >> 32))
    add(UInt32(truncatingIfNeeded: value))
  }

  /// The sum folded to 16 bits, as a number read in network order; a checksum is its complement.
  var folded: UInt16 {
    var value = (sum & 0xffff_ffff) &+ (sum >> 32)
    while value > 0xffff { value = (value & 0xffff) &+ (value >> 16) }
    return UInt16(truncatingIfNeeded: value).byteSwapped
  }
}
