// What loss does to the model, and how that is undone.
extension Bbr {
  /// What was known before a verdict.
  struct Undo {
    var bounds: Bounds
    var doubt: DoubtedLosses
  }

  /// The runs of losses that end startup: one burst is not a full path.
  static let startupRuns = 6

  /// Judges the losses of a round at its end, or at once if they are overwhelming.
  mutating func judge(_ sample: CongestionSample, _ isNewRound: Bool) {
    restoreIfSpurious(sample)
    let hasGrown = isNewRound && state == .startup && !roundAppLimited && checkFull()
    let isOverwhelmed =
      !isNewRound && state != .up && (state != .startup || tally.runs >= Bbr.startupRuns)
      && tally.isOverwhelmed(over: randomLoss, probing: state == .startup)
    guard isNewRound || isOverwhelmed else { return }
    defer { tally = LossTally() }
    let isFeedback = isNewRound && feedbackRound == round
    guard round >= trustedFrom else {
      if isFeedback { feedbackRound = nil }
      return
    }
    burstLoss.add(head: tally.head, tail: tally.tail)
    randomLoss.limit = burstLoss.mostRandom
    let excess = tally.excess(over: randomLoss)
    // As long as the rate still grows, or is limited by what there is to send, and no queue shows, even probing packets
    // meet only random loss.
    let isGrowing = state == .startup && hasGrown
    let isProbeClean =
      (isGrowing || state == .startup && roundAppLimited && !bounds.isFull) && tally.queued.packets == 0
    if isNewRound { randomLoss.add(tally, includingProbes: isProbeClean) }
    if excess > 0.1 { randomLoss.forgetSlow() }
    let isCongested = excess > 0.01 && tally.lost >= 2
    // A sender that had too little to send learns nothing of growth. That of one round may be measured in the next.
    let isFlat = !isNewRound || !roundAppLimited && fullRounds >= 2
    if isCongested {
      if !isGrowing { randomLoss.doubt() }
      slowDown(excess, sample, isFlat: isFlat, isFeedback: isFeedback)
    }
    if isFeedback { takeFeedback(isCongested: isCongested, sample) }
  }

  private mutating func slowDown(_ excess: Double, _ sample: CongestionSample, isFlat: Bool, isFeedback: Bool) {
    if state == .startup {
      guard tally.runs >= Bbr.startupRuns, isFlat || hasQueued && excess > 0.2 && tally.packets >= 64 else { return }
    }
    remember(sample)
    switch state {
    case .startup:
      bounds.isFull = true
      bounds.most = max(product, latestInflight)
    case .up:
      lowerMost(excess, sample)
      bounds.lossyProbes = min(bounds.lossyProbes + 1, 3)
      beginDown(sample, awaitingFeedback: true)
    case .down where isFeedback, .cruise where isFeedback:
      lowerMost(excess, sample)
      bounds.lossyProbes = min(bounds.lossyProbes + 1, 3)
    case .drain, .down, .cruise:
      let factor = 1 - min(max(excess, 0.1), 0.5)
      bounds.lowBandwidth = max(latestBandwidth, factor * bandwidth)
      bounds.lowInflight = max(latestInflight, factor * min(bounds.lowInflight, Double(window)))
    case .refill, .probeRoundTrip: break
    }
    // A sender that had too little to send learns nothing of the rate either.
    if excess > 0.25, state != .startup, !roundAppLimited { collapse(sample) }
  }

  private mutating func lowerMost(_ excess: Double, _ sample: CongestionSample) {
    let seen = min(bounds.most, Double(window), max(product, Double(sample.priorInFlight)))
    bounds.most = max(min(product, Double(window)) * max(0.7, 1 - excess), seen * (1 - min(0.3, excess)))
  }

  /// Adapts to a path that carries much less than it did.
  private mutating func collapse(_ sample: CongestionSample) {
    guard latestBandwidth > 0 else { return }
    bounds.lowBandwidth = latestBandwidth
    bounds.lowInflight = product
    guard latestBandwidth < 0.7 * greatestBandwidth else { return }
    setBandwidth(1.02 * latestBandwidth)
    bounds.most = min(bounds.most, 2 * product)
    bounds.lowering = 6
    if state == .cruise || state == .down { enter(.drain, at: sample.now) }
  }

  private mutating func setBandwidth(_ bandwidth: Double) {
    bounds.bandwidth = (current: bandwidth, last: bandwidth)
  }

  /// Follows a rate that falls, as long as its queue stands; if it falls without loss, as where the queue is deep,
  /// after two rounds.
  mutating func followDrop() {
    guard bounds.isFull, state != .probeRoundTrip, !roundAppLimited, latestBandwidth > 0, let roundLeast else { return }
    if bounds.lowering > 0 {
      bounds.lowering -= 1
      if latestBandwidth < 0.97 * greatestBandwidth, roundLeast > leastRoundTrip + leastRoundTrip / 4 {
        setBandwidth(1.02 * latestBandwidth)
      }
    }
    let hasDropped = latestBandwidth < 0.7 * greatestBandwidth && roundLeast > leastRoundTrip + leastRoundTrip / 2
    droppedRounds = hasDropped ? droppedRounds + 1 : 0
    guard droppedRounds >= 2 else { return }
    droppedRounds = 0
    setBandwidth(1.05 * latestBandwidth)
  }

  // MARK: Undoing

  private mutating func remember(_ sample: CongestionSample) {
    if undo == nil {
      undo = Undo(bounds: bounds, doubt: DoubtedLosses(0, roundTrip: leastRoundTrip, at: sample.now))
    }
    undo?.doubt.add(tally.lost)
  }

  private mutating func restoreIfSpurious(_ sample: CongestionSample) {
    guard let verdict = undo?.doubt.arrived(sample.spurious, at: sample.now), verdict != .open else { return }
    if verdict == .spurious {
      let now = bounds
      bounds = undo!.bounds
      bounds.bandwidth.current = max(bounds.bandwidth.current, now.bandwidth.current)
      bounds.bandwidth.last = max(bounds.bandwidth.last, now.bandwidth.last)
      if bounds.state != .startup { bounds.state = now.state }
      fullRounds = 0
    }
    undo = nil
  }
}
