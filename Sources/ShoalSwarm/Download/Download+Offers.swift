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

  /// What it costs to process a HAVE: each run counts, and so does every 64 of its pieces.
  func work(_ have: Have, from link: LinkKey) -> Int {
    let chunks = have.chunks.reduce(0) { $0 + Int($1.count) }
    let pieces = source(link)?.cut.map { min(chunks, Int($0.chunks)) * $0.pieces / max(Int($0.chunks), 1) } ?? 0
    return (have.chunks.count + pieces / 64) * SwarmConstants.rangeWork
  }

  /// Takes a HAVE; returns whether some of it may be requested.
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

  /// Computes which pieces a peer has by our cut, once that is known.
  mutating func refreshPieces(of link: LinkKey, _ outbox: inout Outbox) {
    guard manifest != nil, let source = source(link), let theirs = source.cut, source.pieces == nil
    else { return }
    guard theirs.size == cut.size else {
      // Only a proven size shows which side is wrong.
      if cut.pieces > 1 { outbox.demand(.distrust(source.address, .size(theirs.size))) }
      return
    }
    // Not everything that it announced was kept, so it has to announce it again.
    guard !source.isEarlyFull else { return outbox.demand(.askAnew(link)) }
    let ours = cut
    _ = update(link) { $0.learn(ours) }
  }

  /// What it costs to process a REFUSE.
  func work(_ refuse: Refuse) -> Int {
    (refuse.ranges.count + (refuse.ranges.count > 1 ? active.count : 1)) * SwarmConstants.rangeWork
  }

  /// Takes a REFUSE with ranges.
  mutating func take(_ refuse: Refuse, from link: LinkKey, _ resources: inout SwarmResources, at now: Instant) {
    switch ContentSpace(rawValue: refuse.space) {
    case .manifest: failFetch(of: link, &resources.outbox, at: now)
    case .tree: refuseTree(refuse.ranges, from: link, &resources, at: now)
    case .content: takeRefusal(refuse, from: link, &resources, at: now)
    // The request is repeated after a pause, or goes to another peer with the next tick.
    case nil: break
    }
  }

  /// Expects none of the pieces in these bytes from a peer any longer. The peer may have joined ranges that touch.
  private mutating func takeRefusal(
    _ refuse: Refuse, from link: LinkKey, _ resources: inout SwarmResources, at now: Instant
  ) {
    if early?.link == link { early = nil }
    guard phase != .searching else {
      if fetch.head.attempts.contains(where: { $0.link == link && $0.space == .content }) { fetch.head.drop(link) }
      return
    }
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
