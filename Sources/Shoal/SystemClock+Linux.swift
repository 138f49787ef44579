import Glibc
import ShoalWire

/// The clocks of this machine.
package enum SystemClock {
  /// The monotonic clock, which no one sets.
  package static func now() -> Instant { Instant(nanoseconds: read(CLOCK_MONOTONIC)) }

  /// Nanoseconds since 1970 (UTC), for logs and captures.
  package static func wall() -> Nanoseconds { read(CLOCK_REALTIME) }

  private static func read(_ clock: clockid_t) -> Nanoseconds {
    var time = timespec()
    clock_gettime(clock, &time)
    return Nanoseconds(time.tv_sec) &* .second &+ Nanoseconds(time.tv_nsec)
  }
}
