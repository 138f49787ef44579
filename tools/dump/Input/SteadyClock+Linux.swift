import Glibc

// Safety: the kernel fills a local structure.

/// Steady times for packets that the kernel stamps by the wall clock: as if nobody had set that clock since the capture
/// began.
struct SteadyClock {
  /// If the wall clock has gained less than this on the monotonic one since the last reading, in nanoseconds, that is
  /// drift, or comes from reading one clock after the other.
  private static let least: Int64 = 5_000_000

  /// How far the wall clock is ahead of the monotonic one, in nanoseconds.
  private var difference: Int64
  /// How far it has been set ahead since the capture began, and how far it had been before it was last set.
  private var shift: Int64 = 0
  private var before: Int64 = 0
  /// The wall clock when it was last read.
  private var wall: Int64

  init() {
    let (monotonic, wall) = Self.read()
    self.init(monotonic: monotonic, wall: wall)
  }

  /// A clock that has these readings.
  init(monotonic: Int64, wall: Int64) {
    self.wall = wall
    difference = wall &- monotonic
  }

  /// Reads the clocks; must be called before `time(of:)` is asked about packets that have just come.
  mutating func read() {
    let (monotonic, wall) = Self.read()
    note(monotonic: monotonic, wall: wall)
  }

  /// Notes what the clocks say.
  mutating func note(monotonic: Int64, wall: Int64) {
    let gained = (wall &- monotonic) &- difference
    self.wall = wall
    difference = wall &- monotonic
    if gained.magnitude > Self.least { (before, shift) = (shift, shift &+ gained) }
  }

  /// The steady time of a stamp. A packet may have been stamped before the clock was set and read after that; in either
  /// case it came a moment ago.
  func time(of stamp: UInt64) -> UInt64 {
    guard shift != before else { return stamp }
    let stamp = Int64(clamping: stamp)
    let wasBefore = (wall &- shift &+ before &- stamp).magnitude < (wall &- stamp).magnitude
    return UInt64(clamping: stamp &- (wasBefore ? before : shift))
  }

  /// Both clocks at nearly the same moment: an interruption between the two readings is noticed.
  private static func read() -> (monotonic: Int64, wall: Int64) {
    var best: (gap: Int64, monotonic: Int64, wall: Int64)?
    for _ in 0..<4 {
      let start = read(CLOCK_MONOTONIC)
      let wall = read(CLOCK_REALTIME)
      let gap = read(CLOCK_MONOTONIC) &- start
      if gap < best?.gap ?? .max { best = (gap, start &+ gap / 2, wall) }
      if gap < 100_000 { break }
    }
    return best.map { ($0.monotonic, $0.wall) } ?? (0, 0)
  }

  private static func read(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    unsafe clock_gettime(clock, &time)
    return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
  }
}
