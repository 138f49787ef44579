import ShoalBase

/// The rate at which a host sends to several peers together: what its uplink is measured to carry, probed now and then
/// as in BBR.
///
/// The congestion controller of a connection sees only its own queue and losses, and there may be a hundred
/// connections. While only one peer is served, its controller decides alone.
struct UplinkControl {
  private enum Phase {
    /// Growing: without a limit while there is no queue, otherwise by doubling. Holds the best measurement so far, and
    /// how many since were not much better.
    case startup(best: Double, rounds: Int)
    /// Draining the queue that startup has left.
    case drain
    /// The position in the cycle of gains: one measurement above the rate, one below it, and six at it.
    case steady(Int)
  }

  /// The user's limit, in bytes per second; nil means no limit.
  var limit: Double?
  private var phase = Phase.startup(best: 0, rounds: 0)
  /// The highest recent rate of arrival, in bytes per second; 0 before anything was measured.
  private var measured = 0.0
  /// The most in this and in the previous stretch of `memory` measurements.
  private var (newer, older, measurements) = (0.0, 0.0, 0)
  private var last: (at: Instant, delivered: UInt64, isBusy: Bool)?
  private var roundTrip: Nanoseconds = 0

  private var queueing: Nanoseconds = 0
  private var tokens = 0.0
  private var refilledAt: Instant?
  /// The bytes that had left, and those handed over that had not, when the tokens were last refilled.
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

  /// How many connections may have a turn at a time. Each keeps at least four packets in flight, and the queue that
  /// these form must be short; but a lone connection does not fill the uplink when its acknowledgements are late.
  var turns: Int {
    guard measured > 0 else { return UplinkControl.firstTurns }
    return max(Int(measured * UplinkControl.longestWait / UplinkControl.leastInFlight), 2)
  }

  /// The bytes handed over at a time: 5 ms worth.
  var part: Int {
    min(max(Int(rate * 0.005), isOpen ? 64 << 10 : 4 << 10), 256 << 10)
  }

  // MARK: Tokens

  /// Refills the tokens. Takes the bytes that have left in all, including retransmissions, those handed over that have
  /// not, the least growth of any round trip, and the shortest round trip.
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

  /// Whether the rate is not limited, because nothing is known to limit it.
  private var isOpen: Bool {
    guard limit == nil else { return false }
    // On short paths a queue shows before it is long.
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

  /// Whether enough time has passed since the last measurement: longer in the steady state, where little changes.
  func isMeasurementDue(at now: Instant) -> Bool {
    guard let last else { return true }
    var least: Nanoseconds = 200 * .millisecond
    if case .startup = phase { least = 100 * .millisecond }
    return now - last.at >= max(least, 2 * roundTrip)
  }

  /// Takes the bytes that have arrived at all peers together, and whether more was waiting to be sent than the rate
  /// allowed.
  mutating func measure(delivered: UInt64, isBusy: Bool, at now: Instant) {
    let past = last
    last = (now, delivered, isBusy)
    // After a pause, or when a connection has ended and its bytes no longer count, the difference says nothing.
    guard let past, now - past.at <= 2 * .second, delivered >= past.delivered else { return }
    let sample = Double(delivered - past.delivered) * 1e9 / Double(now - past.at)
    let before = measured
    // A measurement while there is little to send shows only a lower bound.
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
    // Without a queue, something else is the limit: the receivers, or a processor.
    case .startup(let best, _) where isOpen: phase = .startup(best: best, rounds: 0)
    case .startup(let best, let rounds): phase = rounds == 0 ? .startup(best: best, rounds: 1) : .drain
    case .drain: phase = .steady(2)
    // The uplink carries more than before.
    case .steady(0...1) where sample > before * 1.15: phase = .startup(best: sample, rounds: 0)
    case .steady(let place): phase = .steady((place + 1) % 8)
    }
  }

  /// The measurements in a stretch; one to two stretches are remembered: 5 to 10 s.
  private static let memory = 25
  /// In bytes per second: before anything was measured, startup sends at twice the first; the rate never falls below
  /// the second.
  private static let firstRate = 500e3
  private static let leastRate = 16e3
  private static let firstTurns = 4
  /// The queueing delay that shows that the uplink is full.
  private static let leastQueueing: Nanoseconds = 5 * .millisecond
  private static let shortRoundTrip: Nanoseconds = 5 * .millisecond
  /// The seconds for which the bytes in flight on all connections may occupy the uplink, and the least bytes that one
  /// connection keeps in flight.
  private static let longestWait = 0.1
  private static let leastInFlight = 4_800.0
}
