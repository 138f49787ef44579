import ShoalBase
import ShoalContent
import ShoalTransport
import ShoalWire

extension Download {
  /// Makes sure that the manifest is being fetched, from peers that make progress.
  mutating func review(_ resources: inout SwarmResources, at now: Instant) {
    if phase == .downloading {
      reviewSize(&resources, at: now)
      // When nobody else has anything to give, slow peers get another chance.
      if !sources.contains(where: { $0.isGiving(at: now) }) { updateAll { $0.forgiveSlowness(at: now) } }
    }
    guard phase == .searching else { return }
    guard fetch.cut == nil else { return reviewPages(&resources.outbox, at: now) }
    if let link = fetch.head.slowest(at: now) { failFetch(of: link, &resources.outbox, at: now) }
    guard let next = nextClaim(at: now) else { return }
    guard next.cut.size > 0 else {
      // Only one id belongs to an empty file, and it is not this one.
      return resources.outbox.demand(.distrust(next.source.address, .size(0)))
    }
    if let wait = wait(for: next, at: now) { return resources.outbox.wake(at: wait) }
    guard next.cut.pieces > 1 else {
      believedAt = now
      return found(Manifest(id: id, unproven: next.cut), &resources.outbox)
    }
    askForHead(next.cut, of: next.source, &resources.outbox, at: now)
  }

  /// A source's claim about the file.
  private typealias Claim = (source: Source, cut: Cut)

  /// The claim to try next: prefers peers that have failed less often, then the cut in the ticket, then the cut that
  /// most peers offer, then the default one.
  private func nextClaim(at now: Instant) -> Claim? {
    var votes: [Cut: Int] = [:]
    for source in sources { if let cut = source.cut { votes[cut, default: 0] += 1 } }
    func rank(_ claim: Claim) -> (Int, Int, Int, Int) {
      let isOdd = expected.map { $0.size != claim.cut.size } ?? false
      let isExpected = claim.cut == expected
      let others = isExpected ? Int.max : votes[claim.cut] ?? 0
      return (claim.source.failures + (isOdd ? 1_000 : 0), -others, isUsual(claim.cut) ? 0 : 1, claim.source.serial)
    }
    let claims: [Claim] = sources.compactMap { source in
      guard let cut = source.cut, source.retryAt.map({ $0 <= now }) ?? true, fetch.head.mayAsk(source.link) else {
        return nil
      }
      return (source, cut)
    }
    guard let best = claims.min(by: { rank($0) < rank($1) }) else { return nil }
    // A better cut than those that are being proven is tried at once.
    let isBetter =
      fetch.head.attempts.count < ProofFetch.most
      && fetch.head.attempts.allSatisfy { attempt in
        guard attempt.cut != best.cut, let source = source(attempt.link) else { return false }
        return rank(best) < rank((source, attempt.cut))
      }
    return fetch.head.wantsMore(at: now) || isBetter ? best : nil
  }

  /// Whether this is the default cut for a file of this size.
  private func isUsual(_ cut: Cut) -> Bool { cut == Cut(size: cut.size) }

  /// Until when a claim has to wait; nil if it need not. If the first offer came from a peer with an unusual cut of its
  /// own and decided, peers with other cuts could only be asked for whole chunks of theirs. Others that are being
  /// contacted may offer better.
  private func wait(for claim: Claim, at now: Instant) -> Instant? {
    guard claim.cut.pieces > 1, !isUsual(claim.cut), claim.cut != expected, let heard = claim.source.offeredAt else {
      return nil
    }
    let isShared = sources.contains { $0.link != claim.source.link && $0.cut == claim.cut }
    let mayHear = book.isCalling || sources.contains { $0.cut == nil }
    let until = heard + SwarmConstants.cutPatience
    return mayHear && !isShared && now < until ? until : nil
  }

  /// Requests the manifest, or the content of a small file of one piece, together with the WANT, a round trip sooner, if a
  /// ticket gives the cut. If the ticket is wrong, the offer will show it.
  mutating func fetchExpected(_ source: Source, _ outbox: inout Outbox, at now: Instant) {
    guard phase == .searching, fetch.cut == nil, fetch.head.wantsMore(at: now), let first = expectedProof else {
      return
    }
    outbox.post(fetch.head.ask(source, for: first.range, in: first.space, of: first.cut, at: now), to: source.link)
    outbox.wake(at: now + ProofFetch.quietPatience)
  }

  private mutating func askForHead(_ cut: Cut, of source: Source, _ outbox: inout Outbox, at now: Instant) {
    let range = RangeField(offset: 0, length: UInt32(cut.headLength))
    outbox.post(fetch.head.ask(source, for: range, in: .manifest, of: cut, at: now), to: source.link)
    outbox.wake(at: now + ProofFetch.quietPatience)
  }

  /// Asks every peer with this cut for pages.
  private mutating func reviewPages(_ outbox: inout Outbox, at now: Instant) {
    let able = sources.filter { $0.cut == fetch.cut && ($0.retryAt.map { $0 <= now } ?? true) }
    fetch.reviewPages(able.map(\.link), at: now)
    for _ in 0..<ManifestFetch.pagesPerPeer {
      for source in able {
        guard let page = fetch.nextPage(for: source, at: now), let request = fetch.ask(source, for: page, at: now)
        else { continue }
        outbox.post(request, to: source.link)
      }
    }
  }

  /// The size of a file of one piece is only claimed until the piece is here. If no peer that claims it sends the
  /// piece, the next claim is tried.
  private mutating func reviewSize(_ resources: inout SwarmResources, at now: Instant) {
    // Unconfirmed claims take turns, but not as fast as they could be tried.
    guard cut.pieces == 1, let believedAt, now - believedAt >= SwarmConstants.patience else { return }
    var hasOther = false
    var claimants: [LinkKey] = []
    for source in sources {
      guard let claimed = source.cut else { continue }
      if claimed.size != cut.size {
        hasOther = true
        continue
      }
      // A peer that claims the size but has no piece can never confirm it.
      if source.pieces?.isEmpty == false, source.isServing(at: now) { return }
      claimants.append(source.link)
    }
    guard hasOther, active.values.allSatisfy({ !$0.isVerifying }) else { return }
    for link in claimants { _ = update(link) { $0.failed(at: now) } }
    searchAgain(&resources)
  }

  /// Gives up fetching the manifest from a peer that does not send it.
  mutating func failFetch(of link: LinkKey, _ outbox: inout Outbox, at now: Instant) {
    guard fetch.isAsking(link) else { return }
    // A file of one piece can also be fetched as if there were no ticket.
    if fetch.head.attempts.contains(where: { $0.link == link && $0.space == .content }) { return fetch.head.drop(link) }
    fetch.fail(link)
    _ = update(link) { $0.failed(at: now) }
    // Not at once: without another peer to ask, requests and refusals would alternate as fast as the network allows.
    outbox.wake(at: now + SwarmConstants.tick)
  }

  /// Takes a part of the manifest.
  mutating func takeManifest(
    _ block: Block, from link: LinkKey, _ bytes: Span<UInt8>, _ outbox: inout Outbox, at now: Instant
  ) {
    guard phase == .searching, let source = source(link) else { return }
    guard fetch.cut != nil else { return takeHead(block, from: source, bytes, &outbox, at: now) }
    var needless: [ProofFetch.Attempt] = []
    let outcome = fetch.takePage(block, from: link, bytes, id: id, needless: &needless, at: now)
    cancel(needless, &outbox)
    switch outcome {
    case .more: reviewPages(&outbox, at: now)
    case .complete(let manifest): found(manifest, &outbox)
    case .wrong: outbox.demand(.distrust(source.address, .manifest))
    }
  }

  private mutating func takeHead(
    _ block: Block, from source: Source, _ bytes: Span<UInt8>, _ outbox: inout Outbox, at now: Instant
  ) {
    guard let head = fetch.head.accept(block, from: source.link, bytes, at: now) else { return }
    guard Manifest.proves(head: head.bytes, of: head.cut, id: id) else {
      // If the cut came only from the ticket, the peer is not at fault.
      guard source.cut == head.cut else {
        expected = nil
        return
      }
      return outbox.demand(.distrust(source.address, .manifest))
    }
    cancel(fetch.head.attempts, &outbox)
    if let manifest = fetch.found(head, id: id) { found(manifest, &outbox) } else { reviewPages(&outbox, at: now) }
  }

  /// Cancels with these peers what another peer has sent.
  func cancel(_ attempts: [ProofFetch.Attempt], _ outbox: inout Outbox) {
    for attempt in attempts {
      guard let number = source(attempt.link)?.number else { continue }
      var cancel = Cancel()
      (cancel.file, cancel.space, cancel.ranges) = (number, attempt.space.rawValue, [attempt.range])
      outbox.post(cancel, to: attempt.link)
    }
  }
}
