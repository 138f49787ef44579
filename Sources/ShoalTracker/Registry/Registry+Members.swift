import ShoalBase
import ShoalWire

// The members of a file are kept in blocks of the arena. A member is the words of its address; a word with the port,
// how much of the file it has, and a byte that is 0; and the number of its entry.
extension Registry {
  static let blockMembers = 32

  static func words(_ family: Int) -> Int { family == 0 ? 3 : 6 }

  /// The first word of a member.
  @inline(__always) func base(_ members: Members, _ family: Int, _ place: Int) -> Int {
    let block =
      members.capacity <= UInt32(Registry.blockMembers) ? members.block : arena[Int(members.block) + place >> 5]
    return Int(block) + (place & 31) * Registry.words(family)
  }

  /// The entry of a member.
  func entry(_ members: Members, _ family: Int, _ place: Int) -> UInt32 {
    arena[base(members, family, place) + Registry.words(family) - 1]
  }

  /// A member's address, and how much of the file it has.
  @inline(__always)
  func member(_ members: Members, _ family: Int, _ place: Int) -> (address: Address, share: UInt8) {
    let base = base(members, family, place)
    let last = arena[base + Registry.words(family) - 2]
    let port = UInt16(truncatingIfNeeded: last >> 16)
    let share = UInt8(truncatingIfNeeded: last >> 8)
    guard family == 1 else { return (Address(ipv4: arena[base], port: port), share) }
    let high = UInt64(arena[base]) << 32 | UInt64(arena[base + 1])
    let low = UInt64(arena[base + 2]) << 32 | UInt64(arena[base + 3])
    return (Address(high: high, low: low, port: port), share)
  }

  /// The address of an entry, and how much of the file it has.
  func member(_ index: UInt32) -> (address: Address, share: UInt8) {
    let entry = entries[index]
    let file = labels[entry.label].file
    return entry.family == 0
      ? member(files[file].members.ipv4, 0, entry.position) : member(files[file].members.ipv6, 1, entry.position)
  }

  /// The random number that decides where in its group the next member of a file will be: known before, so that it can
  /// be read ahead.
  func lot(of file: UInt32, _ count: Int) -> UInt32 { hash(UInt64(files[file].lot), UInt64(count), 4) }

  /// Adds a member to a group of a file, and notes its place in its entry.
  mutating func addMember(_ index: UInt32, _ address: Address, share: UInt8, to group: Int, of file: UInt32) {
    let family = address.isIPv4 ? 0 : 1
    var members = files[file].members[family]
    let place = members.count
    makeRoom(&members, family)
    members.ends[5] += 1
    let base = base(members, family, place)
    if family == 0 {
      arena[base] = address.ipv4
    } else {
      arena[base] = UInt32(truncatingIfNeeded: address.high >> 32)
      arena[base + 1] = UInt32(truncatingIfNeeded: address.high)
      arena[base + 2] = UInt32(truncatingIfNeeded: address.low >> 32)
      arena[base + 3] = UInt32(truncatingIfNeeded: address.low)
    }
    let words = Registry.words(family)
    arena[base + words - 2] = UInt32(address.port) << 16 | UInt32(share) << 8
    arena[base + words - 1] = index
    entries[index].place = UInt32(place) | UInt32(family) << 31
    move(place, from: 5, to: group, &members, family, lot: lot(of: file, place))
    files[file].members[family] = members
  }

  /// Removes the member of an entry.
  mutating func removeMember(_ index: UInt32, of file: UInt32) {
    let family = entries[index].family
    var members = files[file].members[family]
    let place = entries[index].position
    let last = move(place, from: members.group(of: place), to: 5, &members, family, shuffles: false)
    exchange(last, members.count - 1, members, family)
    members.ends[5] -= 1
    giveBack(&members, family)
    files[file].members[family] = members
  }

  /// Notes how much of the file a member has, which may move it to another group; it stays, or becomes, one of the
  /// first or of the further peers of its host.
  mutating func setMember(_ index: UInt32, share: UInt8, isFurther: Bool, of file: UInt32) {
    let family = entries[index].family
    var members = files[file].members[family]
    let place = entries[index].position
    let word = base(members, family, place) + Registry.words(family) - 2
    arena[word] = arena[word] & 0xffff_00ff | UInt32(share) << 8
    let group = MemberGroup.of(share: share) + (isFurther ? MemberGroup.further : 0)
    let before = members.group(of: place)
    guard group != before else { return }
    move(place, from: before, to: group, &members, family, lot: UInt32(truncatingIfNeeded: random.next()))
    files[file].members[family] = members
  }

  /// Moves a member from group to group; returns its place.
  @discardableResult
  private mutating func move(
    _ start: Int, from: Int, to: Int, _ members: inout Members, _ family: Int, lot: UInt32 = 0, shuffles: Bool = true
  ) -> Int {
    var (place, group) = (start, from)
    while group < to {
      let last = Int(members.ends[group]) - 1
      exchange(place, last, members, family)
      members.ends[group] -= 1
      (place, group) = (last, group + 1)
    }
    while group > to {
      let first = Int(members.ends[group - 1])
      exchange(place, first, members, family)
      members.ends[group - 1] += 1
      (place, group) = (first, group - 1)
    }
    let others = members.places(to)
    guard shuffles, others.count > 1 else { return place }
    let other = others.place(lot)
    exchange(place, other, members, family)
    return other
  }

  private mutating func exchange(_ a: Int, _ b: Int, _ members: Members, _ family: Int) {
    guard a != b else { return }
    let words = Registry.words(family)
    let (first, second) = (base(members, family, a), base(members, family, b))
    for word in 0..<words { (arena[first + word], arena[second + word]) = (arena[second + word], arena[first + word]) }
    entries[arena[first + words - 1]].place = UInt32(a) | UInt32(family) << 31
    entries[arena[second + words - 1]].place = UInt32(b) | UInt32(family) << 31
  }
}

// The blocks.
extension Registry {
  /// Makes room for one more member.
  private mutating func makeRoom(_ members: inout Members, _ family: Int) {
    guard members.count == Int(members.capacity) else { return }
    let words = Registry.words(family)
    if members.capacity < UInt32(Registry.blockMembers) {
      let capacity = max(1, 2 * Int(members.capacity))
      let block = arena.allocate(capacity * words)
      for word in 0..<members.count * words { arena[Int(block) + word] = arena[Int(members.block) + word] }
      if members.capacity > 0 { arena.release(members.block, Int(members.capacity) * words) }
      (members.block, members.capacity) = (block, UInt32(capacity))
      return
    }
    let blocks = Int(members.capacity) / Registry.blockMembers
    if members.listed == 0 {
      let list = arena.allocate(4)
      arena[Int(list)] = members.block
      (members.block, members.listed) = (list, 4)
    } else if blocks == Int(members.listed) {
      let size = 2 * blocks
      let list = arena.allocate(size)
      for word in 0..<blocks { arena[Int(list) + word] = arena[Int(members.block) + word] }
      arena.release(members.block, blocks)
      (members.block, members.listed) = (list, UInt32(size))
    }
    arena[Int(members.block) + blocks] = arena.allocate(Registry.blockMembers * words)
    members.capacity += UInt32(Registry.blockMembers)
  }

  /// Frees the last block when there are two too many, or everything when there is no member.
  private mutating func giveBack(_ members: inout Members, _ family: Int) {
    let words = Registry.words(family)
    let size = Registry.blockMembers
    while members.listed > 0, members.count == 0 || members.count + 2 * size <= Int(members.capacity) {
      let blocks = Int(members.capacity) / size
      arena.release(arena[Int(members.block) + blocks - 1], size * words)
      members.capacity -= UInt32(size)
      guard blocks == 2 else { continue }
      let first = arena[Int(members.block)]
      arena.release(members.block, Int(members.listed))
      (members.block, members.listed) = (first, 0)
    }
    guard members.count == 0, members.capacity > 0 else { return }
    arena.release(members.block, Int(members.capacity) * words)
    members = Members()
  }
}

extension SeededGenerator {
  /// A number in 0 ..< `end`, which must be above 0; the bias of 2^-32 does not matter here.
  @inline(__always) mutating func below(_ end: Int) -> Int {
    Int(truncatingIfNeeded: ((next() >> 32) &* UInt64(truncatingIfNeeded: end)) >> 32)
  }
}
