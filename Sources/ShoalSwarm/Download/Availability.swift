import ShoalBase

/// How many of the sources that have only part of a file have each piece.
struct Availability {
  private(set) var counts: [UInt16] = []
  private var countedAt: Instant?

  /// Counts again, unless that was done a moment ago.
  mutating func refresh(_ sources: [Source], pieces: Int, at now: Instant) {
    // The longer it takes, the rarer it is, so that it never takes more than a few per cent of the time.
    let interval = max(SwarmConstants.tick, Nanoseconds(pieces * sources.count * 30))
    if let countedAt, now - countedAt < interval, counts.count == pieces { return }
    countedAt = now
    counts = Array(repeating: 0, count: pieces)
    for source in sources {
      guard let has = source.pieces, !has.isComplete else { continue }
      var next = 0
      while let run = has.run(from: next) {
        for piece in run { counts[piece] += 1 }
        next = run.upperBound
      }
    }
  }
}
