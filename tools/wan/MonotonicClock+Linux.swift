import Glibc
import ShoalBase

// Safety: the kernel fills a local structure.

/// The clock that nobody can set.
enum MonotonicClock {
  static func now() -> Instant {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return Instant(nanoseconds: Nanoseconds(time.tv_sec) &* .second &+ Nanoseconds(time.tv_nsec))
  }

  /// The span in the form that system calls take.
  static func span(_ span: Nanoseconds) -> Glibc.timespec {
    Glibc.timespec(tv_sec: Int(span / .second), tv_nsec: Int(span % .second))
  }
}
