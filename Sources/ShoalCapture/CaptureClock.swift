/// How an interface counts time (pcapng §4.2, `if_tsresol` and `if_tsoffset`).
struct CaptureClock: Equatable, Sendable {
  private var multiplier: UInt64
  private var divisor: UInt128
  private var offset: Int64

  /// - Parameters:
  ///   - resolution: 10 to the minus this value or, if the top bit is set, 2 to the minus its low seven bits.
  ///   - offset: seconds to add to every time.
  init(resolution: UInt8, offset: Int64) {
    self.offset = offset
    let exponent = Int(resolution & 0x7f)
    if resolution & 0x80 != 0 {
      multiplier = 1_000_000_000
      divisor = UInt128(1) << UInt128(exponent)
    } else {
      multiplier = 1
      divisor = 1
      for _ in 0..<max(9 - exponent, 0) { multiplier *= 10 }
      // 10^20 exceeds any count of ticks, and further powers would overflow.
      for _ in 0..<min(max(exponent - 9, 0), 20) { divisor *= 10 }
    }
  }

  static var microseconds: CaptureClock { CaptureClock(resolution: 6, offset: 0) }
  static var nanoseconds: CaptureClock { CaptureClock(resolution: 9, offset: 0) }

  /// Nanoseconds since the epoch, saturated.
  func time(ticks: UInt64) -> UInt64 {
    if divisor == 1 && offset == 0 {
      let (value, overflow) = ticks.multipliedReportingOverflow(by: multiplier)
      return overflow ? .max : value
    }
    // Both are below 2^94 in magnitude: neither the sum nor the product can overflow 128 bits.
    let scaled = UInt128(ticks) * UInt128(multiplier) / divisor
    return UInt64(clamping: Int128(scaled) + Int128(offset) * 1_000_000_000)
  }
}
