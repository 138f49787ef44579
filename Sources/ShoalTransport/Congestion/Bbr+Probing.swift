import ShoalBase

// The states, and what makes one follow another.
extension Bbr {
  /// By how many times more *most* may grow in a long round.
  private static let longestGrowth = 20.0

  /// The factor by which the rate is multiplied for the pace.
  var gain: Double {
    switch state {
    case .startup: Bbr.startupGain
    case .drain: 0.4
    case .down: 0.9
    case .cruise, .refill, .probeRoundTrip: 1
    case .up: upGain
    }
  }

  mutating func enter(_ state: State, at now: Instant) {
    bounds.state = state
    stateAt = now
    stateRound = round
  }

  mutating func advance(_ sample: CongestionSample, _ isNewRound: Bool) {
    let inFlight = Double(sample.bytesInFlight)
    switch state {
    case .startup where bounds.isFull: enter(.drain, at: sample.now)
    case .drain where inFlight <= product: beginDown(sample, awaitingFeedback: false)
    case .down where inFlight <= product: enter(.cruise, at: sample.now)
    // Where a queue made by others stands, what is in flight never falls that low.
    case .down where round >= probedRound + waitRounds, .cruise where round >= probedRound + waitRounds:
      bounds.lowBandwidth = .infinity
      bounds.lowInflight = .infinity
      upGain = Bbr.firstUpGain
      enter(.refill, at: sample.now)
      roundEnd = sample.delivered
    case .refill where isNewRound && round > stateRound: beginUp(at: sample.now)
    case .up where isUpDone(sample, isNewRound): beginDown(sample, awaitingFeedback: true)
    default: break
    }
  }

  mutating func beginUp(at now: Instant) {
    bandwidthBeforeProbe = greatestBandwidth
    growth = InflightGrowth()
    enter(.up, at: now)
  }

  /// Begins `down`: what was sent while probing up is answered within a round trip from now.
  mutating func beginDown(_ sample: CongestionSample, awaitingFeedback: Bool) {
    enter(.down, at: sample.now)
    roundEnd = sample.delivered
    feedbackRound = awaitingFeedback ? round + 1 : nil
    probedRound = round
    // Whoever has little probes often, so that flows become alike, and whoever has long rounds after fewer of them. Up to
    // two rounds more, at random, keep flows from marching in step.
    let most = min(1.5 * product / Double(datagram), Double(Bbr.longestWait) / Double(leastRoundTrip), 48)
    waitRounds = min(10 << UInt64(min(bounds.lossyProbes, 2)), UInt64(max(most, 6))) + generator.next() % 3
  }

  /// Whether the path was asked for more for long enough to tell whether it has it.
  private mutating func isUpDone(_ sample: CongestionSample, _ isNewRound: Bool) -> Bool {
    let inFlight = Double(sample.priorInFlight)
    if inFlight >= bounds.most - Double(2 * datagram) {
      // Limited by what the path last took: it is asked for a little more as long as no queue grows.
      let first = Double(datagram) * min(roundLength, Bbr.longestGrowth)
      bounds.most += growth.add(sample.ackedBytes, window: Double(window), first: first, isNewRound: isNewRound)
      // If there is no round trip, only time tells when to stop.
      guard let roundTrip = sample.roundTrip else {
        return isNewRound && roundLeast == nil && round >= stateRound + 2
      }
      return roundTrip > leastRoundTrip + leastRoundTrip / 4 + 2 * .millisecond && inFlight >= 1.25 * product
    }
    // A little more than a round trip, so that a whole one is seen at the higher rate.
    let isLong = sample.now - stateAt > leastRoundTrip + leastRoundTrip / 4 && round > stateRound
    return isLong && inFlight >= (1 + 0.8 * (upGain - 1)) * product || round >= stateRound + 2
  }

  /// Takes the answer to what was sent while probing up: the path took it, or it did not.
  mutating func takeFeedback(isCongested: Bool, _ sample: CongestionSample) {
    feedbackRound = nil
    guard !isCongested else { return advanceCycle() }
    if bounds.most.isFinite, !roundAppLimited { bounds.most = max(bounds.most, min(1.25 * bounds.most, 3 * product)) }
    bounds.lossyProbes = max(bounds.lossyProbes - 1, 0)
    let isFlat = roundLeast.map { $0 < leastRoundTrip + leastRoundTrip / 4 + 2 * .millisecond } ?? false
    if greatestBandwidth >= 1.1 * bandwidthBeforeProbe, isFlat, state == .down || state == .cruise {
      // There is much more than was known: continue, faster.
      upGain = min(1 + 2 * (upGain - 1), Bbr.startupGain)
      beginUp(at: sample.now)
    } else {
      advanceCycle()
    }
  }

  /// The rate is the greatest of this probing cycle and of the last.
  private mutating func advanceCycle() {
    guard bounds.bandwidth.current > 0, !roundAppLimited else { return }
    bounds.bandwidth.last = bounds.bandwidth.current
    bounds.bandwidth.current = 0
  }

  /// Lets an earlier visit have its say in startup.
  mutating func resumeCarefully(_ sample: CongestionSample) {
    guard var resume else { return }
    let isQueued = sample.roundTrip.map { $0 > leastRoundTrip + leastRoundTrip / 4 + 2 * .millisecond } ?? false
    let hasExcess = tally.runs >= Bbr.startupRuns && tally.excess(over: randomLoss) > 0.2
    if resume.take(sample, least: leastRoundTrip, isCongested: isQueued || hasExcess), state == .startup {
      bounds.isFull = true
      bounds.most = max(product, latestInflight)
    }
    self.resume = resume.phase == .over || state != .startup ? nil : resume
  }

  /// Checks whether the path is full: whether three rounds in a row have not raised the rate by a quarter. Returns
  /// whether this one has.
  mutating func checkFull() -> Bool {
    if greatestBandwidth >= fullBandwidth * 1.25 {
      fullBandwidth = greatestBandwidth
      fullRounds = 0
      return true
    }
    fullRounds += 1
    if fullRounds >= 3 { bounds.isFull = true }
    return false
  }
}
