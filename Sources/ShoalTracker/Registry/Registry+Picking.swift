import ShoalBase
import ShoalWire

/// Which peers an asker is told of, and how much room the reply has for them.
struct PeerWish {
  /// The most peers.
  var most: Int
  /// The bytes that there are for them, and those that one of each family takes.
  var room: Int, sizes: (Int, Int)
  /// The asker's own entry, which is left out; `chainEnd` if it has none.
  var own = chainEnd
  /// Whether the asker has the whole file: then those that lack some of it come first, otherwise those that have some.
  var isComplete = false
}

// Which peers a reply names: `picks`, as `Entry.place` has them.
extension Registry {
  /// Picks peers at random: every host is equally likely, and no host has a second place before all others have one.
  mutating func pick(_ file: UInt32, _ wish: PeerWish) {
    picks.removeAll(keepingCapacity: true)
    var wish = wish
    for tier in 0..<4 where wish.most > 0 {
      let lowest = tier < 2 ? 0 : MemberGroup.further
      let isUseful = tier & 1 == 0
      let groups =
        wish.isComplete
        ? (isUseful ? lowest + 1...lowest + 2 : lowest...lowest)
        : (isUseful ? lowest...lowest + 1 : lowest + 2...lowest + 2)
      pick(file, groups, &wish)
    }
  }

  private mutating func pick(_ file: UInt32, _ groups: ClosedRange<Int>, _ wish: inout PeerWish) {
    var (total, bytes) = (0, 0)
    for family in 0..<2 {
      for group in groups {
        let count = others(file, family, group, wish.own)
        total += count
        bytes += count * (family == 0 ? wish.sizes.0 : wish.sizes.1)
      }
    }
    guard total > 0 else { return }
    var left = min(wish.most, total, wish.room * total / bytes)
    for family in 0..<2 {
      for group in groups where total > 0 {
        let count = others(file, family, group, wish.own)
        var share = left * count / total
        if share < min(left, count), random.below(total) < left * count % total { share += 1 }
        (total, left) = (total - count, left - share)
        take(share, family, files[file][family].places(group), &wish)
      }
    }
  }

  /// How many members a group has, not counting the asker.
  private func others(_ file: UInt32, _ family: Int, _ group: Int, _ own: UInt32) -> Int {
    let places = files[file][family].places(group)
    return places.count - (ownPlace(own, family).map(places.contains) ?? false ? 1 : 0)
  }

  private func ownPlace(_ own: UInt32, _ family: Int) -> Int? {
    own != chainEnd && entries[own].family == family ? entries[own].position : nil
  }

  /// Picks so many consecutive members from a random one on.
  private mutating func take(_ count: Int, _ family: Int, _ places: Range<Int>, _ wish: inout PeerWish) {
    guard count > 0 else { return }
    let own = ownPlace(wish.own, family)
    let size = family == 0 ? wish.sizes.0 : wish.sizes.1
    var place = places.lowerBound + random.below(places.count)
    var left = count
    for _ in 0..<places.count where left > 0 && wish.room >= size {
      if place != own {
        picks.append(UInt32(place) | UInt32(family) << 31)
        wish.room -= size
        wish.most -= 1
        left -= 1
      }
      place = place + 1 == places.upperBound ? places.lowerBound : place + 1
    }
  }

  /// Picks the peers from a position on, as they stand, those most useful to most askers first; returns the position
  /// after them, or 0 if there are no more.
  mutating func pickPage(_ file: UInt32, from cursor: Int, _ wish: PeerWish) -> Int {
    picks.removeAll(keepingCapacity: true)
    let (four, six) = (files[file].ipv4.count, files[file].ipv6.count)
    var (position, room) = (cursor, wish.room)
    while position < four + six, picks.count < wish.most {
      let family = position < four ? 0 : 1
      let place = family == 0 ? position : position - four
      let size = family == 0 ? wish.sizes.0 : wish.sizes.1
      guard room >= size else { return position }
      if place != ownPlace(wish.own, family) {
        picks.append(UInt32(place) | UInt32(family) << 31)
        room -= size
      }
      position += 1
    }
    return position < four + six ? position : 0
  }

  /// Picks peers that have a chunk, by each one's own cut, and returns how many there are: of large swarms an estimate,
  /// as only so many are asked.
  mutating func pick(_ file: UInt32, having chunk: UInt32, _ wish: PeerWish) -> Int {
    picks.removeAll(keepingCapacity: true)
    var total = 0.0
    var (room, left) = (wish.room, Registry.mostAskedForChunk)
    for group in 0..<5 where group % 3 != 2 {
      for family in 0..<2 {
        let members = files[file][family]
        let places = members.places(group)
        guard !places.isEmpty else { continue }
        let asked = min(places.count, max(2, left / 2))
        left -= asked
        let size = family == 0 ? wish.sizes.0 : wish.sizes.1
        var (place, hits) = (places.lowerBound + random.below(places.count), 0)
        for _ in 0..<asked {
          let index = entry(members, family, place)
          if index != wish.own, has(chunk, index, share: group % 3 == 0 ? .max : 1) {
            hits += 1
            if picks.count < wish.most, room >= size {
              picks.append(UInt32(place) | UInt32(family) << 31)
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
