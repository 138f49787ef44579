import ShoalBase
import ShoalContent
import ShoalWire

/// The part of the files that one of several trackers has: they answer on one port, as one.
package struct RegistrarPart: Sendable, Equatable {
  /// Which part, and how many there are.
  package let index: Int, count: Int
  /// Divides the files.
  package let hash: PartHash

  /// All files.
  package static let whole = RegistrarPart(0, of: 1, secret: 0)

  /// A part; all parts have the same secret.
  package init(_ index: Int, of count: Int, secret: UInt64) {
    (self.index, self.count, hash) = (index, count, PartHash(secret: secret))
  }

  /// The part that has a file.
  package func owner(of id: Digest) -> Int {
    count > 1 ? Int(hash(id) >> PartHash.unused) % count : 0
  }

  /// The requests that are about one file, whose id follows the cookie.
  package static let requestsAboutFiles: [PacketType] = [.register, .update, .lookup, .map, .deregister]

  /// A cursor of LIST: its highest byte is the part in which the page begins.
  static let cursorBits: UInt64 = 56
}

/// What decides which part has a file. It is done in 32 bits, so that the system can do it too, and with numbers that
/// nobody else knows, so that nobody can choose files that are all in one part: two multiplications for each word, as
/// after one a change of the highest bit is still known.
package struct PartHash: Sendable, Equatable {
  package let start: UInt32, first: UInt32, second: UInt32
  package static let shift: UInt32 = 15
  /// The lowest bits of the result are not used.
  package static let unused: UInt32 = 16

  init(secret: UInt64) {
    start = UInt32(truncatingIfNeeded: (secret &* 0x9e37_79b9_7f4a_7c15) >> 32)
    (first, second) = (UInt32(truncatingIfNeeded: secret) | 1, UInt32(truncatingIfNeeded: secret >> 32) | 1)
  }

  func callAsFunction(_ id: Digest) -> UInt32 {
    var hash = start
    for index in 0..<4 {
      hash = step(hash, UInt32(truncatingIfNeeded: id[word: index] >> 32))
      hash = step(hash, UInt32(truncatingIfNeeded: id[word: index]))
    }
    return hash
  }

  private func step(_ hash: UInt32, _ word: UInt32) -> UInt32 {
    let product = (hash ^ word) &* first
    return (product ^ product >> PartHash.shift) &* second
  }
}

extension Registrar {
  /// Which part a datagram is for; nil if this one, as always where the sender's address is not proven.
  package func owner(of bytes: Span<UInt8>, from address: Address, at now: Instant) -> Int? {
    guard part.count > 1, let type = Header.peek(bytes).packetType else { return nil }
    var decoder = Decoder(bytes, from: Limits.headerLength + MemoryLayout<UInt64>.size)
    var owner = part.index
    switch type {
    case _ where RegistrarPart.requestsAboutFiles.contains(type):
      var id = Digest.zero
      guard (try? decoder.digest("id", &id)) != nil else { return nil }
      owner = part.owner(of: id)
    case .list:
      var after: UInt64 = 0
      guard (try? decoder.u64("after", &after, .decimal)) != nil else { return nil }
      owner = min(Int(after >> RegistrarPart.cursorBits), part.count - 1)
    default: return nil
    }
    return owner != part.index && hasCookie(bytes, of: address, at: now) ? owner : nil
  }

  /// How many files LIST returns of this part.
  package var listedCount: Int { registry.listed.count }

  /// A FIND that another part is to continue.
  package mutating func nextSearch() -> FileSearch? { searches.popFirst() }

  /// Adds what this part finds to a FIND that others have begun, and answers it if all have.
  package mutating func resume(_ search: FileSearch, at now: Instant) {
    do throws(Refused) { try find(search) } catch { refuse(error, .find, search.asker, isProven: true) }
  }
}

/// A FIND on its way through the parts, as each knows some of the files.
package struct FileSearch: Sendable {
  let name: String
  let asker: Asker
  /// What has been found.
  var found: [NamedFile] = []
  /// How many parts have still to be asked.
  var left: Int

  /// Who asks.
  package var peer: Address { asker.address }
}

/// A file that FIND finds.
struct NamedFile: Sendable {
  /// Its number; of no meaning in another part.
  var file: UInt32
  /// What the reply says of it; made when it leaves its part.
  var entry: FoundEntry?
  /// What stands for the host of its claimant, and how many hosts have it.
  var host: Int, hosts: Int
  /// Decides between equals.
  var lot: UInt32
  /// Whether it has this name; otherwise its id begins with it.
  var isNamed = true
}

extension [NamedFile] {
  /// Their indices, in the order in which FIND names them: those that the most hosts have first, but no host's second
  /// before every other host's first; last those whose ids begin with the name.
  func ranking() -> [Int] {
    // Sorted as numbers: what decides, and below that the index.
    var order = indices.map { rank(of: $0) }
    order.sort()
    // How many of the same host come before each, in a table of twice the size that is searched by the host.
    let bits = Int.bitWidth - count.leadingZeroBitCount + 1
    var hosts = [(host: Int, turn: Int)](repeating: (0, -1), count: 1 << bits)
    // How many have each turn, and then where those of each turn begin.
    var starts = [Int](repeating: 0, count: count + 1)
    var turns: [Int] = []
    turns.reserveCapacity(count)
    for key in order {
      let file = self[index(key)]
      guard file.isNamed else { break }
      let hash = UInt(bitPattern: file.host) &* 0x9e37_79b9_7f4a_7c15
      var place = Int(hash >> UInt(Int.bitWidth - bits))
      while hosts[place].turn >= 0, hosts[place].host != file.host { place = (place + 1) & (1 << bits - 1) }
      hosts[place] = (file.host, hosts[place].turn + 1)
      turns.append(hosts[place].turn)
      starts[hosts[place].turn + 1] += 1
    }
    for turn in 1..<starts.count { starts[turn] += starts[turn - 1] }
    var ranked = order.map { index($0) }
    for (key, turn) in zip(order, turns) {
      ranked[starts[turn]] = index(key)
      starts[turn] += 1
    }
    return ranked
  }

  private func index(_ key: UInt64) -> Int { Int(key & 0xffff) }

  private func rank(of index: Int) -> UInt64 {
    let file = self[index]
    let hosts = 0xff_ffff - UInt64(Swift.min(file.hosts, 0xff_ffff))
    // One bit, 24, 23 and sixteen.
    return ((file.isNamed ? 0 : 1) << 24 | hosts) << 39 | UInt64(file.lot >> 9) << 16 | UInt64(index)
  }
}
