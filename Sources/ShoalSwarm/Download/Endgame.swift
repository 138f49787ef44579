import ShoalBase
import ShoalContent
import ShoalWire

// When nothing is missing that nobody has been asked for, or there is no room for more, a slow peer must not hold up the
// rest.
extension Download {
  /// Asks peers that have nothing else to be asked for for what slower ones still owe: the fastest first, or those that
  /// promise everything and send nothing would take turns with each other.
  mutating func fillEnds(_ resources: inout SwarmResources, at now: Instant) {
    let idle = sources.filter { $0.isExhausted && $0.outstanding < $0.budget }
    for source in idle.sorted(by: { ($1.rate, $0.serial) < ($0.rate, $1.serial) }) {
      fillEnd(source.link, &resources, at: now)
    }
  }

  private mutating func fillEnd(_ link: LinkKey, _ resources: inout SwarmResources, at now: Instant) {
    guard phase == .downloading, let s = place(of: link), sources[s].isExhausted,
      sources[s].outstanding < sources[s].budget, sources[s].isServing(at: now), sources[s].pieces?.isEmpty == false
    else { return }
    let (budget, isFull) = (sources[s].budget, resources.budget.isFull)
    // What is being verified makes room soon.
    guard !isFull || !active.values.contains(where: \.isVerifying) else { return }
    var ranges: [RangeField] = []
    while sources[s].outstanding < budget, let piece = slowest(for: sources[s], isFull: isFull, at: now) {
      makeWay(on: piece, &resources, at: now)
      ranges += assign(piece, to: s, at: now)
    }
    request(ranges, of: sources[s], &resources.outbox)
  }

  /// If as many as may be asked for a piece are, has the one leave that would take longest: otherwise a few that send
  /// next to nothing could hold the last piece between them.
  private mutating func makeWay(on piece: Int, _ resources: inout SwarmResources, at now: Instant) {
    guard let state = active[piece], state.requesters.count >= SwarmConstants.requestersPerPiece else { return }
    let slowest = state.requesters.max { wait(for: piece, from: $0, at: now) < wait(for: piece, from: $1, at: now) }
    guard let slowest else { return }
    cancel([piece], of: slowest, &resources.outbox)
    release(piece, of: slowest, &resources)
  }

  /// How many seconds a source will take for what is missing of a piece that it was asked for.
  private func wait(for piece: Int, from link: LinkKey, at now: Instant) -> Double {
    guard let state = active[piece], let source = source(link) else { return .infinity }
    return source.wait(
      state.isBegun ? cut.pieceLength(piece) - state.received.count : source.outstanding, at: now)
  }

  /// The piece that would be waited for longest, and at least a little, if this source would have it in half the time.
  ///
  /// If none of it has come, whoever is first to send any of it keeps it: see `take(_:of:at:from:_:_:)`. If `isFull`,
  /// no other piece can be begun, because what is buffered is all there may be: then a few that send next to nothing
  /// could hold that between them.
  private func slowest(for source: Source, isFull: Bool, at now: Instant) -> Int? {
    guard let pieces = source.pieces else { return nil }
    let best = sources.reduce(0) { max($0, $1.rate) }
    var slowest: (piece: Int, wait: Double, missing: Int)?
    for (piece, state) in active {
      guard !state.isVerifying, !state.isExclusive, !state.requesters.isEmpty, !state.requesters.contains(source.link),
        pieces.contains(piece)
      else { continue }
      // A piece that has begun is done soon: it is left alone until the end.
      guard !state.isBegun || self.missing.isEmpty || isFull else { continue }
      let missing = cut.pieceLength(piece) - state.received.count
      let wait = state.requesters.reduce(Double.infinity) { min($0, self.wait(for: piece, from: $1, at: now)) }
      guard wait > 2 * source.promise(missing, best: best) + (isFull ? 1 : 0.1) else { continue }
      // Of these, the piece of which most is missing, as the other peer sends the rest first; among equals any, but
      // always the same.
      if let slowest, (wait, missing, -piece) < (slowest.wait, slowest.missing, -slowest.piece) { continue }
      slowest = (piece, wait, missing)
    }
    return slowest?.piece
  }
}
