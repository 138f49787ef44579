import ShoalBase
import ShoalContent
import ShoalWire

/// The part of the files that one of several trackers has: they answer on one port, as one.
package struct RegistrarPart: Sendable, Equatable {
  /// Which part, and how many there are.
  package let index: Int, count: Int
  /// What nobody else knows, so that nobody can choose files that are all in one part.
  private let secret: UInt64

  /// All files.
  package static let whole = RegistrarPart(0, of: 1, secret: 0)

  /// A part; all parts have the same secret.
  package init(_ index: Int, of count: Int, secret: UInt64) {
    (self.index, self.count, self.secret) = (index, count, secret | 1)
  }

  /// The part that has a file.
  func owner(of id: Digest) -> Int {
    guard count > 1 else { return 0 }
    let product = (id[word: 0] ^ secret).multipliedFullWidth(by: secret)
    return Int((product.high ^ product.low).multipliedFullWidth(by: UInt64(count)).high)
  }

  /// A cursor of LIST: its highest byte is the part in which the page begins.
  static let cursorBits: UInt64 = 56
}

extension Registrar {
  /// Which part a datagram is for; nil if this one, as always where the sender's address is not proven.
  package func owner(of bytes: Span<UInt8>, from address: Address, at now: Instant) -> Int? {
    guard part.count > 1, let type = Header.peek(bytes).packetType else { return nil }
    var decoder = Decoder(bytes, from: Limits.headerLength + MemoryLayout<UInt64>.size)
    var owner = part.index
    switch type {
    case .register, .update, .lookup, .map, .deregister:
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
  /// In the order in which FIND names them: those that the most hosts have first, but no host's second before every
  /// other host's first; last those whose ids begin with the name.
  func ranked() -> [NamedFile] {
    var order = indices.map { (key: rank(turn: 0, of: $0), index: $0) }
    order.sort { $0.key < $1.key }
    let hosts = order.map { self[$0.index].host }
    for place in order.indices where self[order[place].index].isNamed {
      var turn: UInt64 = 0
      for earlier in 0..<place where hosts[earlier] == hosts[place] { turn += 1 }
      order[place].key = rank(turn: turn, of: order[place].index)
    }
    order.sort { $0.key < $1.key }
    return order.map { self[$0.index] }
  }

  private func rank(turn: UInt64, of index: Int) -> UInt64 {
    let file = self[index]
    let hosts = UInt64(UInt32.max) - UInt64(UInt32(clamping: file.hosts))
    return (file.isNamed ? 0 : 1) << 63 | Swift.min(turn, 0xffff) << 47 | (hosts >> 1) << 16 | UInt64(file.lot >> 16)
  }
}
