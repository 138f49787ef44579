import Glibc
import ShoalBase

// Safety: the kernel fills a local structure.

/// The clocks of this machine.
package enum SystemClock {
  /// The monotonic clock, which nobody can set.
  package static func now() -> Instant { Instant(nanoseconds: read(CLOCK_MONOTONIC)) }

  /// Nanoseconds since 1970 (UTC), for logs.
  package static func wall() -> Nanoseconds { read(CLOCK_REALTIME) }

  /// Nanoseconds since 1970 for captures and qlogs: the monotonic clock, compared with the wall clock once, so that the
  /// time between two records stays true even if the wall clock is set.
  package static func stamp(at time: Instant = now()) -> Nanoseconds { time.nanoseconds &+ anchor }

  /// The wall clock at zero of the monotonic clock, as of when this process first asked.
  private static let anchor = wall() &- now().nanoseconds

  private static func read(_ clock: clockid_t) -> Nanoseconds {
    var time = timespec()
    unsafe clock_gettime(clock, &time)
    return Nanoseconds(time.tv_sec) &* .second &+ Nanoseconds(time.tv_nsec)
  }
}
