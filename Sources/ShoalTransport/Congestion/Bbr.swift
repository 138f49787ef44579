import ShoalBase

/// BBR version 3 (draft-ietf-ccwg-bbr), extended to distinguish random loss from congestion. A model of the path (its
/// bottleneck's rate and its minimum round trip) sets the pace.
///
/// On a path that loses packets at random, a controller that yields to loss ends up with nothing, and one that
/// ignores loss overruns queues and starves its neighbours. Two additions solve this together; either alone is worth
/// little:
///
/// - An estimate p of the *random* loss, made on packets whose loss cannot be our own doing. Only loss in excess of p
///   is congestion.
/// - *What was lost at random was carried.* A sender that paced itself by what arrives would offer the bottleneck less
///   in every round. So packets lost at random count as delivered, and bw is the rate of the bottleneck itself. Counting
///   them, rather than dividing by 1 − p, also keeps chance out of bw: the greatest of many samples would otherwise be
///   one in which few packets happened to be lost.
///
/// The rules follow; the names in parentheses are the code's.
///
/// *Rounds and samples.* A round ends when a packet is acknowledged that left after the previous round ended. bw is
/// the greatest rate of this probing cycle and the one before. A sample is D + L over its time, D being the bytes
/// delivered and L those found lost meanwhile, but at most D / (1 − p). It spans at least the minimum round trip; one
/// taken while the sender had too little to send counts only if it raises bw. rt is the least round trip of the last
/// ten seconds, or of twenty times itself if that is longer; a sample of at most 1.02 rt + 0.3 ms renews it.
/// BDP = bw · rt (`product`).
///
/// *Base round trip* (`BaseRoundTrip`). Where many senders share a bottleneck, its queue may never be empty, so rt
/// holds some of it: measured against rt the queue would not show, and its drops would pass for random loss. So b is
/// the least round trip ever, q a sample minus b, and Q the greatest q of 30 rounds. After ten seconds in which b was
/// not lowered, it grows by a quarter of rt − b; or, if Q < 9/8 (rt − b), by all of it: a queue that others fill too
/// is never that steady, so this must be another path.
///
/// *Classes* (`LossTally`). A packet is *queued* if the round-trip sample seen when it, or one that left later, first
/// arrived exceeds b by more than max(Q/2, least), where least is 0.5 ms, or 16 datagrams' time at bw if that is
/// less. Any other packet is *probing* if it left in startup or up, *slow* if it left in drain, down or probe_rtt, and
/// *steady* otherwise.
///
/// *Random loss* (`RandomLoss`). p = lost / (n + 20) over the last 1,500 steady and slow packets; while startup's rate
/// still grows, or there was too little to send, and nothing is queued, probing packets count too. p is at most a half. If at least 40 slow packets are
/// known (of the last 400), d being the share of them that was lost, p is at most d + 2 √(3 max(d, 0.005) (1 − d) / n):
/// what is not lost at a slow pace is not random. Slow packets are forgotten when an excess is above 10 %. Each
/// congestion, except while startup's rate grows, reduces p to 0.7 of what it was, and n to 0.3: many senders that keep
/// a queue full would otherwise take its drops for random loss, while loss that is random is soon measured again.
///
/// *Crowds.* If others keep a queue up, a packet that is not queued has met less of it, not none, and its loss need not
/// be random. So with k the share of steady and slow packets that are queued while Q > b/16, smoothed over eight
/// rounds: while k ≥ 1/2, p is not measured, and each round reduces it to 0.8. (Jain's index of thirty senders that
/// share 20 Mbit/s for a minute is .91.)
///
/// *Short queues* (`BurstLoss`). A queue that holds less than a burst drops the end of the burst, at any pace and
/// without a delay that would show it. Taken for random, such loss would raise the pace and with it the loss. But
/// chance hits the first half of a burst as often as the second. Of the last n ≤ 750 packets of first halves that are
/// not queued, h is the share lost, and t is that of second halves; p is at most h + 2 √(3 max(h, 0.005) (1 − h) / n).
/// If 8 or more packets of second halves are lost and t exceeds 1.5 h by three standard deviations, bursts become
/// half as long, down to 1/32 or two datagrams. After 100 rounds without such loss they double again; each time that
/// proves too soon, the wait doubles, to 1,600 rounds at most.
///
/// *Excess.* Of m packets, p explains the loss of R = p m + 2 √(1.5 r p (1 − p) m), with r the mean length of a run of
/// losses (at least 1). If no packet of the round was queued, nothing but these losses shows congestion, and p scatters
/// too: R = p m + 2 √(1.5 r s (1 − s) m (1 + m/n)), with n the packets on which p rests (at least 20) and s the larger
/// of p and (lost + 1) / (n + 2), at most a half. (The first flight is then not judged, as nothing is known yet; taken
/// for congestion, its losses ended startup at a hundredth of the rate: 100 Mbit/s, 300 ms, 40 % reached 0.2 of what it
/// carries instead of 0.95.) At the end of each round, with m its queued and probing packets, L those of them that were
/// lost, and N all its packets: e = max(0, L − R(m)) / max(m, N/4), and 0 if L < 2. As many of L as the peer reported
/// corrupt meanwhile do not count, up to N/10, and none if any packet was queued. If N ≥ 32 and the loss of all packets
/// is above max(30 %, R(N)/N + 10 %), R as if none was queued, e is at least that loss minus p. Above 1 % it is
/// congestion. If N ≥ 48 and more than 0.3 N queued packets (in startup: or probing ones) are lost beyond what p
/// explains, the round is judged at once. Losses in a probe timeout, and in the two rounds after it, are not judged.
///
/// *Pace* = gain · 0.99 · bw, at least two datagrams a round trip. *Window* = gain · BDP, at most *most*
/// (and *low*, where set), plus what ACKs ran ahead of bw in ten rounds, plus 1.5 bursts; at least 4 datagrams, or in
/// startup f, the first flight. f is 32 datagrams, or where rt is longer than 100 ms as many times more, up to 6.1 times,
/// so that startup takes no longer there; 32 once a packet is queued. Startup is paced at no less than 2.77 f per round
/// trip until a first packet is queued, because what was delivered before says nothing about the path.
///
/// The states, each with its gains (pace, window) and what ends it:
///
/// - *startup*: 2.77, 2, or what an earlier visit allows (`CarefulResume`); until three rounds in a row have not raised bw by a quarter; or congestion with at least 6
///   runs of losses, either in the second round in a row that did not raise it (and in which there was always something
///   to send; what the sender paces faster takes two rounds to show) or, once a packet was queued, with e > 20 % and
///   N ≥ 64. Then *most* = max(BDP, bytes carried in a round trip).
/// - *drain*: 0.4, 2; until in flight ≤ BDP.
/// - *down*: 0.9, 2; until in flight ≤ BDP, or it is time to probe.
/// - *cruise*: 1, 2, at most max(0.85 *most*, min(BDP, *most*)); until max(6, min(10 · 2^min(lossy, 2), 48, 1.5 P,
///   3 s / rt)) + 0 to 2 rounds after up, P being the datagrams of a BDP. A flow probes for a share of what it has, so
///   those that have little must probe more often for all to become alike; and where a round takes seconds, a wrong
///   verdict must not last for forty.
/// - *refill*: 1, 2; for one round; it clears *low*.
/// - *up*: 1.2, 2.25; until 1.25 rt and one round have passed with (1 + 0.8 (gain − 1)) BDP in flight; or two rounds.
///   If *most* is reached, it grows by 1, 2, 4 … datagrams a round instead, where rt is longer than 100 ms by as many
///   times more, up to 20 times, until a sample exceeds 5/4 rt + 2 ms with 1.25 BDP in flight.
/// - *probe_rtt*: 1, 0.5; for 200 ms and a round; entered when rt was not renewed for ten seconds.
///
/// *Feedback.* One round after up, its outcome is known. Without congestion, *most* becomes min(1.25 *most*, 3 BDP)
/// if that is more, and lossy falls by one. If bw has grown by a tenth and the round trip has not, up follows again
/// with twice the gain above 1, to 2.77 at most. Otherwise a new cycle begins.
///
/// *Congestion* in up, or in its feedback: *most* = max(min(BDP, window) · max(0.7, 1 − e), min(*most*, window,
/// max(BDP, in flight)) · (1 − min(0.3, e))), lossy grows by one, to 3 at most, and down follows. In drain, down and
/// cruise, with β = 1 − min(max(e, 0.1), 0.5): bw is held at max(bw of the round, β bw), and *low* is max(bytes
/// carried in a round trip, β · (*low* or window)), until refill. At e > 25 %, unless the sender had too little to
/// send, bw is held at that of the round and *low* at one BDP. If that bw is below 0.7 of the one before, bw of both
/// cycles becomes 1.02 times it, *most* is at most 2 BDP, drain follows, and for six rounds bw keeps falling with
/// what is delivered while the queue stands. Two rounds with less than 0.7 bw and round trips above 1.5 rt, but no
/// loss, set bw to 1.05 of what is delivered.
///
/// *Undoing.* If half of the losses behind a verdict prove spurious within 4 rt + 100 ms, what it changed is put
/// back.
///
/// *Timeouts.* Probe timeouts change nothing. After three in a row the window is four datagrams until something is
/// acknowledged, and *low* is cleared; after ten seconds without an answer, or three round trips, startup begins anew.
struct Bbr: CongestionController {
  enum State: String {
    case startup, drain, down, cruise, refill, up
    case probeRoundTrip = "probe_rtt"
  }

  /// What was learned from loss; restored when the losses prove spurious.
  struct Bounds {
    var state = State.startup
    var isFull = false
    /// The greatest rate of this probing cycle and of the last, in bytes per second.
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
  /// The greatest rate and the most bytes carried within a round trip, of this round.
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
  /// What an earlier visit has shown; nil if there was none, or once it has no say any more.
  var resume: CarefulResume?
  /// Whether a queue was seen.
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
  /// By how much longer the first flight may be where the round trip is long: enough for a geostationary satellite's.
  static let longestFlight = 6.1
  /// The share of the rate that is used: a hundredth is left free, so that a queue does not persist.
  static let margin = 0.99
  static let longestWait: Nanoseconds = 3 * .second
  static let roundTripLifetime: Nanoseconds = 10 * .second
  static let probeRoundTripTime: Nanoseconds = 200 * .millisecond

  init(datagram: Int, seed: UInt64, at now: Instant) {
    self.datagram = datagram
    generator = SeededGenerator(seed: seed)
    stateAt = now
    answeredAt = now
  }

  mutating func started(roundTrip: Nanoseconds, _ memory: PathMemory?, at now: Instant) {
    guard least == nil else { return }
    least = (roundTrip, now)
    base.add(roundTrip, at: now)
    resume = memory.map { CarefulResume($0) }
  }

  // MARK: What it decides

  var stateName: String { state.rawValue }

  var decision: CongestionDecision {
    CongestionDecision(
      window: window, pacingRate: pacingRate, phase: phase, burstShare: burstLoss.share, longRoundTrip: longRoundTrip,
      randomLoss: randomLoss.share)
  }

  /// The rate of the bottleneck, as far as it is known; 0 if it is not.
  var bandwidth: Double { min(greatestBandwidth, bounds.lowBandwidth) }
  var greatestBandwidth: Double { max(bounds.bandwidth.current, bounds.bandwidth.last) }

  /// The bytes in flight that fill the path without a queue, including those that will be lost.
  var product: Double {
    // A peer that echoes what it likes must not be able to make this a number that is not an integer.
    min(bandwidth * Double(leastRoundTrip) / 1e9, 1e15)
  }

  private var quantum: Double { Pacer.fullBurst(bandwidth, datagram) }

  /// The most bytes in flight.
  var window: Int {
    let least = Constants.leastWindow * datagram
    guard timeouts < 3 else { return least }
    guard greatestBandwidth > 0 else { return Int(firstFlight) }
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
    if state == .startup, let resumed = resume?.window { window = max(window, resumed) }
    return max(Int(Int64(saturating: window)), bounds.isFull ? least : Int(hasQueued ? shortestFlight : firstFlight))
  }

  /// The bytes of the first flight: more where the round trip is longer than 100 ms, so that startup takes no longer there.
  private var firstFlight: Double { shortestFlight * min(roundLength, Bbr.longestFlight) }
  /// The least round trip in tenths of a second, at least 1.
  var roundLength: Double { max(Double(leastRoundTrip) / 100e6, 1) }
  private var shortestFlight: Double { Double(Constants.initialWindow * datagram) }

  /// Bytes per second.
  var pacingRate: Double {
    let roundTrip = max(leastRoundTrip, .millisecond)
    // Until a queue shows, it is the sender that limited what was delivered.
    let least =
      state != .startup || hasQueued
      ? Double(2 * datagram) : Bbr.startupGain * firstFlight
    let pace = max(gain * Bbr.margin * bandwidth, least * 1e9 / Double(min(roundTrip, 2 * .second)))
    return state == .startup ? max(pace, resume?.rate ?? 0) : pace
  }

  /// How packets that leave now leave.
  var phase: SendPhase {
    switch state {
    case .startup, .up: .probing
    case .drain, .down, .probeRoundTrip: .slow
    case .cruise, .refill: .steady
    }
  }

  /// A round trip longer than this shows a queue; nil before there is a sample.
  ///
  /// Half a millisecond is more than a quiet path varies by; on a fast path that would hide a queue of many packets.
  var longRoundTrip: Nanoseconds? {
    base.value.map {
      let least = min(0.5e6, 16e9 * Double(datagram) / max(bandwidth, 1))
      return $0 + Nanoseconds(saturating: max(0.5 * queueing.value, least))
    }
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
    resumeCarefully(sample)
    judge(sample, isNewRound)
    if isNewRound { followDrop() }
    advance(sample, isNewRound)
    updateRoundTrip(sample)
    guard isNewRound else { return }
    latestBandwidth = carriedRate(sample.rate) ?? 0
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
    // What an outage swallowed says nothing about the path, and is found lost up to two rounds after it.
    if timeouts > 0 { trustedFrom = round + 3 }
    // After ten seconds of nothing this may be another path.
    if timeouts >= 3, sample.now - answeredAt > max(10 * .second, 3 * sample.smoothedRoundTrip) {
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
    let isCrowded = isQueued && queueing.value > Double(base.value ?? 0) / 16
    tally.add(
      acked: sample.acked, isQueued: isQueued, isCrowded: isCrowded, losses: sample.losses, corrupt: sample.corrupt)
    if sample.rate.isValid {
      roundAppLimited = roundAppLimited || sample.rate.appLimited
      latestInflight = max(latestInflight, carried(sample.rate) * Double(sample.delivered - sample.rate.priorDelivered))
    }
    guard let rate = carriedRate(sample.rate) else { return }
    latestBandwidth = max(latestBandwidth, rate)
    if !sample.rate.appLimited || rate > greatestBandwidth {
      bounds.bandwidth.current = max(bounds.bandwidth.current, rate)
    }
    aggregation.add(
      Double(sample.ackedBytes) / (1 - randomLoss.share), bandwidth: bandwidth, most: Double(window), at: sample.now,
      round: round, rounds: bounds.isFull ? 10 : 1)
  }

  /// How many bytes the bottleneck carried for each that was delivered: those lost at random were carried too.
  private func carried(_ sample: DeliveryRate.Sample) -> Double { min(1 + sample.lost, 1 / (1 - randomLoss.share)) }

  /// The rate at which the bottleneck carried, in bytes per second; nil if the sample was too short to tell.
  private func carriedRate(_ sample: DeliveryRate.Sample) -> Double? {
    sample.bytesPerSecond.map { $0 * carried(sample) }
  }

  /// Forgets the least round trip after ten seconds; then the queue is drained to see it again.
  private mutating func updateRoundTrip(_ sample: CongestionSample) {
    let isExpired = least.map { sample.now - $0.seenAt > max(Bbr.roundTripLifetime, 20 * $0.roundTrip) } ?? false
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
