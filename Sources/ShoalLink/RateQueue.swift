import ShoalBase

/// A line of a fixed rate behind a drop-tail queue. Its state is when the line will have sent all that it has accepted.
///
/// The queue counts every byte accepted and not yet sent, including the rest of the datagram being sent. A datagram
/// that would exceed the limit is dropped unless the line is idle: otherwise a queue shorter than a datagram would pass
/// none.
struct RateQueue: Sendable {
  /// Bits a second; 0 for no limit.
  private let rate: Int64
  /// Bytes that may wait.
  private let limit: Int
  private var busyUntil = Instant(nanoseconds: .min)
  /// What is still unsent at `busyUntil`, in billionths of a bit, less than `rate`: so fractions of a nanosecond add
  /// up.
  private var carry: Int64 = 0

  init(rate: Int64?, limit: Int) {
    self.rate = max(0, rate ?? 0)
    self.limit = limit
  }

  /// How long a datagram that arrives `now` waits behind those accepted before.
  func wait(at now: Instant) -> Nanoseconds { max(now, busyUntil) - now }

  /// When the last bit of `bytes` that arrive `now` will have been sent; nil if they do not fit.
  mutating func depart(bytes: Int, at now: Instant) -> Instant? {
    guard rate > 0 else { return now }
    let work = Int64(bytes) * 8_000_000_000
    if busyUntil < now {
      busyUntil = now
      carry = 0
    } else if busyUntil > now {
      let backlog = Int128(busyUntil - now) * Int128(rate) + Int128(carry)
      guard backlog + Int128(work) <= Int128(limit) * 8_000_000_000 else { return nil }
    }
    let (time, rest) = (work + carry).quotientAndRemainder(dividingBy: rate)
    busyUntil = busyUntil + time
    carry = rest
    return busyUntil
  }
}
