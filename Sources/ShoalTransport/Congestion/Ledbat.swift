import ShoalBase

/// LEDBAT (RFC 6817) with the corrections of LEDBAT++ (draft-irtf-iccrg-ledbat-plus-plus): takes what others leave,
/// keeping the queue that it makes below a target.
///
/// The corrections: round trips instead of one-way delays; a gain that makes it slower than TCP where the path is
/// short; multiplicative decrease, so that latecomers get their share; and occasional slowdowns, in which the queue
/// drains and the base delay is seen.
struct Ledbat: CongestionController {
  /// The bytes of a full datagram.
  var datagram: Int
  private var size: Double
  private var threshold = Double.infinity
  private var base = BaseDelay()
  private var recent = RecentLeast()
  private var smoothed = Constants.initialRoundTrip
  private var reducedAt: Instant?
  /// The decrease is applied once a round trip.
  private var decreasedAt: Instant?
  private var slowdown = Slowdown()
  private var exemption = CorruptionExemption()
  private var undo: (size: Double, threshold: Double, doubt: DoubtedLosses)?

  /// The delay that it allows itself to cause (LEDBAT++ §4.2).
  static let target: Nanoseconds = 60 * .millisecond
  /// The share of the target at which slow start ends (LEDBAT++ §4.4).
  private static let startShare = 0.75
  private static let leastWindow = 2.0

  init(datagram: Int) {
    self.datagram = datagram
    // As a guest it begins with little (LEDBAT++ §4.4).
    size = Double(2 * datagram)
  }

  var stateName: String {
    if slowdown.isActive { return "slowdown" }
    return size < threshold ? "slow_start" : "avoidance"
  }
  /// The most bytes in flight.
  var window: Int {
    max(Int(Int64(saturating: slowdown.isActive ? 0 : size)), Int(Ledbat.leastWindow) * datagram)
  }
  /// Bytes per second.
  var pacingRate: Double {
    Double(window) * (size < threshold ? 2 : 1.25) * 1e9 / Double(max(smoothed, .microsecond))
  }

  var decision: CongestionDecision { CongestionDecision(window: window, pacingRate: pacingRate) }

  mutating func started(roundTrip: Nanoseconds, _: PathMemory?, at now: Instant) { smoothed = roundTrip }

  mutating func acknowledged(_ sample: CongestionSample) {
    smoothed = sample.smoothedRoundTrip
    let lost = exemption.counting(sample)
    if let roundTrip = sample.roundTrip {
      base.add(roundTrip, at: sample.now)
      recent.add(roundTrip)
    }
    if slowdown.isActive {
      guard slowdown.isOver(sample.now) else { return }
      size = Ledbat.leastWindow * Double(datagram)
      threshold = slowdown.restored
    }
    let isRestored = restoreIfSpurious(sample)
    // Losses that a timer found are reported with the next ACK, which may be the one that shows that they were none.
    if lost > 0, isRestored || sample.spurious * 2 < lost { reduce(for: lost, sample) }
    if slowdown.isDue(sample.now) { return slowdown.begin(window: size, smoothed, at: sample.now) }
    guard sample.ackedBytes > 0, let floor = base.least, let recent = recent.least else { return }
    let delay = max(recent - floor, 0)
    let acked = Double(sample.ackedBytes)
    if size < threshold {
      // The way back after a slowdown is not cut short by what others queue meanwhile (LEDBAT++ §4.4).
      guard threshold.isFinite || Double(delay) <= Ledbat.startShare * Double(Ledbat.target) else {
        return endSlowStart(at: sample.now)
      }
      if sample.fills(size, half: true, datagram) { size += acked * gain(floor) }
      if size >= threshold { slowdown.recovered(smoothed, at: sample.now) }
    } else if delay < Ledbat.target {
      if sample.fills(size, datagram) { size += gain(floor) * Double(datagram) * acked / size }
    } else if decreasedAt.map({ sample.now - $0 >= smoothed }) ?? true {
      decreasedAt = sample.now
      let over = Double(delay) / Double(Ledbat.target) - 1
      size = max(size + max(gain(floor) * Double(datagram) - size * over, -size / 2), 2 * Double(datagram))
    }
  }

  private mutating func reduce(for lost: Int, _ sample: CongestionSample) {
    undo?.doubt.add(lost)
    if let reducedAt, sample.losses.newestSentAt.map({ $0 <= reducedAt }) ?? true { return }
    undo = (size, threshold, DoubtedLosses(lost, roundTrip: smoothed, at: sample.now))
    reducedAt = sample.now
    size = max(size / 2, Ledbat.leastWindow * Double(datagram))
    threshold = size
  }

  private mutating func restoreIfSpurious(_ sample: CongestionSample) -> Bool {
    guard let verdict = undo?.doubt.arrived(sample.spurious, at: sample.now), verdict != .open else { return false }
    if verdict == .spurious {
      size = max(size, undo!.size)
      threshold = undo!.threshold
    } else if size >= threshold {
      // Slow start is over for good, and slowdowns must still show the base delay from time to time.
      slowdown.recovered(smoothed, at: sample.now)
    }
    undo = nil
    return verdict == .spurious
  }

  private mutating func endSlowStart(at now: Instant) {
    threshold = size
    slowdown.recovered(smoothed, at: now)
  }

  /// LEDBAT++ §4.2: 1 / min(16, ⌈2 · target / base⌉).
  private func gain(_ floor: Nanoseconds) -> Double {
    1 / Double(min(16, max((2 * Ledbat.target + floor - 1) / max(floor, 1), 1)))
  }

  mutating func timedOut(count: Int) {
    guard count == 3 else { return }
    threshold = max(size / 2, 2 * Double(datagram))
    size = 2 * Double(datagram)
  }

  /// The least round trip of the last ten minutes, by the minute (RFC 6817 §3.4.2, BASE_HISTORY).
  private struct BaseDelay {
    private var minutes: InlineArray<10, (minute: UInt64, least: Nanoseconds)?> = .init(repeating: nil)
    private var newest: UInt64 = 0

    mutating func add(_ sample: Nanoseconds, at now: Instant) {
      newest = now.nanoseconds.magnitude / UInt64(60 * Nanoseconds.second)
      let place = Int(newest % 10)
      let known = minutes[place].flatMap { $0.minute == newest ? $0.least : nil }
      minutes[place] = (newest, min(known ?? sample, sample))
    }

    var least: Nanoseconds? {
      var least: Nanoseconds?
      for i in 0..<10 {
        if let (minute, sample) = minutes[i], minute + 10 > newest { least = min(least ?? sample, sample) }
      }
      return least
    }
  }

  /// The least of the last four samples: noise is not delay (RFC 6817 §3.4.2, CURRENT_FILTER).
  private struct RecentLeast {
    private var samples: InlineArray<4, Nanoseconds?> = .init(repeating: nil)
    private var next = 0

    mutating func add(_ sample: Nanoseconds) {
      samples[next] = sample
      next = (next + 1) % 4
    }

    var least: Nanoseconds? {
      var least = samples[0]
      for i in 1..<4 { if let sample = samples[i] { least = min(least ?? sample, sample) } }
      return least
    }
  }

  /// The initial and the periodic slowdown (LEDBAT++ §4.5): two round trips at two packets, then slow start back; the
  /// next comes after nine times as long as that took.
  private struct Slowdown {
    /// The longest that one is taken to have lasted: it may have been cut short by a peer's silence.
    private static let longest: Nanoseconds = 1_000 * .second
    private var dueAt = Instant.distantFuture
    private var until: Instant?
    private var beganAt: Instant?
    private(set) var restored = 0.0

    var isActive: Bool { until != nil }

    func isDue(_ now: Instant) -> Bool { until == nil && now >= dueAt }

    mutating func begin(window: Double, _ roundTrip: Nanoseconds, at now: Instant) {
      restored = window
      beganAt = now
      until = now + 2 * roundTrip
      dueAt = .distantFuture
    }

    mutating func isOver(_ now: Instant) -> Bool {
      guard let until, now >= until else { return false }
      self.until = nil
      return true
    }

    /// Notes that the window is back where it was, or that slow start has found it.
    mutating func recovered(_ roundTrip: Nanoseconds, at now: Instant) {
      guard dueAt == .distantFuture else { return }
      dueAt = now + (beganAt.map { 9 * min(now - $0, Slowdown.longest) } ?? 2 * roundTrip)
    }
  }
}
