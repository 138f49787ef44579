import ShoalBase

/// BBR: a model of the path, its bottleneck's rate and its least round trip, sets the pace
/// (draft-ietf-ccwg-bbr, version 3), with two additions that let it tell random loss from congestion.
///
/// - The share of *random loss* is estimated on packets that met no queue and did not probe; only loss in *excess* of
///   it counts as congestion.
/// - The pace is *compensated*: a sender paced at what is delivered sends the bottleneck less than it could carry,
///   round after round; divided by the share that arrives, what arrives is what the bottleneck carries.
/// - Loss at the ends of our own bursts is no chance: there the queue holds less than a burst, and bursts get shorter.
///
/// Random loss then costs its share and nothing more, while loss that comes with a growing queue, or that only probing
/// brings, slows it down. Protocol.md §A.2 states the rules.
struct Bbr {
  enum State: String {
    case startup, drain, down, cruise, refill, up
    case probeRoundTrip = "probe_rtt"
  }

  /// What was learned by loss; put back when the losses prove spurious.
  struct Bounds {
    var state = State.startup
    var isFull = false
    /// The greatest delivery rate of this probing cycle and of the last, in bytes a second.
    var bandwidth = (current: 0.0, last: 0.0)
    /// The most bytes in flight that the path was seen to take (`inflight_longterm`).
    var most = Double.infinity
    /// What congestion since the last probe has lowered (`bw_shortterm`, `inflight_shortterm`).
    var lowBandwidth = Double.infinity
    var lowInflight = Double.infinity
    /// How many probes in a row brought congestion: the more, the longer the wait for the next.
    var lossyProbes = 0
    /// Rounds in which the estimate of the rate still follows a sudden drop.
    var lowering = 0
  }

  /// The bytes of a full datagram.
  var datagram: Int
  var bounds = Bounds()
  var state: State { bounds.state }
  var burstLoss = BurstLoss()
  var randomLoss = RandomLoss()
  var tally = LossTally()
  var generator: SeededGenerator

  // Rounds
  var round: UInt64 = 0
  var roundEnd: UInt64 = 0
  /// The greatest delivery rate and the most bytes delivered within a round trip, of this round.
  var latestBandwidth = 0.0
  var latestInflight = 0.0
  /// The least round trip of this round.
  var roundLeast: Nanoseconds?
  var roundAppLimited = false
  var trustedFrom: UInt64 = 0

  // The path
  var least: (roundTrip: Nanoseconds, seenAt: Instant)?
  /// What the round trip is taken to be as long as there is no sample.
  var assumedRoundTrip = Constants.initialRoundTrip
  var leastRoundTrip: Nanoseconds { least?.roundTrip ?? assumedRoundTrip }
  /// What the round trip is without a queue: what exceeds it shows one.
  var base = BaseRoundTrip()
  /// The most by which round trips exceed that, of the last 30 rounds.
  var queueing = WindowedMaximum(length: 30)
  var lastRoundTrip: Nanoseconds?
  var aggregation = AckAggregation()

  // Startup
  /// A queue was seen.
  var hasQueued = false
  var fullBandwidth = 0.0
  var fullRounds = 0

  // Probing
  var stateAt: Instant
  var stateRound: UInt64 = 0
  var probedRound: UInt64 = 0
  var waitRounds: UInt64 = 0
  /// The round in which what was sent while probing up is answered, and the rate known before.
  var feedbackRound: UInt64?
  var bandwidthBeforeProbe = 0.0
  var upGain = Bbr.firstUpGain
  var growth = InflightGrowth()
  var probeRoundTripUntil: Instant?
  var probeRoundTripRound: UInt64 = 0
  var droppedRounds = 0

  // Timeouts and undoing
  var timeouts = 0
  var answeredAt: Instant
  var undo: Undo?

  static let startupGain = 2.77
  static let firstUpGain = 1.2
  /// The rate is left a hundredth of room, so that a queue does not stand.
  static let margin = 0.99
  static let roundTripLifetime: Nanoseconds = 10 * .second
  static let probeRoundTripTime: Nanoseconds = 200 * .millisecond

  init(datagram: Int, seed: UInt64, at now: Instant) {
    self.datagram = datagram
    generator = SeededGenerator(seed: seed)
    stateAt = now
    answeredAt = now
  }

  mutating func started(roundTrip: Nanoseconds, at now: Instant) {
    guard least == nil else { return }
    least = (roundTrip, now)
    base.add(roundTrip, at: now)
  }

  // MARK: What it decides

  /// The rate of the bottleneck as far as it is known; 0 if it is not.
  var bandwidth: Double { min(greatestBandwidth, bounds.lowBandwidth) }
  var greatestBandwidth: Double { max(bounds.bandwidth.current, bounds.bandwidth.last) }

  /// The bytes in flight that fill the path without a queue, those that will be lost included.
  var product: Double {
    // A peer that echoes what it likes must not make this a number that is no integer.
    min(bandwidth / (1 - randomLoss.share) * Double(leastRoundTrip) / 1e9, 1e15)
  }

  private var quantum: Double { Pacer.fullBurst(bandwidth, datagram) }

  /// The most bytes in flight.
  var window: Int {
    let least = Constants.leastWindow * datagram
    guard timeouts < 3 else { return least }
    guard greatestBandwidth > 0 else { return Constants.initialWindow * datagram }
    var window: Double
    switch state {
    case .probeRoundTrip: window = min(0.5 * product, 0.85 * bounds.most)
    case .startup, .drain: window = 2 * product
    case .up: window = min(2.25 * product, bounds.most)
    case .refill, .down: window = min(2 * product, bounds.most)
    case .cruise: window = min(2 * product, max(0.85 * bounds.most, min(product, bounds.most)))
    }
    window = min(window, bounds.lowInflight)
    if state != .probeRoundTrip { window += aggregation.value + 1.5 * quantum }
    return max(Int(Int64(saturating: window)), bounds.isFull ? least : Constants.initialWindow * datagram)
  }

  /// Bytes a second.
  var pacingRate: Double {
    let roundTrip = max(leastRoundTrip, .millisecond)
    // Until a queue shows, it is the sender that limited what was delivered.
    let least =
      state != .startup || hasQueued
      ? Double(2 * datagram) : Bbr.startupGain * Double(Constants.initialWindow * datagram)
    return max(
      gain * Bbr.margin * bandwidth / (1 - randomLoss.share), least * 1e9 / Double(min(roundTrip, 2 * .second)))
  }

  /// How what leaves now leaves.
  var phase: SendPhase {
    switch state {
    case .startup, .up: .probing
    case .drain, .down, .probeRoundTrip: .slow
    case .cruise, .refill: .steady
    }
  }

  /// A round trip longer than this shows a queue; nil before there is a sample.
  var longRoundTrip: Nanoseconds? {
    base.value.map { $0 + max(Nanoseconds(saturating: 0.5 * queueing.value), .millisecond, $0 / 16) }
  }

  // MARK: What it learns

  mutating func acknowledged(_ sample: CongestionSample) {
    let isNewRound = sample.rate.isValid && sample.rate.priorDelivered >= roundEnd
    answered(sample)
    learn(sample)
    if isNewRound {
      round += 1
      roundEnd = sample.delivered
    }
    judge(sample, isNewRound)
    if isNewRound { followDrop() }
    advance(sample, isNewRound)
    updateRoundTrip(sample)
    guard isNewRound else { return }
    latestBandwidth = sample.rate.bytesPerSecond ?? 0
    latestInflight = 0
    roundLeast = nil
    roundAppLimited = false
  }

  mutating func timedOut(count: Int) {
    timeouts = count
    guard count >= 3 else { return }
    bounds.lowBandwidth = .infinity
    bounds.lowInflight = .infinity
  }

  private mutating func answered(_ sample: CongestionSample) {
    guard sample.ackedBytes > 0 else { return }
    // What an outage swallowed says nothing of the path, and is found lost up to two rounds after it.
    if timeouts > 0 { trustedFrom = round + 3 }
    // After ten seconds of nothing this may be another path.
    if timeouts >= 3, sample.now - answeredAt > 10 * .second {
      self = Bbr(datagram: datagram, seed: generator.next(), at: sample.now)
    }
    timeouts = 0
    answeredAt = sample.now
  }

  private mutating func learn(_ sample: CongestionSample) {
    assumedRoundTrip = sample.smoothedRoundTrip
    if let roundTrip = sample.roundTrip {
      base.add(roundTrip, at: sample.now)
      lastRoundTrip = roundTrip
      roundLeast = min(roundLeast ?? roundTrip, roundTrip)
      queueing.add(Double(roundTrip - (base.value ?? roundTrip)), at: round)
    }
    var isQueued = false
    if let lastRoundTrip, let longRoundTrip { isQueued = lastRoundTrip > longRoundTrip }
    hasQueued = hasQueued || isQueued
    tally.add(acked: sample.acked, isQueued: isQueued, losses: sample.losses, corrupt: sample.corrupt)
    if sample.rate.isValid {
      roundAppLimited = roundAppLimited || sample.rate.appLimited
      latestInflight = max(latestInflight, Double(sample.delivered - sample.rate.priorDelivered))
    }
    guard let rate = sample.rate.bytesPerSecond else { return }
    latestBandwidth = max(latestBandwidth, rate)
    if !sample.rate.appLimited || rate > greatestBandwidth {
      bounds.bandwidth.current = max(bounds.bandwidth.current, rate)
    }
    aggregation.add(
      sample.ackedBytes, bandwidth: bandwidth, most: Double(window), at: sample.now, round: round,
      rounds: bounds.isFull ? 10 : 1)
  }

  /// The least round trip is forgotten after ten seconds; then the queue is drained to see it again.
  private mutating func updateRoundTrip(_ sample: CongestionSample) {
    let isExpired = least.map { sample.now - $0.seenAt > Bbr.roundTripLifetime } ?? false
    if let roundTrip = sample.roundTrip {
      if isExpired || roundTrip < least?.roundTrip ?? .max {
        least = (roundTrip, sample.now)
      } else if roundTrip - roundTrip / 50 - 300_000 <= leastRoundTrip {
        least?.seenAt = sample.now
      }
    }
    base.follow(leastRoundTrip, queueing: Nanoseconds(saturating: queueing.value), at: sample.now)
    if isExpired, bounds.isFull, state != .probeRoundTrip {
      enter(.probeRoundTrip, at: sample.now)
      probeRoundTripUntil = nil
    }
    guard state == .probeRoundTrip else { return }
    if let until = probeRoundTripUntil {
      guard sample.now >= until, round > probeRoundTripRound else { return }
      least?.seenAt = sample.now
      bounds.lowBandwidth = .infinity
      bounds.lowInflight = .infinity
      enter(.cruise, at: sample.now)
      probedRound = round
    } else if sample.bytesInFlight <= window {
      probeRoundTripUntil = sample.now + Bbr.probeRoundTripTime
      probeRoundTripRound = round
    }
  }
}
