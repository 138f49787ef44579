import ShoalWire

/// How the checksum of a datagram is wrong.
struct Corruption: Equatable {
  /// One bit of a datagram.
  struct Bit: Equatable {
    var byte: Int
    /// 0 is the lowest.
    var bit: Int
  }

  /// What the checksum field says.
  let found: UInt32
  /// What it should say.
  let computed: UInt32
  /// The single bit whose flip repairs the datagram, if there is one.
  let mend: Bit?

  /// Nil if the datagram, which has a header, is intact.
  init?(_ datagram: Span<UInt8>) {
    found = Checksum.found(datagram)
    computed = Checksum.compute(datagram)
    guard found != computed else { return nil }
    mend = Self.bit(of: found ^ computed, count: datagram.count)
  }

  /// The bit that changes the checksum of `count` bytes by `difference`.
  ///
  /// A CRC is linear, so a flipped bit changes it by the same amount whatever the bytes are: the last bit by the
  /// polynomial, each earlier bit by one more step of the register.
  private static func bit(of difference: UInt32, count: Int) -> Bit? {
    let field = Checksum.field
    if difference.nonzeroBitCount == 1 {
      let bit = difference.trailingZeroBitCount
      return Bit(byte: field.upperBound - 1 - bit / 8, bit: bit % 8)
    }
    let polynomial: UInt32 = 0x82f6_3b78
    var change = polynomial
    for index in stride(from: count * 8 - 1, through: 0, by: -1) {
      if change == difference, !field.contains(index / 8) { return Bit(byte: index / 8, bit: index % 8) }
      change = change >> 1 ^ (change & 1 == 1 ? polynomial : 0)
    }
    return nil
  }
}

extension Corruption: CustomStringConvertible {
  var description: String {
    let remedy = mend.map { "; flipping bit \($0.bit) of byte \($0.byte) mends it" } ?? ""
    return "corrupt: found \(hex(UInt64(found), 8)), computed \(hex(UInt64(computed), 8))\(remedy)"
  }
}
