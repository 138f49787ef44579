import ShoalContent
import ShoalWire

/// The files that connections concern: what WANT, OFFER and their numbers mean.
struct FileTable {
  /// A file that one end of a connection wants from the other.
  struct Entry {
    /// From WANT.
    var id: Digest?
    /// From OFFER.
    var cut: Cut?
    var name = ""
  }

  /// Names a file: the number belongs to the end that wants it; the flow is the one to that end, which carries OFFER
  /// and BLOCK.
  struct Key: Hashable {
    var flow: Int
    var file: UInt16
  }

  /// The most files that are remembered.
  private static let most = 1 << 16
  private(set) var entries: [Key: Entry] = [:]

  subscript(_ key: Key) -> Entry? { entries[key] }

  mutating func note(_ want: Want, _ key: Key) {
    guard entries.count < Self.most || entries[key] != nil else { return }
    entries[key, default: Entry()].id = want.id
  }

  mutating func note(_ offer: Offer, _ key: Key) {
    let cut = Cut(size: offer.size, pieceExponent: offer.pieceExponent, chunks: offer.chunks)
    guard cut.isValid, entries.count < Self.most || entries[key] != nil else { return }
    entries[key, default: Entry()].cut = cut
    entries[key, default: Entry()].name = offer.name
  }
}
