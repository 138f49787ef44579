import ShoalBase

/// Packet numbers are 64 bits wide internally, so that nothing wraps; their lower 32 bits are on the wire.
enum Numbering {
  /// The number of the first packet, far enough from 0 that there is a number below it.
  static func first(_ wire: UInt32) -> UInt64 { 1 << 32 | UInt64(wire) }

  /// The number nearest to `near` whose lower 32 bits are `wire` (serial arithmetic, RFC 1982).
  @inline(__always)
  static func expand(_ wire: UInt32, near: UInt64) -> UInt64 {
    let difference = Int32(bitPattern: wire &- UInt32(truncatingIfNeeded: near))
    return UInt64(bitPattern: Int64(bitPattern: near) &+ Int64(difference))
  }
}

extension Instant {
  /// The clock in microseconds, modulo 2^32: what a timestamp carries.
  var wireMicroseconds: UInt32 { UInt32(truncatingIfNeeded: nanoseconds / 1_000) }
}
