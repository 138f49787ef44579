import ShoalBase
import ShoalContent
import ShoalTransport
import ShoalWire

// What peers have of the files that we want.
extension Swarm {
  mutating func receive(_ offer: Offer, _ index: Int, at now: Instant) {
    guard let s = sessions[index]?.place(of: offer.file) else {
      // Most likely the WANT arrived after the CANCEL that withdrew it: the peer is told again.
      guard sessions[index]?.wasUsed(offer.file) == true else { return }
      var cancel = Cancel()
      cancel.file = offer.file
      return post(cancel, on: index)
    }
    guard sessions[index]!.subscriptions[s].cut == nil else { return }
    let cut = Cut(size: offer.size, pieceExponent: offer.pieceExponent, chunks: offer.chunks)
    guard cut.isValid else { return drop(index, .protocolError, "offer of an impossible cut", at: now) }
    let key = sessions[index]!.subscriptions[s].file
    sessions[index]!.subscriptions[s].cut = cut
    sessions[index]!.subscriptions[s].early += offer.have
    if files[key.index].name.isEmpty { files[key.index].name = offer.name }
    if let fetch = files[key.index].fetch, fetch.session == index, fetch.cut != cut { files[key.index].fetch = nil }
    reviewFetch(key, at: now)
    // A false offer may have ended the connection.
    guard let s = sessions[index]?.place(of: offer.file) else { return }
    refreshPieces(index, s, at: now)
    if let s = sessions[index]?.place(of: offer.file) { fill(index, s, at: now) }
  }

  mutating func receive(_ have: Have, _ index: Int, at now: Instant) {
    guard let s = sessions[index]?.place(of: have.file) else { return }
    let key = sessions[index]!.subscriptions[s].file
    guard affords(work(have.chunks, sessions[index]!.subscriptions[s].cut), index, at: now) else {
      return drop(index, .busy, "more is told than is taken in", at: now)
    }
    if sessions[index]!.subscriptions[s].pieces != nil {
      insert(have.chunks, index, s, files[key.index].cut)
      fill(index, s, at: now)
    } else if sessions[index]!.subscriptions[s].foreign != nil {
      for run in have.chunks { sessions[index]!.subscriptions[s].foreign!.insert(run) }
      takeForeign(index, s)
      fill(index, s, at: now)
    } else if sessions[index]!.subscriptions[s].early.count + have.chunks.count <= SwarmConstants.earlyRuns {
      sessions[index]!.subscriptions[s].early += have.chunks
    } else {
      sessions[index]!.subscriptions[s].isEarlyFull = true
    }
  }

  /// What it costs to take in these chunks of a cut: each run, and each 64 of its pieces.
  private func work(_ runs: [ChunkRun], _ cut: Cut?) -> Int {
    let chunks = runs.reduce(0) { $0 + Int($1.count) }
    let pieces = cut.map { min(chunks, Int($0.chunks)) * $0.pieces / max(Int($0.chunks), 1) } ?? 0
    return (runs.count + pieces / 64) * SwarmConstants.rangeWork
  }

  /// A peer has these chunks of our own cut.
  private mutating func insert(_ runs: [ChunkRun], _ index: Int, _ s: Int, _ cut: Cut) {
    for run in runs where run.first < cut.chunks {
      let pieces = cut.pieces(ofChunks: Int(run.first), Int(min(run.end, cut.chunks)))
      if sessions[index]!.subscriptions[s].pieces!.insert(pieces) > 0 {
        sessions[index]!.subscriptions[s].isDry = false
      }
    }
  }

  /// Requests are of bytes, so a peer that has all serves any cut.
  private mutating func takeForeign(_ index: Int, _ s: Int) {
    guard sessions[index]!.subscriptions[s].foreign?.isComplete == true else { return }
    let capacity = files[sessions[index]!.subscriptions[s].file.index].cut.pieces
    sessions[index]!.subscriptions[s].foreign = nil
    sessions[index]!.subscriptions[s].pieces = .full(capacity: capacity)
    sessions[index]!.subscriptions[s].isDry = false
  }

  mutating func receive(_ refuse: Refuse, _ index: Int, at now: Instant) {
    guard let session = sessions[index], let s = session.place(of: refuse.file) else { return }
    let key = session.subscriptions[s].file
    let owed = refuse.ranges.count > 1 ? files[key.index].active.count : 1
    guard affords((refuse.ranges.count + owed) * SwarmConstants.rangeWork, index, at: now) else {
      return drop(index, .busy, "more is refused than is taken in", at: now)
    }
    if refuse.ranges.isEmpty {
      emit(.refused(key, session.address, code: refuse.code))
      unsubscribe(index, s, at: now)
      files[key.index].book.rest(session.address, until: now + SwarmConstants.refusedRest)
      fillAll(at: now)
      closeIfIdle(index, at: now)
      return
    }
    switch ContentSpace(rawValue: refuse.space) {
    case .manifest: failFetch(key, of: index, at: now)
    case .content:
      refused(refuse, index, s, key, at: now)
    // It is asked again after a pause, or another is with the next tick.
    case nil: break
    }
  }

  /// A peer does not send these bytes: no piece of them is expected from it. It may have joined ranges that touch.
  private mutating func refused(_ refuse: Refuse, _ index: Int, _ s: Int, _ key: FileKey, at now: Instant) {
    let cut = files[key.index].cut
    var owed: [Int]?
    for range in refuse.ranges where range.length > 0 && range.offset < cut.size {
      let first = cut.piece(at: range.offset)
      let last = cut.piece(at: range.offset + min(UInt64(range.length), cut.size - range.offset) - 1)
      var pieces = [first]
      if last > first {
        owed = owed ?? self.owed(by: index, key)
        pieces = owed!.filter { $0 >= first && $0 <= last }
      }
      for piece in pieces {
        let isOwed = files[key.index].active[piece]?.requesters.contains(index) == true
        if isOwed, refuse.code == Refusal.notHere.rawValue {
          sessions[index]!.subscriptions[s].denies(piece, at: now)
        }
        release(piece, key, of: index)
      }
    }
    if refuse.code != Refusal.notHere.rawValue { sessions[index]!.subscriptions[s].wasRefused(at: now) }
  }

  /// Notes which pieces a peer has, by our cut, as soon as that can be said.
  private mutating func refreshPieces(_ index: Int, _ s: Int, at now: Instant) {
    let subscription = sessions[index]!.subscriptions[s]
    let key = subscription.file
    guard let theirs = subscription.cut, subscription.pieces == nil, subscription.foreign == nil,
      files[key.index].manifest != nil
    else { return }
    let cut = files[key.index].cut
    guard theirs.size == cut.size else {
      // Only where the size is proven is it known who is wrong.
      if cut.pieces > 1 { distrust(subscription.file, sessions[index]!.address, piece: nil, at: now) }
      return
    }
    guard !subscription.isEarlyFull else {
      // Not all that it told was kept: it is asked to tell again. In this order, that the connection is never idle.
      sessions[index]!.subscriptions.remove(at: s)
      want(index, key, at: now)
      var cancel = Cancel()
      cancel.file = subscription.number
      return post(cancel, on: index)
    }
    sessions[index]!.subscriptions[s].early = []
    sessions[index]!.subscriptions[s].isDry = false
    if theirs == cut {
      sessions[index]!.subscriptions[s].pieces = BitSet(capacity: cut.pieces)
      if subscription.early.count == 1, subscription.early[0] == ChunkRun(first: 0, count: cut.chunks) {
        sessions[index]!.subscriptions[s].pieces = .full(capacity: cut.pieces)
      } else {
        insert(subscription.early, index, s, cut)
      }
    } else {
      sessions[index]!.subscriptions[s].foreign = BitSet(capacity: Int(theirs.chunks), runs: subscription.early)
      takeForeign(index, s)
    }
  }

  mutating func refreshPieces(_ key: FileKey, at now: Instant) {
    for index in live {
      if let s = sessions[index]?.place(of: key) { refreshPieces(index, s, at: now) }
      if let s = sessions[index]?.place(of: key) { fill(index, s, at: now) }
    }
  }
}
