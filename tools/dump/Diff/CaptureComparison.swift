import ShoalWire

/// Two captures of the same traffic, at its two ends.
struct CaptureComparison {
  /// What went from the machine of the first capture to that of the second, and the other way.
  private(set) var forth = PathReport()
  private(set) var back = PathReport()
  /// How far ahead the second clock is, in nanoseconds, and how wrong that may be; nil without traffic both ways.
  private(set) var offset: (value: Int64, uncertainty: Int64)?
  /// Datagrams that only one of the captures could have seen: of other connections.
  private(set) var unrelated = 0

  /// The addresses of both ends, as their own captures have them.
  private(set) var ends: (a: [Address], b: [Address])

  init(_ a: Sightings, _ b: Sightings) {
    let ways = Orientation(a, b)
    ends = (Self.addresses(a, ways.a, of: .forth), Self.addresses(b, ways.b, of: .back))
    unrelated = a.all.count { ways.a[Int($0.pair)] == nil } + b.all.count { ways.b[Int($0.pair)] == nil }
    func those(_ sightings: Sightings, _ ways: [Orientation.Way?], _ way: Orientation.Way) -> [Sightings.Sighting] {
      sightings.all.filter { ways[Int($0.pair)] == way }
    }
    let (outA, inB) = (those(a, ways.a, .forth), those(b, ways.b, .forth))
    let (outB, inA) = (those(b, ways.b, .back), those(a, ways.a, .back))
    forth = Self.match(outA, inB)
    back = Self.match(outB, inA)
    // The least delay each way, which includes the clocks' difference, with opposite signs.
    let least = (forth.delays.first, back.delays.first)
    if let there = least.0, let here = least.1 {
      // Halved first, and wrapping below: no times in a capture may cause an overflow.
      let shift = there / 2 - here / 2
      offset = (shift, abs(there / 2 + here / 2))
      for index in forth.passages.indices { forth.passages[index].delay &-= shift }
      for index in back.passages.indices { back.passages[index].delay &+= shift }
    }
    Self.findLate(&forth, outA)
    Self.findLate(&back, outB)
  }

  /// The addresses of the end that what goes this way leaves from.
  private static func addresses(
    _ sightings: Sightings, _ ways: [Orientation.Way?], of way: Orientation.Way
  ) -> [Address] {
    var addresses: [Address] = []
    for (pair, own) in zip(sightings.pairs, ways) where own != nil {
      let address = own == way ? pair.from : pair.to
      if !addresses.contains(address) { addresses.append(address) }
    }
    return addresses
  }
}
