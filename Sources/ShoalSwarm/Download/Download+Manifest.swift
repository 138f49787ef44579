import ShoalBase
import ShoalContent
import ShoalTransport
import ShoalWire

extension Download {
  /// Makes sure that what is not known of the file is being fetched, from a peer that makes progress.
  mutating func review(_ resources: inout SwarmResources, at now: Instant) {
    if phase == .downloading { reviewSize(&resources, at: now) }
    guard phase == .searching else { return }
    if let fetch {
      guard now - fetch.progressAt > ManifestFetch.patience else { return }
      self.fetch = nil
      _ = update(fetch.link) { $0.failed(at: now) }
    }
    var best: (s: Int, cut: Cut, failures: Int)?
    for (s, source) in sources.enumerated() {
      guard let cut = source.cut, source.retryAt.map({ $0 <= now }) ?? true else { continue }
      // What a ticket says about the size is a hint: peers that say the same are asked first.
      let isOdd = expected.map { $0.size != cut.size } ?? false
      let failures = source.failures + (isOdd ? 1_000 : 0)
      if failures < best?.failures ?? .max { best = (s, cut, failures) }
    }
    guard let best else { return }
    guard best.cut.size > 0 else {
      // Only one id belongs to an empty file, and it is not this one.
      return resources.outbox.demand(.distrust(sources[best.s].address, .size(0)))
    }
    guard best.cut.pieces > 1 else {
      believedAt = now
      return found(Manifest(id: id, unproven: best.cut), &resources.outbox)
    }
    fetchManifest(best.cut, from: sources[best.s], &resources.outbox, at: now)
  }

  /// Requests the manifest together with the file, a round trip sooner, if a ticket gives the cut. If the ticket is
  /// wrong, the peer's offer will say so.
  mutating func fetchExpected(_ source: Source, _ outbox: inout Outbox, at now: Instant) {
    guard phase == .searching, fetch == nil, let cut = expected, cut.isValid, cut.pieces > 1 else { return }
    fetchManifest(cut, from: source, &outbox, at: now)
  }

  private mutating func fetchManifest(_ cut: Cut, from source: Source, _ outbox: inout Outbox, at now: Instant) {
    let fetch = ManifestFetch(id: id, cut: cut, link: source.link, at: now)
    self.fetch = fetch
    requestManifest(fetch.firstRequest, source.number, source.link, &outbox)
  }

  private func requestManifest(_ range: RangeField, _ number: UInt16, _ link: LinkKey, _ outbox: inout Outbox) {
    var request = Request()
    request.file = number
    request.space = ContentSpace.manifest.rawValue
    request.ranges = [range]
    outbox.post(request, to: link)
  }

  /// Makes sure that somebody bears out a size that is only claimed, as that of a file of one piece is. If nobody who
  /// claims it sends the piece, the next claim is tried.
  private mutating func reviewSize(_ resources: inout SwarmResources, at now: Instant) {
    // Claims that nobody bears out take turns, but not as fast as we could try them.
    guard cut.pieces == 1, let believedAt, now - believedAt >= SwarmConstants.patience else { return }
    var hasOther = false
    var claimants: [LinkKey] = []
    for source in sources {
      guard let claimed = source.cut else { continue }
      if claimed.size != cut.size {
        hasOther = true
        continue
      }
      // A peer that claims the size and has nothing will never bear it out.
      if source.pieces?.isEmpty == false, source.isServing(at: now) { return }
      claimants.append(source.link)
    }
    guard hasOther, active.values.allSatisfy({ !$0.isVerifying }) else { return }
    for link in claimants { _ = update(link) { $0.failed(at: now) } }
    searchAgain(&resources)
  }

  /// Gives up fetching the manifest from a peer that does not send it.
  mutating func failFetch(of link: LinkKey, _ outbox: inout Outbox, at now: Instant) {
    guard fetch?.link == link else { return }
    fetch = nil
    _ = update(link) { $0.failed(at: now) }
    // Not at once: if there is no other peer to ask, this would go back and forth as fast as the network allows.
    outbox.wake(at: now + SwarmConstants.tick)
  }

  /// Takes a part of the manifest.
  mutating func takeManifest(
    _ block: Block, from link: LinkKey, _ bytes: Span<UInt8>, _ outbox: inout Outbox, at now: Instant
  ) {
    guard fetch?.link == link, let source = source(link), let outcome = fetch?.receive(block, bytes, at: now) else {
      return
    }
    switch outcome {
    case .more: break
    case .request(let range): requestManifest(range, block.file, link, &outbox)
    case .complete(let manifest): found(manifest, &outbox)
    case .failed: failFetch(of: link, &outbox, at: now)
    case .wrong:
      let isClaimed = source.cut == fetch?.cut
      fetch = nil
      // It is not the peer's fault if only our ticket says so.
      guard isClaimed else { return expected = nil }
      outbox.demand(.distrust(source.address, .manifest))
    }
  }
}
