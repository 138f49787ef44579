import ShoalBase
import ShoalContent
import ShoalTransport
import ShoalWire

// What peers have of the file.
extension Download {
  /// Takes a peer's offer; false if it is impossible, or not the first.
  mutating func take(_ offer: Offer, from link: LinkKey, _ resources: inout SwarmResources, at now: Instant) -> Bool {
    guard let source = source(link), source.cut == nil else { return false }
    let cut = Cut(size: offer.size, pieceExponent: offer.pieceExponent, chunks: offer.chunks)
    guard cut.isValid else {
      resources.outbox.demand(.drop(link, .protocolError, "offer of an impossible cut"))
      return false
    }
    _ = update(link) {
      $0.cut = cut
      $0.early += offer.have
      $0.offeredAt = now
    }
    if fetch.head.attempts.contains(where: { $0.link == link && $0.cut != cut }) { fetch.head.drop(link) }
    review(&resources, at: now)
    // A false offer may have ended the connection.
    if resources.outbox.demands.isEmpty { refreshPieces(of: link, &resources.outbox) }
    return true
  }

  /// What it costs to take in a HAVE: each run counts, and so does every 64 of its pieces.
  func work(_ have: Have, from link: LinkKey) -> Int {
    let chunks = have.chunks.reduce(0) { $0 + Int($1.count) }
    let pieces = source(link)?.cut.map { min(chunks, Int($0.chunks)) * $0.pieces / max(Int($0.chunks), 1) } ?? 0
    return (have.chunks.count + pieces / 64) * SwarmConstants.rangeWork
  }

  /// Notes that a peer has more; returns whether it may be asked for some of it.
  mutating func take(_ have: Have, from link: LinkKey) -> Bool {
    let ours = cut
    return update(link) { source in
      if source.foreign != nil {
        source.hasForeign(have.chunks, ours: ours)
        return true
      }
      if source.pieces != nil {
        source.has(have.chunks, of: ours)
        return true
      }
      if source.early.count + have.chunks.count <= SwarmConstants.earlyRuns {
        source.early += have.chunks
      } else {
        source.isEarlyFull = true
      }
      return false
    } ?? false
  }

  /// Notes which pieces a peer has, by our cut, as soon as that is known.
  mutating func refreshPieces(of link: LinkKey, _ outbox: inout Outbox) {
    guard manifest != nil, let source = source(link), let theirs = source.cut, source.pieces == nil
    else { return }
    guard theirs.size == cut.size else {
      // Only if the size is proven is it known which side is wrong.
      if cut.pieces > 1 { outbox.demand(.distrust(source.address, .size(theirs.size))) }
      return
    }
    // Not all that it announced was kept, so it is asked to announce it again.
    guard !source.isEarlyFull else { return outbox.demand(.askAnew(link)) }
    let ours = cut
    _ = update(link) { $0.learn(ours) }
  }

  /// What it costs to take in a REFUSE.
  func work(_ refuse: Refuse) -> Int {
    (refuse.ranges.count + (refuse.ranges.count > 1 ? active.count : 1)) * SwarmConstants.rangeWork
  }

  /// Takes the news that a peer does not send what it was asked for.
  mutating func take(_ refuse: Refuse, from link: LinkKey, _ resources: inout SwarmResources, at now: Instant) {
    switch ContentSpace(rawValue: refuse.space) {
    case .manifest: failFetch(of: link, &resources.outbox, at: now)
    case .tree: refuseTree(refuse.ranges, from: link, &resources, at: now)
    case .content: takeRefusal(refuse, from: link, &resources, at: now)
    // It is asked again after a pause, or another peer is asked with the next tick.
    case nil: break
    }
  }

  /// Expects no piece of these bytes from a peer, as it does not send them. It may have joined ranges that touch.
  private mutating func takeRefusal(
    _ refuse: Refuse, from link: LinkKey, _ resources: inout SwarmResources, at now: Instant
  ) {
    var owed: [Int]?
    let isAbsent = refuse.code == Refusal.notHere.rawValue
    for range in refuse.ranges where range.length > 0 && range.offset < cut.size {
      let first = cut.piece(at: range.offset)
      let last = cut.piece(at: range.offset + min(UInt64(range.length), cut.size - range.offset) - 1)
      var pieces = [first]
      if last > first {
        let all = owed ?? self.owed(by: link)
        owed = all
        pieces = all.filter { $0 >= first && $0 <= last }
      }
      for piece in pieces {
        let isOwed = active[piece]?.requesters.contains(link) == true
        if isOwed, isAbsent { _ = update(link) { $0.denies(piece, at: now) } }
        release(piece, of: link, &resources)
      }
    }
    if !isAbsent { _ = update(link) { $0.wasRefused(at: now) } }
  }
}
