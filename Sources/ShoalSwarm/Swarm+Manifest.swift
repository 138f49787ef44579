import ShoalBase
import ShoalContent
import ShoalTransport
import ShoalWire

extension Swarm {
  /// Sees to it that what is not known of a file is being fetched, from a peer that makes progress.
  mutating func reviewFetch(_ key: FileKey, at now: Instant) {
    if files[key.index].phase == .downloading { reviewSize(key, at: now) }
    guard files[key.index].phase == .searching else { return }
    if let fetch = files[key.index].fetch {
      guard now - fetch.progressAt > ManifestFetch.patience else { return }
      files[key.index].fetch = nil
      noteFailure(key, of: fetch.session, at: now)
    }
    var best: (index: Int, s: Int, cut: Cut, failures: Int)?
    for index in live {
      guard let s = sessions[index]?.place(of: key), let subscription = sessions[index]?.subscriptions[s],
        let cut = subscription.cut, subscription.retryAt.map({ $0 <= now }) ?? true
      else { continue }
      // What a ticket says of the size is a hint: those who say the same are asked first.
      let isOdd = files[key.index].expected.map { $0.size != cut.size } ?? false
      let failures = subscription.failures + (isOdd ? 1_000 : 0)
      if failures < best?.failures ?? .max { best = (index, s, cut, failures) }
    }
    guard let best else { return }
    guard best.cut.size > 0 else {
      // Only one id is that of an empty file, and it is not this one's.
      return distrust(key, sessions[best.index]!.address, piece: nil, at: now)
    }
    guard best.cut.pieces > 1 else {
      files[key.index].believedAt = now
      return found(Manifest(id: files[key.index].id, unproven: best.cut), key)
    }
    let fetch = ManifestFetch(id: files[key.index].id, cut: best.cut, session: best.index, at: now)
    files[key.index].fetch = fetch
    requestManifest(fetch.firstRequest, sessions[best.index]!.subscriptions[best.s].number, best.index)
  }

  /// Where a ticket tells the cut, the manifest is requested together with the file, a round trip sooner. If the ticket
  /// is wrong, the peer's offer will say so.
  mutating func fetchExpected(_ key: FileKey, _ number: UInt16, _ index: Int, at now: Instant) {
    guard files[key.index].phase == .searching, files[key.index].fetch == nil,
      let cut = files[key.index].expected, cut.isValid, cut.pieces > 1
    else { return }
    let fetch = ManifestFetch(id: files[key.index].id, cut: cut, session: index, at: now)
    files[key.index].fetch = fetch
    requestManifest(fetch.firstRequest, number, index)
  }

  /// A size that is only claimed, as that of a file of one piece is, must be borne out by someone. If nobody who
  /// claims it sends the piece, the next claim is tried.
  private mutating func reviewSize(_ key: FileKey, at now: Instant) {
    // Claims that nobody bears out take turns, but not as fast as we can.
    guard files[key.index].cut.pieces == 1, let believedAt = files[key.index].believedAt,
      now - believedAt >= SwarmConstants.patience
    else { return }
    var hasOther = false
    var claimants: [Int] = []
    for index in live {
      guard let s = sessions[index]?.place(of: key), let subscription = sessions[index]?.subscriptions[s],
        let cut = subscription.cut
      else { continue }
      if cut.size != files[key.index].cut.size { hasOther = true; continue }
      // One that claims the size and has nothing will never bear it out.
      let mayProve = subscription.pieces?.isEmpty == false && subscription.snubbedUntil == nil
      if mayProve, !subscription.isStalled(at: now) { return }
      claimants.append(index)
    }
    guard hasOther, files[key.index].active.values.allSatisfy({ !$0.isVerifying }) else { return }
    for index in claimants { noteFailure(key, of: index, at: now) }
    searchAgain(key)
  }

  /// What was believed of a file is forgotten.
  mutating func searchAgain(_ key: FileKey) {
    dropActive(key)
    files[key.index].set(nil)
    files[key.index].phase = .searching
    for index in live {
      guard let s = sessions[index]?.place(of: key) else { continue }
      if let pieces = sessions[index]!.subscriptions[s].pieces {
        sessions[index]!.subscriptions[s].early = pieces.isEmpty ? [] : [ChunkRun(first: 0, count: 1)]
      }
      sessions[index]!.subscriptions[s].pieces = nil
      sessions[index]!.subscriptions[s].foreign = nil
      sessions[index]!.subscriptions[s].outstanding = 0
      sessions[index]!.subscriptions[s].requested = 0
    }
  }

  private mutating func noteFailure(_ key: FileKey, of index: Int, at now: Instant) {
    guard let s = sessions[index]?.place(of: key) else { return }
    sessions[index]!.subscriptions[s].failed(at: now)
  }

  /// A peer does not send the manifest.
  mutating func failFetch(_ key: FileKey, of index: Int, at now: Instant) {
    guard files[key.index].fetch?.session == index else { return }
    files[key.index].fetch = nil
    noteFailure(key, of: index, at: now)
    // Not at once: with no other to ask, that would go back and forth as fast as the network allows.
    wake(at: now + SwarmConstants.tick)
  }

  private mutating func found(_ manifest: Manifest, _ key: FileKey) {
    files[key.index].fetch = nil
    files[key.index].set(manifest)
    files[key.index].phase = .preparing
    emit(.manifest(key))
  }

  mutating func receiveManifest(_ block: Block, _ index: Int, _ key: FileKey, _ bytes: RawSpan, at now: Instant) {
    guard files[key.index].fetch?.session == index, let address = sessions[index]?.address else { return }
    guard let outcome = files[key.index].fetch?.receive(block, bytes, at: now) else { return }
    switch outcome {
    case .more: break
    case .request(let range): requestManifest(range, block.file, index)
    case .complete(let manifest): found(manifest, key)
    case .failed: failFetch(key, of: index, at: now)
    case .wrong:
      let claimed = sessions[index]?.place(of: key).flatMap { sessions[index]?.subscriptions[$0].cut }
      let isClaimed = claimed == files[key.index].fetch?.cut
      files[key.index].fetch = nil
      // What only our ticket says is not the peer's fault.
      guard isClaimed else { return files[key.index].expected = nil }
      distrust(key, address, piece: nil, at: now)
    }
  }

  private mutating func requestManifest(_ range: RangeField, _ number: UInt16, _ index: Int) {
    var request = Request()
    request.file = number
    request.space = ContentSpace.manifest.rawValue
    request.ranges = [range]
    post(request, on: index)
  }
}
