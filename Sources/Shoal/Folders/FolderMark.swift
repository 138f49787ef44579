import Glibc
import ShoalBase
import ShoalContent
import ShoalStore

/// The note beside a part that says which folder it belongs to.
enum FolderMark {
  private static let magic = Array("shoalfld".utf8)

  static func read(_ path: String) -> Digest? {
    guard let file = try? File.regular(path), (try? file.status().isOwn) == true else { return nil }
    var bytes = [UInt8](repeating: 0, count: magic.count + Digest.byteCount)
    var room = bytes.mutableSpan
    guard (try? file.read(into: &room, at: 0)) == room.count, bytes.starts(with: magic) else { return nil }
    return Digest(bytes[magic.count...])
  }

  /// Deletes a part that is a folder, with its mark; false if the part is no folder. One that another process uses is
  /// left alone.
  static func discard(_ part: String) -> Bool {
    guard let root = try? Directory.open(part, followsLinks: false) else { return false }
    guard read(journalPath(of: part)) != nil, claim(root) else { return true }
    try? root.removeAll()
    try? FileSystem.removeFolder(part)
    try? FileSystem.remove(journalPath(of: part))
    return true
  }

  private static func claim(_ root: Directory) -> Bool {
    for _ in 0..<20 {
      if (try? root.lock()) != nil { return true }
      // A cancelled download finishes its last writes soon.
      usleep(10_000)
    }
    return false
  }

  /// Writes the mark, with the listing after it, unless it is there.
  static func write(_ listing: Listing, _ id: Digest, to path: String) throws(SystemError) {
    guard read(path) != id || self.listing(path) == nil else { return }
    var bytes = magic + [UInt8](id.bytes.span)
    bytes += (0..<8).map { UInt8(truncatingIfNeeded: listing.bytes.count >> (56 - 8 * $0)) }
    try JournalFile.begin(path, bytes + listing.bytes)
  }

  /// The listing after the mark.
  static func listing(_ path: String) -> [UInt8]? {
    guard let bytes = JournalFile.bytes(path, upTo: Journal.mostBytes), let length = length(bytes) else { return nil }
    return Array(bytes[(length - listingLength(bytes))..<length])
  }

  /// How many bytes the mark and its listing take, after which the journal of the content begins; nil if the bytes do
  /// not begin with a mark.
  static func length(_ bytes: [UInt8]) -> Int? {
    let head = headLength
    guard bytes.starts(with: magic), bytes.count >= head, listingLength(bytes) <= bytes.count - head else { return nil }
    return head + listingLength(bytes)
  }

  private static func listingLength(_ bytes: [UInt8]) -> Int {
    Int(clamping: bytes.span.bigEndian(at: headLength - 8, as: UInt64.self))
  }

  static let headLength = magic.count + Digest.byteCount + 8
}
