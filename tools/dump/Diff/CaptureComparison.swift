import ShoalWire

/// Two captures of the same traffic, at its two ends.
struct CaptureComparison {
  /// What went from the machine of the first capture to that of the second, and the other way.
  private(set) var forth = PathReport()
  private(set) var back = PathReport()
  /// How far the second clock is ahead, in nanoseconds, and how wrong that can be; nil without traffic both ways.
  private(set) var offset: (value: Int64, uncertainty: Int64)?
  /// Datagrams that only one of the captures could have seen: of other connections.
  private(set) var unrelated = 0

  /// The addresses of both ends, as their own captures have them.
  private(set) var ends: (a: [Address], b: [Address])

  init(_ a: Sightings, _ b: Sightings) {
    let related = Self.relatedPairs(a, b)
    ends = (Self.own(a, related.a, related.fromA), Self.own(b, related.b, related.fromB))
    unrelated = a.all.count { !related.a.contains($0.pair) } + b.all.count { !related.b.contains($0.pair) }
    let outA = Self.outgoing(a, related.fromA)
    let outB = Self.outgoing(b, related.fromB)
    let inB = Self.incoming(b, related.b, related.fromB)
    let inA = Self.incoming(a, related.a, related.fromA)
    forth = Self.match(outA, inB)
    back = Self.match(outB, inA)
    // The least delay each way, the clocks' difference in it with either sign.
    let least = (forth.delays.first, back.delays.first)
    if let there = least.0, let here = least.1 {
      // Halved first, and wrapping below: whatever times a capture tells must not overflow.
      let shift = there / 2 - here / 2
      offset = (shift, abs(there / 2 + here / 2))
      for index in forth.passages.indices { forth.passages[index].delay &-= shift }
      for index in back.passages.indices { back.passages[index].delay &+= shift }
    }
    Self.findLate(&forth, outA)
    Self.findLate(&back, outB)
  }

  // MARK: Which way

  /// The pairs of addresses between which both captures saw the same datagrams, and which of them lead away from the
  /// machine that captured.
  private static func relatedPairs(
    _ a: Sightings, _ b: Sightings
  ) -> (a: Set<UInt32>, b: Set<UInt32>, fromA: Set<UInt32>, fromB: Set<UInt32>) {
    var index = KeyIndex(b.all.map(\.key))
    var related = (a: Set<UInt32>(), b: Set<UInt32>(), fromA: Set<UInt32>(), fromB: Set<UInt32>())
    var partner: [UInt32: UInt32] = [:]
    // Where the captures do not tell directions: the end that saw more of a flow is the one that sent it.
    for sighting in a.all where !sighting.isCorrupt {
      guard let place = index.take(sighting.key), !b.all[place].isCorrupt else { continue }
      partner[sighting.pair] = b.all[place].pair
    }
    let inA = counts(a)
    let inB = counts(b)
    for (pair, other) in partner {
      related.a.insert(pair)
      related.b.insert(other)
      let told = inA[Int(pair)].direction - inB[Int(other)].direction
      let isFromA = told != 0 ? told > 0 : inA[Int(pair)].count >= inB[Int(other)].count
      if isFromA { related.fromA.insert(pair) } else { related.fromB.insert(other) }
    }
    return related
  }

  /// The addresses of the machine that captured.
  private static func own(_ sightings: Sightings, _ related: Set<UInt32>, _ from: Set<UInt32>) -> [Address] {
    let addresses = related.sorted().map { index in
      let pair = sightings.pairs[Int(index)]
      return from.contains(index) ? pair.from : pair.to
    }
    return addresses.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }

  private static func counts(_ sightings: Sightings) -> [(count: Int, direction: Int)] {
    var counts = [(count: Int, direction: Int)](repeating: (0, 0), count: sightings.pairs.count)
    for sighting in sightings.all {
      if !sighting.isCorrupt { counts[Int(sighting.pair)].count += 1 }
      counts[Int(sighting.pair)].direction += Int(sighting.direction)
    }
    return counts
  }

  private static func outgoing(_ sightings: Sightings, _ from: Set<UInt32>) -> [Sightings.Sighting] {
    sightings.all.filter { from.contains($0.pair) }
  }

  private static func incoming(_ sightings: Sightings, _ related: Set<UInt32>, _ from: Set<UInt32>) -> [Sightings
    .Sighting]
  {
    sightings.all.filter { related.contains($0.pair) && !from.contains($0.pair) }
  }
}
