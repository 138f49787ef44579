import ShoalBase
import ShoalContent
import ShoalWire

// When everything missing has been requested, or there is no room for more, a slow peer must not hold up the rest.
extension Download {
  /// Requests what slow peers still owe from peers that have nothing else to give: from the fastest first, or peers
  /// that promise everything and send nothing would take turns with one another.
  mutating func fillEnds(_ resources: inout SwarmResources, at now: Instant) {
    let idle = sources.filter { $0.isExhausted && $0.outstanding < $0.budget }
    for source in idle.sorted(by: { ($1.rate, $0.serial) < ($0.rate, $1.serial) }) {
      fillEnd(source.link, &resources, at: now)
    }
  }

  /// If nothing comes, and no peer that answers has announced any of what is missing, peers may still have single
  /// pieces, of chunks that none of them has whole: they are asked for those.
  mutating func guess(at now: Instant) {
    guard phase == .downloading, let wanted = copy?.have.complement, !wanted.isEmpty, isStarving(at: now),
      now - (guessedAt ?? .zero) >= SwarmConstants.patience
    else { return }
    let able = sources.indices.filter { sources[$0].cut == cut && sources[$0].isServing(at: now) }
    let known = able.reduce(into: BitSet(capacity: cut.pieces)) { $0.formUnion(sources[$1].pieces ?? $0) }
    guard wanted.subtracting(known) == wanted else { return }
    guessedAt = now
    for s in able { update(at: s) { $0.mayHave(wanted, at: now) } }
  }

  private mutating func fillEnd(_ link: LinkKey, _ resources: inout SwarmResources, at now: Instant) {
    guard phase == .downloading, let s = place(of: link), sources[s].isExhausted,
      sources[s].outstanding < sources[s].budget, sources[s].isServing(at: now), sources[s].pieces?.isEmpty == false
    else { return }
    let (budget, isFull) = (sources[s].budget, resources.budget.isFull)
    // Pieces being verified will make room soon.
    guard !isFull || !active.values.contains(where: \.isVerifying) else { return }
    var ranges: [RangeField] = []
    while sources[s].outstanding < budget, let piece = slowest(for: sources[s], isFull: isFull, at: now) {
      makeWay(on: piece, &resources, at: now)
      ranges += assign(piece, to: s, at: now)
    }
    request(ranges, of: sources[s], &resources.outbox)
  }

  /// If a piece is requested from as many peers as allowed, drops the one that would take longest: otherwise a few that
  /// send next to nothing could hold on to the last piece.
  private mutating func makeWay(on piece: Int, _ resources: inout SwarmResources, at now: Instant) {
    guard let state = active[piece], state.requesters.count >= SwarmConstants.requestersPerPiece else { return }
    let slowest = state.requesters.max { wait(for: piece, from: $0, at: now) < wait(for: piece, from: $1, at: now) }
    guard let slowest else { return }
    cancel([piece], of: slowest, &resources.outbox)
    release(piece, of: slowest, &resources)
    active[piece]?.madeWayAt = now
  }

  /// The seconds that a source will take for the missing bytes of a piece requested from it.
  private func wait(for piece: Int, from link: LinkKey, at now: Instant) -> Double {
    guard let state = active[piece], let source = source(link) else { return .infinity }
    return source.wait(
      state.isBegun ? cut.pieceLength(piece) - state.received.count : source.outstanding, at: now)
  }

  /// Of the pieces that this source would deliver in half the time, the one with the longest wait; it must be worth a
  /// little at least.
  ///
  /// If none of it has arrived, the first peer to send any of it keeps it: see `take(_:of:at:from:_:_:)`. If `isFull`,
  /// the buffer is full and no other piece can be begun: then a few peers that send next to nothing could hold on to
  /// the whole buffer.
  private func slowest(for source: Source, isFull: Bool, at now: Instant) -> Int? {
    guard let pieces = source.pieces else { return nil }
    // Before the end, what is requested twice only takes the uplinks' time, unless a reader waits for the next bytes.
    guard self.missing.isEmpty || isFull || isReadInOrder else { return nil }
    let best = sources.reduce(0) { max($0, $1.rate) }
    var slowest: (piece: Int, wait: Double, missing: Int)?
    for (piece, state) in active {
      guard !state.isVerifying, !state.isExclusive, !state.requesters.isEmpty, !state.requesters.contains(source.link),
        pieces.contains(piece)
      else { continue }
      // Otherwise peers that send nothing would take turns in every tick.
      if let last = state.madeWayAt, now - last < SwarmConstants.wayPause,
        state.requesters.count >= SwarmConstants.requestersPerPiece
      {
        continue
      }
      // A piece that has begun to arrive will be done soon: it is left alone until the end.
      guard !state.isBegun || self.missing.isEmpty || isFull else { continue }
      let missing = cut.pieceLength(piece) - state.received.count
      let wait = state.requesters.reduce(Double.infinity) { min($0, self.wait(for: piece, from: $1, at: now)) }
      guard wait > 2 * source.promise(missing, best: best) + (isFull ? 1 : 0.1) else { continue }
      // Among equal waits, the piece of which most is missing; among equals again, always the same one.
      if let slowest, (wait, missing, -piece) < (slowest.wait, slowest.missing, -slowest.piece) { continue }
      slowest = (piece, wait, missing)
    }
    return slowest?.piece
  }
}
