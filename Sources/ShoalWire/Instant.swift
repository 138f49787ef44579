/// A span of time in nanoseconds; signed, so that differences need no care.
public typealias Nanoseconds = Int64

extension Nanoseconds {
  /// One microsecond.
  public static var microsecond: Nanoseconds { 1_000 }
  /// One millisecond.
  public static var millisecond: Nanoseconds { 1_000_000 }
  /// One second.
  public static var second: Nanoseconds { 1_000_000_000 }
}

/// A point on a monotonic clock that only the host reads; the core is told the time, it never asks.
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
  /// The instant `span` later; never wraps past `distantFuture`.
  @inlinable public static func + (a: Instant, span: Nanoseconds) -> Instant {
    let (sum, overflow) = a.nanoseconds.addingReportingOverflow(span)
    return Instant(nanoseconds: overflow ? .max : sum)
  }
  /// The instant `span` earlier.
  @inlinable public static func - (a: Instant, span: Nanoseconds) -> Instant {
    Instant(nanoseconds: a.nanoseconds &- span)
  }
  /// The time from `b` to `a`.
  @inlinable public static func - (a: Instant, b: Instant) -> Nanoseconds { a.nanoseconds &- b.nanoseconds }
}
