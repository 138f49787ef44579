import ShoalBase

/// Which way each flow of two captures went: from the end of the first to that of the second, or back.
///
/// What the captures say about directions counts most. Otherwise the clocks decide: for everything that both captures
/// saw, the difference in time is that between the clocks, plus the delay of what went forth, or less the delay of what
/// came back. So of two opposite flows, the one with the larger differences went forth, however wrong the clocks are. A
/// flow without an opposite is compared with what is known about others and, failing that, judged by the losses: what
/// only one capture has was lost on its way from there.
struct Orientation {
  enum Way {
    case forth, back

    var opposite: Way { self == .forth ? .back : .forth }
  }

  /// The ways, by the pair of addresses in each capture; nil: the other capture has nothing of it.
  private(set) var a: [Way?]
  private(set) var b: [Way?]

  /// The pairs of addresses of both captures between which the same datagrams were seen: several where a NAT gave a
  /// flow another address on its way.
  private struct Stream {
    var a: Set<UInt32> = []
    var b: Set<UInt32> = []
    /// What both captures saw, in the order of the first: its time there, and how much later the second has it.
    var seen: [(time: UInt64, difference: Int64)] = []
    /// How many more captures show it going out than coming back.
    var outgoing = 0
    /// Of the datagrams between the first and the last that both saw, those that only the first saw, less those that
    /// only the second saw.
    var missing = 0
    var way: Way?
  }

  init(_ first: Sightings, _ second: Sightings) {
    a = [Way?](repeating: nil, count: first.pairs.count)
    b = [Way?](repeating: nil, count: second.pairs.count)
    var streams = Self.streams(first, second)
    let opposites = Self.opposites(streams, first, second)
    Self.orient(&streams, opposites)
    for stream in streams {
      for pair in stream.a { a[Int(pair)] = stream.way }
      for pair in stream.b { b[Int(pair)] = stream.way }
    }
  }

  // MARK: Streams

  private static func streams(_ first: Sightings, _ second: Sightings) -> [Stream] {
    var index = KeyIndex(second.all.map(\.key))
    var partners = [Int?](repeating: nil, count: first.all.count)
    // Nodes are the pairs of the first capture, followed by those of the second.
    var groups = DisjointSets(count: first.pairs.count + second.pairs.count)
    for (place, sighting) in first.all.enumerated() where !sighting.isCorrupt {
      guard let other = index.take(sighting.key), !second.all[other].isCorrupt else { continue }
      partners[place] = other
      groups.join(Int(sighting.pair), first.pairs.count + Int(second.all[other].pair))
    }
    var places: [Int: Int] = [:]
    var streams: [Stream] = []
    for (place, partner) in partners.enumerated() {
      guard let partner else { continue }
      let (here, there) = (first.all[place], second.all[partner])
      let root = groups.root(Int(here.pair))
      let stream = places[root] ?? streams.count
      if stream == streams.count {
        places[root] = stream
        streams.append(Stream())
      }
      streams[stream].a.insert(here.pair)
      streams[stream].b.insert(there.pair)
      streams[stream].seen.append((here.time, Int64(clamping: there.time) &- Int64(clamping: here.time)))
      streams[stream].outgoing += Int(here.direction) - Int(there.direction)
    }
    let common = Set(partners.indices.compactMap { partners[$0] == nil ? nil : first.all[$0].key })
    func count(_ sightings: Sightings, _ sign: Int, _ node: (UInt32) -> Int) {
      let shared = sightings.all.indices.filter { common.contains(sightings.all[$0].key) }
      guard let start = shared.first, let end = shared.last else { return }
      for sighting in sightings.all[start...end] where !sighting.isCorrupt && !common.contains(sighting.key) {
        if let stream = places[groups.root(node(sighting.pair))] { streams[stream].missing += sign }
      }
    }
    count(first, 1) { Int($0) }
    count(second, -1) { first.pairs.count + Int($0) }
    return streams
  }

  /// The streams that lead the other way between the same addresses, as either capture has them.
  private static func opposites(_ streams: [Stream], _ first: Sightings, _ second: Sightings) -> [Set<Int>] {
    var owners: [Sightings.Pair: Set<Int>] = [:]
    var result = [Set<Int>](repeating: [], count: streams.count)
    for (sightings, pairs) in [(first, \Stream.a), (second, \Stream.b)] {
      owners.removeAll()
      for (index, stream) in streams.enumerated() {
        for pair in stream[keyPath: pairs] { owners[sightings.pairs[Int(pair)], default: []].insert(index) }
      }
      for (index, stream) in streams.enumerated() {
        for pair in stream[keyPath: pairs] {
          let pair = sightings.pairs[Int(pair)]
          result[index].formUnion(owners[Sightings.Pair(from: pair.to, to: pair.from)] ?? [])
        }
      }
    }
    // What leads both ways between the same addresses says nothing about itself.
    for index in result.indices { result[index].remove(index) }
    return result
  }

  // MARK: Ways

  private static func orient(_ streams: inout [Stream], _ opposites: [Set<Int>]) {
    for index in streams.indices where streams[index].outgoing != 0 {
      // On a host that forwards, everything arrives: that says nothing about ends.
      let way = streams[index].outgoing.signum()
      guard !opposites[index].contains(where: { streams[$0].outgoing.signum() == way }) else { continue }
      streams[index].way = way > 0 ? .forth : .back
    }
    spread(&streams, opposites)
    // The clocks, from opposite streams; those that say most come first.
    var votes: [(stream: Int, opposite: Int, votes: Int)] = []
    for index in streams.indices {
      for other in opposites[index] where other > index {
        votes.append((index, other, Self.votes(streams[index], streams[other])))
      }
    }
    for vote in votes.sorted(by: { $0.votes.magnitude > $1.votes.magnitude }) where vote.votes != 0 {
      guard streams[vote.stream].way == nil, streams[vote.opposite].way == nil else { continue }
      streams[vote.stream].way = vote.votes > 0 ? .forth : .back
      streams[vote.opposite].way = vote.votes > 0 ? .back : .forth
    }
    spread(&streams, opposites)
    for index in streams.indices where streams[index].way == nil {
      streams[index].way = guess(streams[index], streams)
      spread(&streams, opposites)
    }
  }

  /// Gives what is opposite to a stream whose way is known the other way.
  private static func spread(_ streams: inout [Stream], _ opposites: [Set<Int>]) {
    var open = streams.indices.filter { streams[$0].way != nil }
    while let index = open.popLast() {
      for other in opposites[index] where streams[other].way == nil {
        streams[other].way = streams[index].way?.opposite
        open.append(other)
      }
    }
  }

  /// How often one stream differed more than the other nearby in time, less how often it differed less: neighbours are
  /// compared, so that clocks may drift and be set.
  private static func votes(_ one: Stream, _ other: Stream) -> Int {
    var votes = 0
    var (i, j) = (0, 0)
    var latest: (one: Int64?, other: Int64?) = (nil, nil)
    while i < one.seen.count || j < other.seen.count {
      if j == other.seen.count || i < one.seen.count && one.seen[i].time <= other.seen[j].time {
        latest.one = one.seen[i].difference
        i += 1
      } else {
        latest.other = other.seen[j].difference
        j += 1
      }
      guard let one = latest.one, let other = latest.other else { continue }
      votes += one > other ? 1 : one < other ? -1 : 0
    }
    return votes
  }

  /// The way of a stream that has no opposite.
  private static func guess(_ stream: Stream, _ streams: [Stream]) -> Way {
    func median(_ differences: [Int64]) -> Int64? {
      differences.isEmpty ? nil : differences.sorted()[differences.count / 2]
    }
    let own = median(stream.seen.map(\.difference)) ?? 0
    let least = median(streams.flatMap { $0.way == .forth ? $0.seen.map(\.difference) : [] })
    let most = median(streams.flatMap { $0.way == .back ? $0.seen.map(\.difference) : [] })
    if let least, let most, least != most {
      return own.distance(from: least) <= own.distance(from: most) ? .forth : .back
    }
    if stream.missing != 0 { return stream.missing > 0 ? .forth : .back }
    // Nothing arrives before it was sent, if the clocks agree.
    return own >= 0 ? .forth : .back
  }
}

extension Int64 {
  /// The distance, without overflow.
  fileprivate func distance(from other: Int64) -> UInt64 {
    self > other ? UInt64(bitPattern: self &- other) : UInt64(bitPattern: other &- self)
  }
}

/// Sets that can be joined (union by halving paths).
private struct DisjointSets {
  private var parents: [Int]

  init(count: Int) { parents = Array(0..<count) }

  mutating func root(_ node: Int) -> Int {
    var node = node
    while parents[node] != node {
      parents[node] = parents[parents[node]]
      node = parents[node]
    }
    return node
  }

  mutating func join(_ one: Int, _ other: Int) { parents[root(one)] = root(other) }
}
