import ShoalBase

/// CUBIC (RFC 9438), with HyStart++ (RFC 9406) to leave slow start before it overruns the path, and paced.
struct Cubic: CongestionController {
  /// The bytes of a full datagram.
  var datagram: Int
  private var size: Double
  private var threshold = Double.infinity
  private var greatest = 0.0
  /// When the window is due to be back at `greatest`, counted from the start of the epoch.
  private var inflection = 0.0
  private var epoch: Instant?
  private var renoWindow = 0.0
  /// Losses of packets that left before this belong to the reduction that was made then.
  private var reducedAt: Instant?
  private var smoothed = Constants.initialRoundTrip
  private var hystart = HyStart()
  private var undo: Undo?
  private var exemption = CorruptionExemption()

  /// The state before a reduction.
  private struct Undo {
    var size: Double
    var threshold: Double
    var greatest: Double
    var doubt: DoubtedLosses
  }

  /// The multiplicative decrease (RFC 9438 §4.6), and the aggressiveness in packets per second cubed (§5.1).
  private static let beta = 0.7
  private static let aggressiveness = 0.4

  init(datagram: Int) {
    self.datagram = datagram
    size = Double(Constants.initialWindow * datagram)
  }

  var stateName: String { size < threshold ? (hystart.isConservative ? "css" : "slow_start") : "avoidance" }
  /// The most bytes in flight.
  var window: Int { max(Int(Int64(saturating: size)), 2 * datagram) }
  /// Bytes per second: twice the window per round trip in slow start, then a quarter more than the window (RFC 9002
  /// §7.7).
  var pacingRate: Double {
    Double(window) * (size < threshold ? 2 : 1.25) * 1e9 / Double(max(smoothed, .microsecond))
  }

  var decision: CongestionDecision { CongestionDecision(window: window, pacingRate: pacingRate) }

  mutating func started(roundTrip: Nanoseconds, _: PathMemory?, at now: Instant) { smoothed = roundTrip }

  mutating func acknowledged(_ sample: CongestionSample) {
    smoothed = sample.smoothedRoundTrip
    let lost = exemption.counting(sample)
    let isRestored = restoreIfSpurious(sample)
    // Losses that a timer found are reported with the next ACK, which may be the one that shows that they were none.
    if lost > 0, isRestored || sample.spurious * 2 < lost { reduce(for: lost, sample) }
    guard sample.ackedBytes > 0 else { return }
    // If the window was not the limit, nothing shows how large it may be, and the time does not count (RFC 9438 §5.8).
    guard sample.fills(size, half: size < threshold, datagram) else {
      epoch = nil
      return
    }
    if size < threshold {
      let growth = hystart.growth(sample)
      size += Double(sample.ackedBytes) * growth
      if hystart.isDone { threshold = size }
    } else {
      avoid(sample)
    }
  }

  /// Grows the window along the cubic, or as Reno would, whichever is more (RFC 9438 §4.2 to §4.5).
  private mutating func avoid(_ sample: CongestionSample) {
    let unit = Double(datagram)
    if epoch == nil {
      epoch = sample.now
      if greatest < size { greatest = size }
      inflection = cbrt((greatest - size) / unit / Cubic.aggressiveness)
      renoWindow = size
    }
    let time = Double(sample.now - epoch!) / 1e9
    let ahead = time + Double(smoothed) / 1e9 - inflection
    let target = min(max(Cubic.aggressiveness * ahead * ahead * ahead * unit + greatest, size), 1.5 * size)
    let share = Double(sample.ackedBytes) / size
    // A slope at which it loses as often as Reno would and, once it has caught up, Reno's own.
    renoWindow += unit * share * (renoWindow < greatest ? 3 * (1 - Cubic.beta) / (1 + Cubic.beta) : 1)
    size = max(size + (target - size) * share, renoWindow)
  }

  private mutating func reduce(for lost: Int, _ sample: CongestionSample) {
    undo?.doubt.add(lost)
    if let reducedAt, sample.losses.newestSentAt.map({ $0 <= reducedAt }) ?? true { return }
    undo = Undo(
      size: size, threshold: threshold, greatest: greatest,
      doubt: DoubtedLosses(lost, roundTrip: smoothed, at: sample.now))
    reducedAt = sample.now
    // Fast convergence (RFC 9438 §4.7): a sender that had to give way before reaching its old size leaves room for
    // others.
    greatest = size < greatest ? size * (1 + Cubic.beta) / 2 : size
    size = max(size * Cubic.beta, Double(2 * datagram))
    threshold = size
    epoch = nil
  }

  private mutating func restoreIfSpurious(_ sample: CongestionSample) -> Bool {
    guard let verdict = undo?.doubt.arrived(sample.spurious, at: sample.now), verdict != .open else { return false }
    if verdict == .spurious {
      size = max(size, undo!.size)
      threshold = undo!.threshold
      greatest = undo!.greatest
      epoch = nil
    }
    undo = nil
    return verdict == .spurious
  }

  /// Starts the window anew after persistent congestion (RFC 9002 §7.6).
  mutating func timedOut(count: Int) {
    guard count == 3 else { return }
    threshold = max(size * Cubic.beta, Double(2 * datagram))
    greatest = size
    size = Double(2 * datagram)
    epoch = nil
    hystart = HyStart()
  }

  /// The cube root, computed here because the core uses no system's library.
  private func cbrt(_ value: Double) -> Double {
    guard value > 0 else { return 0 }
    var root = value > 1 ? value / 3 + 1 : 1
    for _ in 0..<40 { root = (2 * root + value / (root * root)) / 3 }
    return root
  }
}
