import ShoalBase

/// The rate at which a host sends to all its peers together: what its uplink is found to carry, probed for more now and
/// then as in BBR, and less while there is a queue.
///
/// The congestion controller of a connection sees only its own queue and losses, and there may be a hundred
/// connections. While only one peer is served, its controller decides alone.
struct UplinkControl {
  private enum Phase {
    /// Growing: without a limit while there is no queue, otherwise by doubling. Holds the best measurement so far, and
    /// how many since were not much better although more was waiting.
    case startup(best: Double, rounds: Int)
    /// Draining the queue that startup has left; holds for how many measurements.
    case drain(Int)
    /// The position in the cycle of gains: one measurement above the rate, one below it, and three to six at it.
    case steady(Int)
  }

  /// The user's limit, in bytes per second; nil means no limit.
  var limit: Double?
  private var phase = Phase.startup(best: 0, rounds: 0)
  /// The highest recent rate of arrival, in bytes per second; 0 before anything was measured.
  private var measured = 0.0
  /// The bytes that were sent before anything was measured.
  private var (sent, sentBefore) = (UInt64(0), UInt64?.none)
  /// The most in this and in the previous stretch of `memory` measurements.
  private var (newer, older, measurements) = (0.0, 0.0, 0)
  private var last: (at: Instant, delivered: UInt64, isBusy: Bool)?
  private var reviewedAt = Instant.zero
  private var roundTrip: Nanoseconds = 0
  /// Whether the rate held anything back since the last measurement: otherwise something else limits what is sent.
  private var isHoldingBack = false
  private var queue = RecentLeast()
  private var queueing: Nanoseconds { queue.least }

  /// Bytes per second; infinite if nothing is known to limit it.
  var rate: Double { isOpen ? .infinity : min(probed, limit ?? .infinity) }

  private var probed: Double {
    switch phase {
    case .startup where measured == 0:
      sent < UplinkControl.firstBurst ? UplinkControl.firstRate : UplinkControl.leastRate
    case .startup: max(measured, UplinkControl.leastRate) * 2
    case .drain: max(measured * 0.5, UplinkControl.leastRate)
    case .steady(0) where !isFull: max(measured * 1.25, UplinkControl.leastRate)
    case .steady: max(measured * gain, UplinkControl.leastRate)
    }
  }

  /// How fast the connections that have a turn must be able to send so that the uplink is filled. In startup the rate is
  /// twice what arrived, and so will theirs be soon: if all that wait had a turn, all would flood the queue at once.
  var need: Double {
    if case .startup = phase { return 1.25 * rate / 2 }
    return 1.25 * rate
  }

  /// The queueing delay that is no sign of a full uplink, in seconds: two datagrams alone may take as long.
  private var harmlessQueueing: Double { max(0.010, 2_904 / max(measured, UplinkControl.leastRate)) }

  /// Whether there is a queue.
  private var isQueueing: Bool { Double(queueing) / 1e9 > harmlessQueueing }

  /// Whether there is a queue about as long as the rate is meant to keep: the uplink carries no more. A longer one may
  /// be that of others.
  private var isFull: Bool { isQueueing && gain > 0.9 }

  /// The rate, as a multiple of what the uplink was measured to carry: a little above 1 while there is no queue, since
  /// some is lost on the way; otherwise so much less that the queue is gone at the next measurement. The queue may be
  /// that of others: so it is a quarter at least, and now and then the rate is tried in full, so that the measurement
  /// does not sink with the rate.
  private var gain: Double {
    let room = harmlessQueueing - Double(queueing) / 1e9
    let horizon = max(4 * harmlessQueueing, 0.05, Double(interval) / 1e9)
    return min(max(1 + room / horizon, 0.25), 1.06)
  }

  /// The time from one measurement to the next in the steady state.
  private var interval: Nanoseconds { max(200 * .millisecond, 2 * roundTrip) }

  /// The bytes handed over at a time: 5 ms worth.
  var part: Int { Int(min(max(rate * 0.005, 4_096), 262_144)) }

  /// Takes the bytes of content that have left so far, the queueing delay, and the shortest round trip.
  mutating func note(sent: UInt64, queueing: Nanoseconds?, roundTrip: Nanoseconds?, at now: Instant) {
    if measured == 0 {
      let before = sentBefore ?? sent
      (sentBefore, self.sent) = (before, sent - before)
    }
    if let roundTrip { self.roundTrip = min(roundTrip, .second) }
    guard let queueing else { return }
    queue.add(queueing, at: now)
    switch phase {
    // More would only be dropped.
    case .steady(0) where isFull: phase = .steady(1)
    case .drain where !isQueueing: phase = .steady(2)
    default: break
    }
  }

  /// Whether less is sent than arrived before, whatever the uplink carries.
  private var isDraining: Bool {
    if case .drain = phase { return true }
    return false
  }

  /// Notes that more could be sent than the rate allows.
  mutating func heldBack() { isHoldingBack = true }

  /// Whether the rate is not limited, because nothing is known to limit it.
  private var isOpen: Bool {
    guard limit == nil else { return false }
    // On short paths a queue shows before it is long.
    if case .startup = phase {
      return roundTrip < UplinkControl.shortRoundTrip && queueing < UplinkControl.leastQueueing
    }
    return false
  }

  // MARK: Measuring

  /// Whether enough time has passed since the last measurement: longer in the steady state, where little changes.
  func isMeasurementDue(at now: Instant) -> Bool {
    guard last != nil else { return true }
    if measured == 0 { return now - reviewedAt >= 10 * .millisecond }
    if case .startup = phase {
      let least: Nanoseconds = isOpen ? 100 * .millisecond : 20 * .millisecond
      return now - reviewedAt >= max(least, roundTrip)
    }
    if case .drain = phase { return now - reviewedAt >= max(20 * .millisecond, roundTrip) }
    return now - reviewedAt >= interval
  }

  /// Takes the bytes that have arrived at all peers together, and whether content was waiting to be sent, for whatever
  /// reason.
  mutating func measure(delivered: UInt64, isBusy: Bool, at now: Instant) {
    let past = last
    reviewedAt = now
    if !isBusy || queue.isOld(at: now) { queue = RecentLeast() }
    // After a pause, or when a connection has ended and its bytes no longer count, the difference says nothing.
    guard let past, now - past.at <= 3 * .second, delivered >= past.delivered else {
      last = (now, delivered, isBusy)
      return
    }
    let bytes = delivered - past.delivered
    // A measurement while there is little to send shows only a lower bound.
    let isLimited = isBusy && past.isBusy
    if measured == 0, !isLimited, bytes > 0 {
      (last, sentBefore) = ((now, delivered, isBusy), nil)
      return
    }
    // How many of a few packets arrive within so short a time is chance.
    if bytes < UplinkControl.leastSample, now - past.at < .second {
      if bytes == 0 { last = (now, delivered, isBusy) }
      return
    }
    last = (now, delivered, isBusy)
    let wasHeldBack = isHoldingBack
    isHoldingBack = false
    // More than is sent cannot arrive for long.
    let sample = min(Double(bytes) * 1e9 / Double(now - past.at), measured > 0 ? 1.25 * rate : .infinity)
    let before = measured
    if isLimited {
      measurements += 1
      if measurements % UplinkControl.memory == 0 { (older, newer) = (newer, 0) }
    }
    if isLimited, isQueueing, !isDraining, sample < measured, sample > measured / 2 || sample < 0.9 * rate {
      // There is a queue: what arrives is what the uplink carries. Acknowledgements come in clumps, so one sample says
      // little; and one of much less than was measured only shows that little was sent, because the queue is others'.
      newer = measured + (sample - measured) / 4
      older = newer
    } else {
      newer = max(newer, sample)
    }
    measured = max(older, newer)
    if isLimited { advance(sample, before, isFilling: wasHeldBack) }
  }

  private mutating func advance(_ sample: Double, _ before: Double, isFilling: Bool) {
    switch phase {
    case .startup(let best, _) where sample > best * 1.25: phase = .startup(best: sample, rounds: 0)
    case .startup where isQueueing: phase = .drain(0)
    // Something else is the limit: the receivers, a processor, or connections that have just begun.
    case .startup(let best, _) where isOpen || !isFilling: phase = .startup(best: best, rounds: 0)
    case .startup(let best, let rounds):
      phase = rounds < UplinkControl.fullRounds ? .startup(best: best, rounds: rounds + 1) : .steady(2)
    case .drain(let count): phase = isQueueing && count < UplinkControl.longestDrain ? .drain(count + 1) : .steady(2)
    // The uplink carries more than before.
    case .steady(0...1) where sample > before * 1.15: phase = .startup(best: sample, rounds: 0)
    // While there is no queue, more is tried sooner.
    case .steady(4) where !isQueueing: phase = .steady(0)
    case .steady(let place): phase = .steady((place + 1) % 8)
    }
  }

  /// The measurements in a stretch; one to two stretches are remembered: 5 to 10 s.
  private static let memory = 25
  /// The least bytes of a measurement of less than a second.
  private static let leastSample = 12_000
  /// How many measurements in startup may be not much better than the best before.
  private static let fullRounds = 2
  /// How many further measurements the drain lasts at most.
  private static let longestDrain = 3
  /// In bytes per second: the rate of the first burst, and the least of all rates.
  private static let firstRate = 1e6
  private static let leastRate = 4e3
  /// The bytes that are sent before anything has arrived.
  private static let firstBurst: UInt64 = 24_000
  /// The queueing delay that shows that the uplink is full.
  private static let leastQueueing: Nanoseconds = 5 * .millisecond
  private static let shortRoundTrip: Nanoseconds = 5 * .millisecond
}

/// The least of what was observed in the last tenth of a second or two: jitter is no queue.
private struct RecentLeast {
  private var (newer, older) = (Nanoseconds.max, Nanoseconds.max)
  private var (since, at) = (Instant.zero, Instant.zero)

  /// Zero before the first observation.
  var least: Nanoseconds { min(newer, older) < .max ? min(newer, older) : 0 }

  /// Whether nothing has been observed for a while.
  func isOld(at now: Instant) -> Bool { now - at > .second }

  mutating func add(_ value: Nanoseconds, at now: Instant) {
    if now - since >= 100 * .millisecond { (older, newer, since) = (now - since < .second ? newer : .max, value, now) }
    (newer, at) = (min(newer, value), now)
  }
}
