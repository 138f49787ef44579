import ShoalBase

/// Damage to one datagram: 1 to 3 different bits, anywhere in its UDP payload, flip.
///
/// The UDP checksum is assumed to be recomputed, because otherwise a kernel would drop the datagram before anyone saw
/// it.
package struct Corruption: Sendable, Equatable {
  /// How many bits flip, 1…3.
  package let count: Int
  // Distinct and ascending; the first `count` are in use, the others 0.
  private let first: UInt32, second: UInt32, third: UInt32

  /// Bits drawn from `generator`; nil if there is no payload to damage.
  init?(payloadLength: Int, generator: inout SeededGenerator) {
    guard payloadLength > 0 else { return nil }
    let bits = UInt64(min(payloadLength, Int(UInt32.max) / 8)) * 8
    count = 1 + Int(generator.below(3))
    // Each draw skips the places already taken, so that no flip undoes another.
    let a = generator.below(bits)
    guard count > 1 else {
      (first, second, third) = (UInt32(a), 0, 0)
      return
    }
    var b = generator.below(bits - 1)
    if b >= a { b += 1 }
    let (low, high) = (min(a, b), max(a, b))
    guard count > 2 else {
      (first, second, third) = (UInt32(low), UInt32(high), 0)
      return
    }
    var c = generator.below(bits - 2)
    if c >= low { c += 1 }
    if c >= high { c += 1 }
    first = UInt32(min(low, c))
    second = UInt32(max(low, min(high, c)))
    third = UInt32(max(high, c))
  }

  /// The place of flip `index` (0 ..< `count`, ascending): 8 × the byte's offset in the payload + the bit's number, 0
  /// being the lowest bit.
  package func bit(_ index: Int) -> Int {
    precondition(index >= 0 && index < count)
    return Int(index == 0 ? first : index == 1 ? second : third)
  }

  /// Flips the bits in `payload`, the whole UDP payload; places past its end are ignored.
  package func apply(to payload: inout MutableSpan<UInt8>) {
    for index in 0..<count {
      let bit = bit(index)
      if bit >> 3 < payload.count { payload[bit >> 3] ^= 1 << UInt8(bit & 7) }
    }
  }

  /// The same, in an array.
  package func apply(to payload: inout [UInt8]) {
    var span = payload.mutableSpan
    apply(to: &span)
  }
}
