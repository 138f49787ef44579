/// A span of time in nanoseconds; signed, so that differences need no care.
public typealias Nanoseconds = Int64

extension Nanoseconds {
  /// One microsecond.
  public static var microsecond: Nanoseconds { 1_000 }
  /// One millisecond.
  public static var millisecond: Nanoseconds { 1_000_000 }
  /// One second.
  public static var second: Nanoseconds { 1_000_000_000 }

  /// The span nearest to this many nanoseconds; 0 for a value that is not a number.
  @inlinable public init(saturating nanoseconds: Double) {
    // 2^63 is the least that does not fit.
    self = nanoseconds >= 0x1p63 ? .max : nanoseconds <= -0x1p63 ? .min : nanoseconds.isNaN ? 0 : Int64(nanoseconds)
  }

  @inlinable func saturatingAdd(_ other: Nanoseconds) -> Nanoseconds {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? (other > 0 ? .max : .min) : sum
  }
  @inlinable func saturatingSubtract(_ other: Nanoseconds) -> Nanoseconds {
    let (difference, overflow) = subtractingReportingOverflow(other)
    return overflow ? (other > 0 ? .min : .max) : difference
  }
}

/// A point on a monotonic clock. Only the host reads the clock; the core is given the time.
public struct Instant: Hashable, Comparable, Sendable, BitwiseCopyable {
  /// Nanoseconds since the clock's own, arbitrary beginning.
  public var nanoseconds: Int64

  /// The instant `nanoseconds` after the clock's beginning.
  @inlinable public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  /// The clock's beginning.
  @inlinable public static var zero: Instant { Instant(nanoseconds: 0) }
  /// Later than any instant that is reached; stands for "no deadline".
  @inlinable public static var distantFuture: Instant { Instant(nanoseconds: .max) }

  /// Earlier or later in time.
  @inlinable public static func < (a: Instant, b: Instant) -> Bool { a.nanoseconds < b.nanoseconds }
  /// The instant `span` later; neither traps nor wraps past the ends of time.
  @inlinable public static func + (a: Instant, span: Nanoseconds) -> Instant {
    Instant(nanoseconds: a.nanoseconds.saturatingAdd(span))
  }
  /// The instant `span` earlier; neither traps nor wraps past the ends of time.
  @inlinable public static func - (a: Instant, span: Nanoseconds) -> Instant {
    Instant(nanoseconds: a.nanoseconds.saturatingSubtract(span))
  }
  /// The time from `b` to `a`, saturating.
  @inlinable public static func - (a: Instant, b: Instant) -> Nanoseconds {
    a.nanoseconds.saturatingSubtract(b.nanoseconds)
  }
}
