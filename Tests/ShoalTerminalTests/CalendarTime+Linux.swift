import Glibc

// Safety: the system fills local structures.

/// A moment's date and time of day as the C library has it, in UTC or in local time.
func calendarTime(_ seconds: Int, isLocal: Bool = false) -> [Int32] {
  var time = time_t(seconds)
  var parts = unsafe tm()
  if isLocal { unsafe localtime_r(&time, &parts) } else { unsafe gmtime_r(&time, &parts) }
  return unsafe [
    parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
  ]
}
