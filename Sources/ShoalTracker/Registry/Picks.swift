import ShoalWire

/// Members of a file, as runs of consecutive places, so that a reply that names a hundred is a few copies.
struct Picks: Sendable {
  /// Consecutive members of a family.
  struct Run: Sendable {
    /// 0 for IPv4, 1 for IPv6.
    var family: Int
    var places: Range<Int>
  }

  private(set) var runs: [Run] = []
  /// How many members.
  private(set) var count = 0
  /// Those among which they are.
  private(set) var members = FileMembers()

  /// Begins anew, with none of these.
  mutating func begin(among members: FileMembers) {
    runs.removeAll(keepingCapacity: true)
    (count, self.members) = (0, members)
  }

  /// The members of whose places a run is some.
  @inline(__always) func members(_ run: Run) -> Members { members[run.family] }

  /// Adds members, at least one.
  mutating func append(_ family: Int, _ places: Range<Int>) {
    count += places.count
    if let last = runs.last, last.family == family, last.places.upperBound == places.lowerBound {
      runs[runs.count - 1].places = last.places.lowerBound..<places.upperBound
    } else {
      runs.append(Run(family: family, places: places))
    }
  }

  /// How many members of a family.
  func count(ofFamily family: Int) -> Int {
    var count = 0
    for run in runs where run.family == family { count += run.places.count }
    return count
  }
}

// What replies read of the members that were picked last.
extension Registry {
  /// The pieces of consecutive members that lie in one block each: their first word, and how many they are.
  @inline(__always)
  private func forEachPiece(_ run: Picks.Run, _ body: (_ base: Int, _ count: Int) -> Void) {
    let members = picks.members(run)
    var place = run.places.lowerBound
    while place < run.places.upperBound {
      let end = min(run.places.upperBound, (place / Registry.blockMembers + 1) * Registry.blockMembers)
      body(base(members, run.family, place), end - place)
      place = end
    }
  }

  /// Begins to bring them into the processor's cache, all at a time.
  func prefetchPicks() {
    for run in picks.runs {
      forEachPiece(run) { base, count in
        let end = base + count * Registry.words(run.family)
        // A line of the cache has 16 words.
        for word in stride(from: base & ~15, to: end, by: 16) { arena.prefetch(max(word, base)) }
      }
    }
  }

  /// The same of their entries.
  func prefetchEntriesOfPicks() {
    for run in picks.runs {
      let members = picks.members(run)
      for place in run.places { entries.prefetch(Int(entry(members, run.family, place))) }
    }
  }

  /// The same of their maps.
  func prefetchMapsOfPicks() {
    for run in picks.runs {
      let members = picks.members(run)
      for place in run.places {
        let map = entries[entry(members, run.family, place)].map
        if map != WordArena.none { arena.prefetch(Int(map)) }
      }
    }
  }

  /// Names them in a reply to `asker`.
  func tellPicks(to asker: Address, in answer: inout Nearby) {
    var four = [NearIPv4](repeating: NearIPv4(), count: picks.count(ofFamily: 0))
    var list = four.mutableSpan
    let isNear = asker.isLoopback && asker.isIPv4
    var index = 0
    for run in picks.runs {
      guard run.family == 0 else {
        let members = picks.members(run)
        for place in run.places {
          let (address, share) = member(members, 1, place)
          answer.append(address.asSeen(from: asker), share: share)
        }
        continue
      }
      forEachPiece(run) { base, count in
        arena.read(base..<base + 3 * count) { words in
          for place in 0..<count {
            let (ip, last) = (words[3 * place], words[3 * place + 1])
            list[index].ip = ip >> 24 == 127 && !isNear ? 0 : ip
            list[index].port = UInt16(truncatingIfNeeded: last >> 16)
            list[index].share = UInt8(truncatingIfNeeded: last >> 8)
            index += 1
          }
        }
      }
    }
    answer.ipv4 = four
  }
}
