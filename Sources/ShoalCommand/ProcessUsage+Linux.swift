import Glibc

// Safety: the kernel fills a local structure.

/// What this process has used so far.
struct ProcessUsage {
  /// Seconds of processor time.
  let cpu: Double
  /// The peak of its resident memory, in bytes.
  let peakMemory: Int

  static var now: ProcessUsage {
    var usage = rusage()
    unsafe getrusage(RUSAGE_SELF, &usage)
    func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
    return ProcessUsage(cpu: seconds(usage.ru_utime) + seconds(usage.ru_stime), peakMemory: usage.ru_maxrss * 1_024)
  }
}
