import ShoalBase
import ShoalContent
import ShoalWire

// Near the end, a slow peer must not hold up the rest.
extension Download {
  /// Asks a peer that has nothing else to be asked for for what a slower one still owes.
  mutating func fillEnd(_ link: LinkKey, _ resources: inout SwarmResources, at now: Instant) {
    guard phase == .downloading, !resources.budget.isFull, let s = place(of: link), sources[s].isExhausted,
      sources[s].outstanding < sources[s].budget, sources[s].isServing(at: now), sources[s].pieces?.isEmpty == false
    else { return }
    let budget = sources[s].budget
    var ranges: [RangeField] = []
    while sources[s].outstanding < budget, let (piece, owner) = slowest(for: sources[s]) {
      if active[piece]?.isBegun == false {
        // The other peer has not begun: it is told not to, so that they do not both send the piece.
        cancel([piece], of: owner, &resources.outbox)
        release(piece, of: owner, &resources)
        begin(piece, &resources.budget)
      }
      ranges += assign(piece, to: s, at: now)
    }
    request(ranges, of: sources[s], &resources.outbox)
  }

  /// The piece that would be waited for longest, and at least a little, if this source would have it in half the time;
  /// and who owes it.
  private func slowest(for source: Source) -> (piece: Int, owner: LinkKey)? {
    guard let pieces = source.pieces else { return nil }
    var best: (piece: Int, owner: LinkKey, wait: Double, missing: Int)?
    for (piece, state) in active {
      guard !state.isVerifying, !state.isExclusive, state.requesters.count < SwarmConstants.requestersPerPiece,
        let owner = state.requesters.first, owner != source.link, pieces.contains(piece),
        let other = self.source(owner)
      else { continue }
      let missing = cut.pieceLength(piece) - state.received.count
      // A piece that has begun is done soon, and stopping it wastes what is on its way: it is left alone until the end.
      guard !state.isBegun || self.missing.isEmpty else { continue }
      let wait = Double(state.isBegun ? missing : other.outstanding) / max(other.rate, 1)
      // A source that has not been asked yet gets the benefit of the doubt, but only then, lest two silent ones take a
      // piece from each other forever. One that has not sent anything yet is given time.
      guard other.hasSent else { continue }
      let rate = source.wasAsked ? max(source.rate, 1) : max(other.rate, 100_000)
      let ours = Double(source.outstanding + missing) / rate
      guard wait > 2 * ours + 0.1 else { continue }
      // Of these, the piece of which most is missing, as the other peer sends the rest first; among equals any, but
      // always the same.
      if let best, (wait, missing, -piece) < (best.wait, best.missing, -best.piece) { continue }
      best = (piece, owner, wait, missing)
    }
    return best.map { ($0.piece, $0.owner) }
  }
}
