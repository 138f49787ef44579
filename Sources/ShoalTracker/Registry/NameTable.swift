import ShoalBase
import ShoalContent

/// A file that is found under a name.
struct NameClaim: BitwiseCopyable {
  var file: UInt32
  /// The host of the peer that gives it the name.
  var host: UInt32
}

/// A name, and where its text and its claims are.
struct ClaimedName: Chained {
  var next = chainEnd
  var hash: UInt32 = 0
  var text = WordArena.none
  var claims = WordArena.none
  var capacity: UInt16 = 0
  var count: UInt16 = 0
  var length: UInt8 = 0
}

/// Names, each with a few files that FIND finds under it.
struct NameTable: ~Copyable {
  private var names = Slab<ClaimedName>(segmentBits: 10)
  private var free = chainEnd
  private var index = ChainIndex()

  var byteCount: Int { names.byteCount + index.byteCount }

  /// The number of a name, or `chainEnd`. Names that are canonically equivalent are the same.
  func find(_ name: String, in arena: borrowing WordArena) -> UInt32 {
    let hash = NameTable.hash(name)
    var place = index.first(hash)
    while place != chainEnd {
      if names[place].hash == hash, arena.text(names[place].text, Int(names[place].length)) == name { return place }
      place = names[place].next
    }
    return chainEnd
  }

  private static func hash(_ name: String) -> UInt32 {
    var hasher = Hasher()
    hasher.combine(name)
    return UInt32(truncatingIfNeeded: hasher.finalize())
  }

  func count(_ name: UInt32) -> Int { Int(names[name].count) }

  func claim(_ name: UInt32, _ place: Int, in arena: borrowing WordArena) -> NameClaim {
    let word = Int(names[name].claims) + 2 * place
    return NameClaim(file: arena[word], host: arena[word + 1])
  }

  /// The claims of a name, in no order.
  func claims(_ name: UInt32, in arena: borrowing WordArena) -> [NameClaim] {
    var claims: [NameClaim] = []
    claims.reserveCapacity(count(name))
    for place in 0..<count(name) { claims.append(claim(name, place, in: arena)) }
    return claims
  }

  /// Adds a claim; returns the name's number and the claim's place.
  mutating func insert(_ claim: NameClaim, _ text: String, in arena: inout WordArena) -> (name: UInt32, place: UInt32) {
    var name = find(text, in: arena)
    if name == chainEnd { name = make(text, in: &arena) }
    let count = Int(names[name].count)
    if count == Int(names[name].capacity) {
      let capacity = max(1, 2 * count)
      let block = arena.allocate(2 * capacity)
      for word in 0..<2 * count { arena[Int(block) + word] = arena[Int(names[name].claims) + word] }
      if count > 0 { arena.release(names[name].claims, 2 * count) }
      (names[name].claims, names[name].capacity) = (block, UInt16(capacity))
    }
    let word = Int(names[name].claims) + 2 * count
    (arena[word], arena[word + 1]) = (claim.file, claim.host)
    names[name].count += 1
    return (name, UInt32(count))
  }

  /// Removes a claim; returns the file whose claim has taken its place.
  mutating func remove(_ name: UInt32, _ place: UInt32, in arena: inout WordArena) -> UInt32? {
    let last = Int(names[name].count) - 1
    names[name].count -= 1
    guard last > 0 else {
      arena.release(names[name].claims, 2 * Int(names[name].capacity))
      arena.releaseText(names[name].text, Int(names[name].length))
      index.remove(name, in: &names)
      names[name] = ClaimedName(next: free)
      free = name
      return nil
    }
    guard last != Int(place) else { return nil }
    let claims = Int(names[name].claims)
    for word in 0..<2 { arena[claims + 2 * Int(place) + word] = arena[claims + 2 * last + word] }
    return arena[claims + 2 * Int(place)]
  }

  /// The last file of the host that has the most under this name, if that is more than `host` would have with one more.
  func victim(_ name: UInt32, for host: UInt32, in arena: borrowing WordArena) -> UInt32? {
    let claims = claims(name, in: arena).sorted { $0.host < $1.host }
    var most = claims.count { $0.host == host } + 1
    var (victim, length) = (UInt32?.none, 0)
    for (index, claim) in claims.enumerated() {
      length = index > 0 && claims[index - 1].host == claim.host ? length + 1 : 1
      if length > most { (most, victim) = (length, claim.file) }
    }
    return victim
  }

  private mutating func make(_ text: String, in arena: inout WordArena) -> UInt32 {
    var name = ClaimedName(hash: NameTable.hash(text))
    (name.text, name.length) = arena.store(text)
    var place = free
    if place == chainEnd {
      place = UInt32(names.count)
      names.append(name)
    } else {
      free = names[place].next
      names[place] = name
    }
    index.insert(place, in: &names)
    return place
  }
}

// Texts of up to 255 bytes, four to a word.
extension WordArena {
  /// Keeps a text; an empty one takes no block.
  mutating func store(_ text: String) -> (block: UInt32, length: UInt8) {
    let length = min(text.utf8.count, 255)
    guard length > 0 else { return (WordArena.none, 0) }
    let block = allocate((length + 3) / 4)
    var position = 0
    for byte in text.utf8.prefix(length) {
      self[Int(block) + position >> 2] |= UInt32(byte) << UInt32(position & 3 * 8)
      position += 1
    }
    return (block, UInt8(length))
  }

  mutating func releaseText(_ block: UInt32, _ length: Int) {
    if length > 0 { release(block, (length + 3) / 4) }
  }

  private func byte(_ block: UInt32, _ position: Int) -> UInt8 {
    UInt8(truncatingIfNeeded: self[Int(block) + position >> 2] >> UInt32(position & 3 * 8))
  }

  /// The text of a block.
  func text(_ block: UInt32, _ length: Int) -> String {
    guard length > 0 else { return "" }
    var bytes = InlineArray<256, UInt8>(repeating: 0)
    var position = 0
    for word in 0..<(length + 3) / 4 {
      let word = self[Int(block) + word]
      for byte in 0..<4 { bytes[position + byte] = UInt8(truncatingIfNeeded: word >> UInt32(8 * byte)) }
      position += 4
    }
    guard let text = try? UTF8Span(validating: bytes.span.extracting(..<length)) else { return "" }
    return String(copying: text)
  }

  /// Whether a block has the bytes of this text.
  func text(_ block: UInt32, _ length: Int, is text: String) -> Bool {
    guard text.utf8.count == length else { return false }
    var position = 0
    for byte in text.utf8 {
      guard byte == self.byte(block, position) else { return false }
      position += 1
    }
    return true
  }
}
