import ShoalBase
import ShoalWire

/// Which peers a reply is to name, and how much room it has for them.
struct PeerWish {
  /// The most peers.
  var most: Int
  /// The bytes of room for them, and those that a peer of each family takes.
  var room: Int, sizes: (Int, Int)
  /// The asker's own entry, which is left out; `chainEnd` if it has none.
  var own = chainEnd
  /// Whether the asker has the whole file: then peers that lack some of it come first, otherwise those that have some.
  var isComplete = false
  /// How many peers' chunks may still be compared with the asker's: those that have nothing for it come last.
  var comparisons = 0
  /// How many words of their maps may be.
  fileprivate var words = 640
  /// How many were compared, and how many of them have something.
  fileprivate var compared = (all: 0, useful: 0)

  init(most: Int, room: Int, sizes: (Int, Int), own: UInt32) {
    (self.most, self.room, self.sizes, self.own) = (most, room, sizes, own)
  }

  func size(_ family: Int) -> Int { family == 0 ? sizes.0 : sizes.1 }

  /// Notes that so many were picked.
  fileprivate mutating func take(_ count: Int, _ family: Int) {
    room -= count * size(family)
    most -= count
  }

  /// Whether there is no more comparing, and most of those that were compared have nothing.
  fileprivate var isDisappointed: Bool { comparisons == 0 && compared.useful * 2 < compared.all }
}

/// The members of a group from a random one on, around the group once, past the asker.
private struct Part {
  let family: Int
  private let places: Range<Int>
  private let own: Int?
  private var place: Int, unseen: Int

  /// `places` must not be empty.
  init(family: Int, places: Range<Int>, own: Int?, start: Int) {
    (self.family, self.places, self.own) = (family, places, own.flatMap { places.contains($0) ? $0 : nil })
    (place, unseen) = (start, places.count)
  }

  /// The next member.
  mutating func next() -> Int? {
    while unseen > 0 {
      let next = place
      advance(to: place + 1)
      if next != own { return next }
    }
    return nil
  }

  /// Adds the next members to `picks`; returns how many are missing.
  mutating func take(_ count: Int, into picks: inout Picks) -> Int {
    var left = count
    while left > 0, unseen > 0 {
      var end = min(place + min(left, unseen), places.upperBound)
      if let own, (place..<end).contains(own) { end = own }
      if end > place { picks.append(family, place..<end) }
      left -= end - place
      advance(to: end == own ? end + 1 : end)
    }
    return left
  }

  private mutating func advance(to next: Int) {
    unseen -= next - place
    place = next == places.upperBound ? places.lowerBound : next
  }
}

// Which peers a reply names: `picks`.
extension Registry {
  /// Picks peers at random: every host is equally likely, and no host gets a second place before all others have one.
  mutating func pick(_ file: UInt32, _ wish: PeerWish) {
    picks.begin(among: files[file].members)
    var wish = wish
    for tier in 0..<4 where wish.most > 0 {
      let lowest = tier < 2 ? 0 : MemberGroup.further
      let isUseful = tier & 1 == 0
      if isUseful { useless.begin(among: picks.members) } else { takeUseless(&wish) }
      let groups =
        wish.isComplete
        ? (isUseful ? lowest + 1...lowest + 2 : lowest...lowest)
        : (isUseful ? lowest...lowest + 1 : lowest + 2...lowest + 2)
      pick(file, groups, &wish)
    }
    files[file].lot = UInt32(truncatingIfNeeded: random.next())
  }

  private mutating func pick(_ file: UInt32, _ groups: ClosedRange<Int>, _ wish: inout PeerWish) {
    var (total, bytes) = (0, 0)
    for family in 0..<2 {
      for group in groups {
        let count = others(family, group, wish.own)
        total += count
        bytes += count * wish.size(family)
      }
    }
    guard total > 0 else { return }
    var left = min(wish.most, total, wish.room * total / bytes)
    for family in 0..<2 {
      // Complete peers come after partial ones, to whose places they succeed if those have nothing for the asker.
      for group in groups.reversed() where total > 0 {
        let count = others(family, group, wish.own)
        var share = min(count, left * count / total)
        if share < min(left, count), random.below(total) < left * count % total { share += 1 }
        left -= take(share, family, group, of: file, &wish)
        total -= count
      }
    }
  }

  /// Picks those that were passed over.
  private mutating func takeUseless(_ wish: inout PeerWish) {
    for run in useless.runs {
      let size = wish.size(run.family)
      let count = min(run.places.count, wish.most, wish.room / size)
      guard count > 0 else { break }
      picks.append(run.family, run.places.prefix(count))
      wish.take(count, run.family)
    }
  }

  /// How many members a group has, not counting the asker.
  private func others(_ family: Int, _ group: Int, _ own: UInt32) -> Int {
    let places = picks.members[family].places(group)
    return places.count - (ownPlace(own, family).map(places.contains) ?? false ? 1 : 0)
  }

  private func ownPlace(_ own: UInt32, _ family: Int) -> Int? {
    own != chainEnd && entries[own].family == family ? entries[own].position : nil
  }

  /// Picks so many consecutive members from a random one on; returns how many it has picked.
  private mutating func take(
    _ count: Int, _ family: Int, _ group: Int, of file: UInt32, _ wish: inout PeerWish
  ) -> Int {
    let places = picks.members[family].places(group)
    let count = min(count, wish.room / wish.size(family))
    guard count > 0, !places.isEmpty else { return 0 }
    let start = places.place(files[file].lot)
    let mayCompare = wish.comparisons > 0 && group % MemberGroup.further == MemberGroup.partial
    if mayCompare { return takeCompared(count, family, places, from: start, &wish) }
    var part = Part(family: family, places: places, own: ownPlace(wish.own, family), start: start)
    let left = part.take(count, into: &picks)
    wish.take(count - left, family)
    return count - left
  }

  /// The same where some members may have nothing for the asker.
  private mutating func takeCompared(
    _ count: Int, _ family: Int, _ places: Range<Int>, from start: Int, _ wish: inout PeerWish
  ) -> Int {
    var part = Part(family: family, places: places, own: ownPlace(wish.own, family), start: start)
    prefetchCompared(part, min(count, wish.comparisons))
    var left = count
    while left > 0, wish.comparisons > 0, let place = part.next() {
      if compare(entry(picks.members[family], family, place), &wish) {
        picks.append(family, place..<place + 1)
        left -= 1
      } else {
        useless.append(family, place..<place + 1)
      }
    }
    if wish.isDisappointed {
      // The rest come after all that are certain to have something.
      _ = part.take(max(0, wish.most - useless.count), into: &useless)
    } else {
      left = part.take(left, into: &picks)
    }
    wish.take(count - left, family)
    return count - left
  }

  /// Begins to bring what the next comparisons need into the processor's cache, all at a time.
  private func prefetchCompared(_ part: Part, _ count: Int) {
    let members = picks.members[part.family]
    var places = part
    for _ in 0..<count {
      guard let place = places.next() else { break }
      entries.prefetch(Int(entry(members, part.family, place)))
    }
    places = part
    for _ in 0..<count {
      guard let place = places.next() else { break }
      let map = entries[entry(members, part.family, place)].map
      if map != WordArena.none { arena.prefetch(Int(map)) }
    }
  }

  /// Whether a peer has something that the asker lacks. With different cuts that is not known, and assumed.
  private func compare(_ index: UInt32, _ wish: inout PeerWish) -> Bool {
    wish.comparisons -= 1
    wish.compared.all += 1
    let (peer, own) = (entries[index], entries[wish.own])
    let isUseful =
      labels[peer.label].cut != labels[own.label].cut
      || arena.map(peer.map, hasMoreThan: own.map, capacity: Int(labels[own.label].chunks), &wish.words)
    if isUseful { wish.compared.useful += 1 }
    if wish.words <= 0 { wish.comparisons = 0 }
    return isUseful
  }

  /// Picks the peers from a position on, in the order of the file's members; returns the position after them, or 0 if
  /// there are no more.
  mutating func pickPage(_ file: UInt32, from cursor: Int, _ wish: PeerWish) -> Int {
    picks.begin(among: files[file].members)
    let (four, six) = (picks.members.ipv4.count, picks.members.ipv6.count)
    var (position, room) = (cursor, wish.room)
    while position < four + six, picks.count < wish.most {
      let family = position < four ? 0 : 1
      let place = family == 0 ? position : position - four
      let size = wish.size(family)
      guard room >= size else { return position }
      if place != ownPlace(wish.own, family) {
        picks.append(family, place..<place + 1)
        room -= size
      }
      position += 1
    }
    return position < four + six ? position : 0
  }

  /// Picks peers that have a chunk, by each one's own cut, and returns how many there are. For a large swarm this is an
  /// estimate, since only some of the peers are checked.
  mutating func pick(_ file: UInt32, having chunk: UInt32, _ wish: PeerWish) -> Int {
    picks.begin(among: files[file].members)
    var total = 0.0
    var (room, left) = (wish.room, Registry.mostAskedForChunk)
    for group in 0..<5 where group % 3 != 2 {
      for family in 0..<2 {
        let members = picks.members[family]
        let places = members.places(group)
        guard !places.isEmpty else { continue }
        let asked = min(places.count, max(2, left / 2))
        left -= asked
        let size = wish.size(family)
        var (place, hits) = (places.lowerBound + random.below(places.count), 0)
        for _ in 0..<asked {
          let index = entry(members, family, place)
          if index != wish.own, has(chunk, index, share: group % 3 == 0 ? .max : 1) {
            hits += 1
            if picks.count < wish.most, room >= size {
              picks.append(family, place..<place + 1)
              room -= size
            }
          }
          place = place + 1 == places.upperBound ? places.lowerBound : place + 1
        }
        total += Double(hits * places.count) / Double(asked)
      }
    }
    return Int(total.rounded())
  }

  private static let mostAskedForChunk = 40
}
