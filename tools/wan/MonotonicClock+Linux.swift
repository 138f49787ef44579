import Glibc
import ShoalBase

/// The clock that no one sets.
enum MonotonicClock {
  static func now() -> Instant {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return Instant(nanoseconds: Nanoseconds(time.tv_sec) &* .second &+ Nanoseconds(time.tv_nsec))
  }

  /// `span` as the system takes it.
  static func span(_ span: Nanoseconds) -> Glibc.timespec {
    Glibc.timespec(tv_sec: Int(span / .second), tv_nsec: Int(span % .second))
  }
}
