import ShoalBase

/// How fast a host sends to all of several peers together: what its uplink is found to carry, probed now and then as in
/// BBR.
///
/// Each connection's own controller sees only its own queue and its own losses, and there may be a hundred. While only
/// one peer is served, that controller decides alone.
struct UplinkControl {
  private enum Phase {
    /// Growing: without a limit while there is no queue, and otherwise doubling; the best so far, and how many
    /// measurements have not been much better.
    case startup(best: Double, rounds: Int)
    /// The queue that startup has left is drained.
    case drain
    /// The place in the cycle of gains: one measurement above the rate, one below, and six at it.
    case steady(Int)
  }

  /// The most that may be sent, in bytes per second; nil is no limit.
  var limit: Double?
  private var phase = Phase.startup(best: 0, rounds: 0)
  /// The most that arrived of late, in bytes per second; 0 before anything was measured.
  private var measured = 0.0
  /// The most in this and in the previous stretch of `memory` measurements.
  private var (newer, older, measurements) = (0.0, 0.0, 0)
  private var last: (at: Instant, delivered: UInt64, isBusy: Bool)?
  private var roundTrip: Nanoseconds = 0

  private var queueing: Nanoseconds = 0
  private var tokens = 0.0
  private var refilledAt: Instant?
  /// The bytes that had left, and those handed over that had not, when tokens were last refilled.
  private var (sent, unsent) = (UInt64(0), 0)

  /// Bytes per second.
  var rate: Double { min(probed, limit ?? .infinity) }

  private var probed: Double {
    switch phase {
    case .startup: max(measured, UplinkControl.firstRate) * 2
    case .drain: max(measured, UplinkControl.leastRate) * 0.5
    case .steady(0): max(measured, UplinkControl.leastRate) * 1.25
    case .steady(1): max(measured, UplinkControl.leastRate) * 0.75
    case .steady: max(measured, UplinkControl.leastRate)
    }
  }

  /// How many connections may have a turn at a time: each keeps four packets in flight at least, and what these make
  /// everything else wait must be short. One alone does not fill the uplink when its acknowledgements are late.
  var turns: Int {
    guard measured > 0 else { return UplinkControl.firstTurns }
    return max(Int(measured * UplinkControl.longestWait / UplinkControl.leastInFlight), 2)
  }

  /// What is handed over at a time: 5 ms worth.
  var part: Int {
    min(max(Int(rate * 0.005), isOpen ? 64 << 10 : 4 << 10), 256 << 10)
  }

  // MARK: Tokens

  /// Takes how many bytes have left in all, retransmissions included, how many of those handed over have not, by how much
  /// all round trips have grown, and the shortest of them.
  mutating func refill(
    sent: UInt64, unsent: Int, queueing: Nanoseconds, roundTrip: Nanoseconds?, at now: Instant
  ) {
    self.queueing = queueing
    if let roundTrip { self.roundTrip = min(roundTrip, 500 * .millisecond) }
    let elapsed = refilledAt.map { min(now - $0, .second) } ?? 0
    refilledAt = now
    tokens += rate * Double(elapsed) / 1e9 - Double(sent - self.sent) - Double(unsent - self.unsent)
    (self.sent, self.unsent) = (sent, unsent)
    let most = Double(2 * part)
    tokens = max(min(tokens, most), -most)
  }

  /// Whether bytes may be handed over now.
  var mayServe: Bool { isOpen || tokens > 0 }

  /// Whether nothing is known to limit the rate.
  private var isOpen: Bool {
    guard limit == nil else { return false }
    // Where answers come at once, a queue is seen before it is long.
    if case .startup = phase {
      return roundTrip < UplinkControl.shortRoundTrip && queueing < UplinkControl.leastQueueing
    }
    return false
  }

  /// Notes that bytes were handed over.
  mutating func spend(_ bytes: Int) {
    tokens -= Double(bytes)
    unsent += bytes
  }

  /// When bytes may be handed over again.
  var nextAt: Instant {
    refilledAt.map { $0 + Nanoseconds(max(-tokens, 0) / rate * 1e9) + .millisecond } ?? .zero
  }

  // MARK: Measuring

  /// Whether enough time has passed since it was last measured: longer in the steady state, where little changes.
  func isMeasurementDue(at now: Instant) -> Bool {
    guard let last else { return true }
    var least: Nanoseconds = 200 * .millisecond
    if case .startup = phase { least = 100 * .millisecond }
    return now - last.at >= max(least, 2 * roundTrip)
  }

  /// Takes how many bytes have arrived at all peers together, and whether more is to be sent than was let go.
  mutating func measure(delivered: UInt64, isBusy: Bool, at now: Instant) {
    let past = last
    last = (now, delivered, isBusy)
    // After a pause, or when a connection has ended with all that it delivered, the difference says nothing.
    guard let past, now - past.at <= 2 * .second, delivered >= past.delivered else { return }
    let sample = Double(delivered - past.delivered) * 1e9 / Double(now - past.at)
    let before = measured
    // What is measured while there is little to send shows only that more is possible.
    let isLimited = isBusy && past.isBusy
    if isLimited {
      measurements += 1
      if measurements % UplinkControl.memory == 0 { (older, newer) = (newer, 0) }
    }
    newer = max(newer, sample)
    measured = max(older, newer)
    if isLimited { advance(sample, before) }
  }

  private mutating func advance(_ sample: Double, _ before: Double) {
    switch phase {
    case .startup(let best, _) where sample > best * 1.25: phase = .startup(best: sample, rounds: 0)
    // Without a queue something else is the limit: the receivers, or a processor.
    case .startup(let best, _) where isOpen: phase = .startup(best: best, rounds: 0)
    case .startup(let best, let rounds): phase = rounds == 0 ? .startup(best: best, rounds: 1) : .drain
    case .drain: phase = .steady(2)
    // There is more than there was.
    case .steady(0...1) where sample > before * 1.15: phase = .startup(best: sample, rounds: 0)
    case .steady(let place): phase = .steady((place + 1) % 8)
    }
  }

  /// How many measurements are remembered, once to twice: 5 to 10 s.
  private static let memory = 25
  /// The rate in startup before anything was measured is twice this; below the other one it never falls. Bytes per
  /// second.
  private static let firstRate = 500e3
  private static let leastRate = 16e3
  private static let firstTurns = 4
  /// What shows that the uplink is full.
  private static let leastQueueing: Nanoseconds = 5 * .millisecond
  private static let shortRoundTrip: Nanoseconds = 5 * .millisecond
  /// The seconds for which what is in flight on all connections may keep the uplink busy, and the bytes that one keeps
  /// in flight at least.
  private static let longestWait = 0.1
  private static let leastInFlight = 4_800.0
}
