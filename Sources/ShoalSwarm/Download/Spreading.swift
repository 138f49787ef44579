import ShoalBase
import ShoalContent
import ShoalWire

// While a piece is rare, everybody requests it from the first peer that has it. If all waited there, the peers that get
// it next would have nobody to pass it on to, and a swarm would grow by a piece at a time instead of doubling.
extension Download {
  /// Requests what a peer has just announced from it in place of another peer that has sent nothing of it: with the
  /// probability with which each peer that has a piece gets an equal share of those that wait for it.
  mutating func spread(_ have: Have, to link: LinkKey, _ resources: inout SwarmResources, at now: Instant) {
    guard phase == .downloading, let s = place(of: link), sources[s].cut == cut else { return }
    var ranges: [RangeField] = []
    for run in have.chunks where run.first < cut.chunks {
      let pieces = cut.pieces(ofChunks: Int(run.first), Int(min(run.end, cut.chunks)))
      guard pieces.count <= SwarmConstants.spreadPieces else { continue }
      for piece in pieces where isBetter(s, for: piece, at: now) && isItsShare(of: piece, &resources.random) {
        guard let other = active[piece]?.requesters.first else { continue }
        cancel([piece], of: other, &resources.outbox)
        release(piece, of: other, &resources)
        begin(piece, &resources.budget)
        ranges += assign(piece, to: s, at: now)
      }
    }
    request(ranges, of: sources[s], &resources.outbox)
  }

  /// Whether a piece that waits at one peer would come from this source as soon.
  private func isBetter(_ s: Int, for piece: Int, at now: Instant) -> Bool {
    guard let state = active[piece], !state.isBegun, !state.isExclusive, !state.isVerifying,
      state.requesters.count == 1, let other = source(state.requesters[0]), other.link != sources[s].link,
      sources[s].wantsMore, sources[s].pieces?.contains(piece) == true
    else { return false }
    // What is asked of one that is sending may be on its way.
    if let sentAt = other.progressAt, now - sentAt < SwarmConstants.spreadPause { return false }
    return sources[s].isAsQuick(as: other, for: cut.pieceLength(piece))
  }

  private func isItsShare(of piece: Int, _ random: inout SeededGenerator) -> Bool {
    let holders = sources.count { $0.pieces?.contains(piece) == true }
    return random.next() % UInt64(max(holders, 1)) == 0
  }
}
