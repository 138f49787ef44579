import ShoalWire

/// BBR (draft-cardwell-iccrg-bbr-congestion-control-00, version 1): a model of the path, its bottleneck's rate and
/// its least round trip, sets the pace; loss alone changes nothing.
///
/// One addition: random loss takes its share, so that a sender paced at what is delivered sends the bottleneck less
/// than it could carry, round after round. `randomLoss` is added to the pace.
struct Bbr {
  enum State { case startup, drain, probeBandwidth, probeRoundTrip }

  private(set) var state = State.startup
  /// The bytes of a full datagram.
  var datagram: Int

  private var generator: SeededGenerator
  private var bandwidth = WindowedMaximum(length: 10)
  private var leastRoundTrip: Nanoseconds = .max
  private var leastRoundTripAt = Instant.zero
  private var round: UInt64 = 0
  private var roundEnd: UInt64 = 0
  private var fullBandwidth = 0.0
  private var fullRounds = 0
  private var roundAcked = 0
  private var roundLost = 0
  private var isFull = false
  private var pacingGain = Bbr.startupGain
  private var windowGain = 2.0
  private var phase = 0
  private var phaseStart = Instant.zero
  private var probeUntil: Instant?
  private var probeRound: UInt64 = 0
  private var timeouts = 0
  private var randomLoss = RandomLoss()
  private var distrustedRound: UInt64 = 0

  /// 2/ln 2: the least gain that doubles the delivery rate each round.
  private static let startupGain = 2.885
  private static let gains: [Double] = [1.25, 0.75, 1, 1, 1, 1, 1, 1]
  private static let roundTripLifetime: Nanoseconds = 10 * .second
  private static let probeRoundTripTime: Nanoseconds = 200 * .millisecond

  init(datagram: Int, seed: UInt64) {
    self.datagram = datagram
    generator = SeededGenerator(seed: seed)
  }

  mutating func started(roundTrip: Nanoseconds) {
    guard leastRoundTrip == .max else { return }
    leastRoundTrip = roundTrip
  }

  // MARK: What it decides

  /// The bandwidth-delay product times a gain, in bytes; the initial window before there is a model.
  private func inflight(_ gain: Double) -> Double {
    guard bandwidth.value > 0, leastRoundTrip != .max else { return Double(Constants.initialWindow * datagram) }
    // A peer that echoes what it likes must not make this a number that is no integer.
    return min(bandwidth.value * Double(leastRoundTrip) / 1e9 * gain / (1 - randomLoss.share), 1e15)
  }

  /// The most bytes in flight.
  var window: Int {
    let least = Constants.leastWindow * datagram
    if timeouts >= 3 || state == .probeRoundTrip { return least }
    // Three bursts on top: what ACKs and offloaded batches bunch together. A burst is a millisecond's worth.
    let burst = min(max(Int(bandwidth.value / 1_000), 2 * datagram), 44 * datagram)
    return max(Int(inflight(windowGain)) + 3 * burst, isFull ? least : Constants.initialWindow * datagram)
  }

  /// Bytes a second.
  var pacingRate: Double {
    guard bandwidth.value > 0 else {
      let roundTrip = max(leastRoundTrip == .max ? Constants.initialRoundTrip : leastRoundTrip, .millisecond)
      return Double(Constants.initialWindow * datagram) * 1e9 / Double(roundTrip) * Bbr.startupGain
    }
    return max(bandwidth.value * pacingGain / (1 - randomLoss.share), Double(2 * datagram))
  }

  /// Whether what leaves now leaves more slowly than the path could carry.
  var isSlow: Bool { pacingGain < 1 }

  // MARK: What it learns

  mutating func acknowledged(_ sample: CongestionSample) {
    let hadTimeout = timeouts > 0
    if sample.ackedBytes > 0 { timeouts = 0 }
    var newRound = false
    if sample.rate.isValid, sample.rate.priorDelivered >= roundEnd {
      roundEnd = sample.delivered
      round += 1
      newRound = true
    }
    // What an outage swallowed says nothing of the path, nor does what is lost in the round after it.
    if hadTimeout { distrustedRound = round + 1 }
    // Nor does what is lost behind the queue of others.
    let queued = sample.roundTrip - min(leastRoundTrip, sample.roundTrip)
    if round > distrustedRound, queued <= max(.millisecond, leastRoundTrip / 16) {
      randomLoss.add(acked: sample.slowBytes, lost: sample.slowLostBytes)
    }
    roundAcked += sample.ackedBytes
    roundLost += sample.lostBytes
    if sample.rate.bytesPerSecond > 0,
      !sample.rate.appLimited || sample.rate.bytesPerSecond > bandwidth.value
    {
      bandwidth.add(sample.rate.bytesPerSecond, at: round)
    }
    if newRound {
      if !sample.rate.appLimited { checkFull() }
      roundAcked = 0
      roundLost = 0
    }
    advance(sample, newRound: newRound)
    updateRoundTrip(sample, newRound: newRound)
  }

  mutating func timedOut(count: Int) { timeouts = count }

  /// The pipe is full when three rounds have not brought a quarter more.
  private mutating func checkFull() {
    guard !isFull else { return }
    if bandwidth.value >= fullBandwidth * 1.25 {
      fullBandwidth = bandwidth.value
      fullRounds = 0
    } else {
      fullRounds += 1
      // Where a third is lost too, the queue is short and full.
      isFull = fullRounds >= 3 || roundLost > roundAcked / 2
    }
  }

  private mutating func advance(_ sample: CongestionSample, newRound: Bool) {
    switch state {
    case .startup where isFull:
      state = .drain
      pacingGain = 1 / Bbr.startupGain
    case .drain where Double(sample.bytesInFlight) <= inflight(1):
      beginProbeBandwidth(at: sample.now)
    case .probeBandwidth:
      let elapsed = sample.now - phaseStart > leastRoundTrip
      let inFlight = Double(sample.bytesInFlight)
      let next =
        switch pacingGain {
        case 1: elapsed
        case 1...: elapsed && (inFlight >= inflight(pacingGain) || sample.lostBytes > 0 || sample.rate.appLimited)
        // Until the queue is gone, however long that takes (BBR version 3, §4.3.3.6).
        default: inFlight <= inflight(1)
        }
      if next { setPhase((phase + 1) % Bbr.gains.count, at: sample.now) }
    default: break
    }
  }

  private mutating func beginProbeBandwidth(at now: Instant) {
    state = .probeBandwidth
    windowGain = 2
    // Any phase but the draining one, so that flows do not march in step.
    let start = Int(generator.next() % 7)
    setPhase(start == 1 ? 7 : start, at: now)
  }

  private mutating func setPhase(_ index: Int, at now: Instant) {
    phase = index
    phaseStart = now
    pacingGain = Bbr.gains[index]
  }

  /// The least round trip is forgotten after ten seconds; then the queue is drained to see it again.
  private mutating func updateRoundTrip(_ sample: CongestionSample, newRound: Bool) {
    let expired = sample.now - leastRoundTripAt > Bbr.roundTripLifetime
    if sample.roundTrip > 0, expired || sample.roundTrip - sample.roundTrip / 50 - 300_000 <= leastRoundTrip {
      if expired || sample.roundTrip < leastRoundTrip { leastRoundTrip = sample.roundTrip }
      leastRoundTripAt = sample.now
    }
    if expired, state != .probeRoundTrip, state != .startup {
      state = .probeRoundTrip
      pacingGain = 1
      probeUntil = nil
    }
    guard state == .probeRoundTrip else { return }
    if let until = probeUntil {
      guard sample.now >= until, round > probeRound else { return }
      leastRoundTripAt = sample.now
      beginProbeBandwidth(at: sample.now)
    } else if sample.bytesInFlight <= (Constants.leastWindow + 1) * datagram {
      probeUntil = sample.now + Bbr.probeRoundTripTime
      probeRound = round
    }
  }
}

/// The share of bytes that the path loses whatever is sent: measured on those that left more slowly than the path
/// could carry, whose loss cannot be of our making. The pace may then be raised by it without feeding itself.
struct RandomLoss {
  private var acked = 0.0
  private var lost = 0.0

  /// Between 0 and 0.2.
  private(set) var share = 0.0

  mutating func add(acked newlyAcked: Int, lost newlyLost: Int) {
    guard newlyAcked != 0 || newlyLost != 0 else { return }
    acked += Double(newlyAcked)
    lost = max(lost + Double(newlyLost), 0)
    // Some thousand packets are enough to know it, and few enough to follow it.
    let total = acked + lost
    let most = 1_500_000.0
    if total > most {
      acked *= most / total
      lost *= most / total
    }
    share = min(lost / (acked + lost + 30_000), 0.2)
  }
}

/// The maximum over the last rounds: Kathleen Nichols' filter, as in Linux's lib/win_minmax.c, with three estimates.
struct WindowedMaximum {
  private let length: UInt64
  private var best: (Double, UInt64) = (0, 0)
  private var second: (Double, UInt64) = (0, 0)
  private var third: (Double, UInt64) = (0, 0)

  init(length: UInt64) { self.length = length }

  /// The largest value of the window; 0 if there is none.
  var value: Double { best.0 }

  mutating func add(_ value: Double, at round: UInt64) {
    if value >= best.0 || round - third.1 > length {
      best = (value, round)
      second = best
      third = best
      return
    }
    if value >= second.0 {
      second = (value, round)
      third = second
    } else if value >= third.0 {
      third = (value, round)
    }
    if round - best.1 > length {
      best = second
      second = third
      third = (value, round)
      if round - best.1 > length {
        best = second
        second = third
        third = (value, round)
      }
    } else if second.1 == best.1, round - best.1 > length / 4 {
      second = (value, round)
      third = second
    } else if third.1 == second.1, round - second.1 > length / 2 {
      third = (value, round)
    }
  }
}
