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

  /// The number of a name, or `chainEnd`. Names that are canonically equivalent are the same if they are not long.
  func find(_ name: String, in arena: borrowing WordArena) -> UInt32 {
    let hash = NameTable.hash(name)
    var place = index.first(hash)
    while place != chainEnd {
      if names[place].hash == hash, isName(place, name, in: arena) { return place }
      place = names[place].next
    }
    return chainEnd
  }

  private func isName(_ place: UInt32, _ name: String, in arena: borrowing WordArena) -> Bool {
    let (text, length) = (names[place].text, Int(names[place].length))
    if arena.text(text, length, is: name) { return true }
    let isShort = max(length, name.utf8.count) <= NameTable.longestFolded
    return isShort && arena.text(text, length) == name
  }

  /// To decompose more than this would take too long.
  private static let longestFolded = 64

  private static func hash(_ name: String) -> UInt32 {
    guard name.utf8.count <= longestFolded else { return name.byteHash }
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

  /// Adds a claim to a name that was found, or is new; returns the name's number and the claim's place.
  mutating func insert(
    _ claim: NameClaim, _ text: String, found: UInt32, in arena: inout WordArena
  ) -> (name: UInt32, place: UInt32) {
    let name = found == chainEnd ? make(text, in: &arena) : found
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

extension String {
  /// A hash of its bytes, which nobody can predict.
  var byteHash: UInt32 {
    let bytes = utf8Span.span
    var hasher = Hasher()
    var position = 0
    while bytes.count - position >= 8 {
      hasher.combine(bytes.bigEndian(at: position, as: UInt64.self))
      position += 8
    }
    while position < bytes.count {
      hasher.combine(bytes[position])
      position += 1
    }
    return UInt32(truncatingIfNeeded: hasher.finalize())
  }
}

// Texts of up to 255 bytes, four to a word.
extension WordArena {
  /// Keeps a text; an empty one takes no block.
  mutating func store(_ text: String) -> (block: UInt32, length: UInt8) {
    let length = min(text.utf8.count, 255)
    guard length > 0 else { return (WordArena.none, 0) }
    let words = (length + 3) / 4
    let block = allocate(words)
    let bytes = text.utf8Span.span
    change(Int(block)..<Int(block) + words) { block in
      for index in 0..<length { block[index >> 2] |= UInt32(bytes[index]) << UInt32(index & 3 * 8) }
    }
    return (block, UInt8(length))
  }

  mutating func releaseText(_ block: UInt32, _ length: Int) {
    if length > 0 { release(block, (length + 3) / 4) }
  }

  /// The text of a block.
  func text(_ block: UInt32, _ length: Int) -> String {
    guard length > 0 else { return "" }
    var bytes = InlineArray<256, UInt8>(repeating: 0)
    read(Int(block)..<Int(block) + (length + 3) / 4) { words in
      for word in words.indices {
        for byte in 0..<4 { bytes[4 * word + byte] = UInt8(truncatingIfNeeded: words[word] >> UInt32(8 * byte)) }
      }
    }
    guard let text = try? UTF8Span(validating: bytes.span.extracting(..<length)) else { return "" }
    return String(copying: text)
  }

  /// Whether a block has the bytes of this text.
  func text(_ block: UInt32, _ length: Int, is text: String) -> Bool {
    guard text.utf8.count == length, length > 0 else { return text.isEmpty && length == 0 }
    let bytes = text.utf8Span.span
    return read(Int(block)..<Int(block) + (length + 3) / 4) { words in
      for index in 0..<length
      where bytes[index] != UInt8(truncatingIfNeeded: words[index >> 2] >> UInt32(index & 3 * 8)) {
        return false
      }
      return true
    }
  }
}
