import Glibc

// Safety: the system fills local structures.

/// A calendar time, counted from 1970 in UTC.
package struct Timestamp: Sendable, Equatable {
  let seconds: Int64
  let nanoseconds: Int64

  /// The time that is this long after (or before) 1970.
  package init(seconds: Int64, nanoseconds: Int64 = 0) { (self.seconds, self.nanoseconds) = (seconds, nanoseconds) }

  /// The time now.
  package static var now: Timestamp {
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(seconds: Int64(time.tv_sec), nanoseconds: Int64(time.tv_nsec))
  }

  /// RFC 3339 in UTC with milliseconds: `2026-11-22T14:03:14.802Z`.
  package var rfc3339: String {
    let (days, time) = floorDivide(seconds, 86_400)
    let (year, month, day) = civil(days)
    let clock = [time / 3600, time / 60 % 60, time % 60].map { digits($0, 2) }.joined(separator: ":")
    return "\(digits(year, 4))-\(digits(month, 2))-\(digits(day, 2))T\(clock).\(digits(nanoseconds / 1_000_000, 3))Z"
  }

  /// The local time of day: `14:03:09`.
  package var localTime: String {
    var time = time_t(seconds)
    var parts = unsafe tm()
    guard unsafe localtime_r(&time, &parts) != nil else { return rfc3339 }
    return unsafe [parts.tm_hour, parts.tm_min, parts.tm_sec].map { digits(Int64($0), 2) }.joined(separator: ":")
  }
}

private func digits(_ number: Int64, _ count: Int) -> String {
  let text = String(number)
  return String(repeating: "0", count: max(0, count - text.count)) + text
}

private func floorDivide(_ number: Int64, _ divisor: Int64) -> (quotient: Int64, remainder: Int64) {
  let remainder = (number % divisor + divisor) % divisor
  return ((number - remainder) / divisor, remainder)
}

/// Days since 1970 as a date of the Gregorian calendar, computed in eras of 400 years that begin on 1 March, so that a
/// leap day comes last.
private func civil(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
  let (era, dayOfEra) = floorDivide(days + 719_468, 146_097)
  let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
  let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
  let monthFromMarch = (5 * dayOfYear + 2) / 153
  let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
  let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
  return (era * 400 + yearOfEra + (month <= 2 ? 1 : 0), month, day)
}
