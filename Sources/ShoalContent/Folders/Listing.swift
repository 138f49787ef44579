import ShoalBase

/// The entries of a folder, with names, sizes, times and ids, and the file that holds the content of all its files, one
/// after another. Protocol.md, section 7.8, has the layout.
///
/// A listing is itself a file with an id. Anyone who has that id can fetch the listing and then the content, and nobody
/// can change a name in it. A listing that can be initialised is safe to restore: no name in it leads out of the
/// folder.
public struct Listing: Sendable {
  /// What an entry is.
  public enum Kind: UInt8, Sendable {
    case folder = 1
    case file = 2
    case executable = 3
    /// A symbolic link.
    case link = 4

    /// Whether it has content.
    public var isFile: Bool { self == .file || self == .executable }
  }

  /// One file, folder or link.
  public struct Entry: Sendable {
    /// What it is.
    public let kind: Kind
    /// The folder that it is in, as an index; nil at the top.
    public var parent: Int? { folder >= 0 ? Int(folder) : nil }
    /// How many folders it is in, not counting the listed one.
    public let depth: Int16
    /// The size of a file in bytes; 0 for a folder or link.
    public let size: UInt64
    /// Where it begins in the content.
    public let offset: UInt64
    /// When it was last modified, in nanoseconds since 1970; 0 for a link.
    public let modified: Int64
    let folder: Int32
    /// The offset of its name in the listing's bytes; its id or target follows at `detail`.
    let name: UInt32
    let nameLength: UInt8
    let detail: UInt32
    let targetLength: UInt16

    /// Where its bytes are in the content.
    public var range: Range<UInt64> { offset..<offset + size }
  }

  /// The listing's own bytes.
  public let bytes: [UInt8]
  /// The id of the content.
  public let contentID: Digest
  /// How the content is cut: as in the listing, unless peers turn out to cut it otherwise.
  public var cut: Cut
  /// The entries, each folder before its contents.
  public let entries: [Entry]
  /// Pairs of entries of one folder whose names differ only by case or normal form, each entry with the one before it.
  let alike: [(Int, Int)]
  /// The entries that have content, in order.
  let filled: [UInt32]

  /// Parses a listing; throws if any of it is invalid.
  public init(_ bytes: [UInt8]) throws(ListingFault) {
    var reader = ListingReader(bytes)
    try reader.read()
    self.bytes = bytes
    (contentID, cut, entries, filled) = (reader.contentID, reader.cut, reader.entries, reader.filled)
    alike = reader.alike
  }

  /// Two of the wanted entries that are in one folder and whose names differ only by case or normal form, so that not
  /// every file system holds both; nil if there are none.
  public func alike(among isWanted: (Int) -> Bool) -> (Int, Int)? {
    // For each entry, the last wanted one up to it, since entries between two wanted ones may not be wanted.
    var last: [Int: Int] = [:]
    for (before, entry) in alike {
      let earlier = last[before] ?? (isWanted(before) ? before : nil)
      if let earlier, isWanted(entry) { return (earlier, entry) }
      last[entry] = isWanted(entry) ? entry : earlier
    }
    return nil
  }

  /// The magic bytes of all listings.
  static let magic = Array("shoalist".utf8)
  /// The version of the layout that is written, and the only one that is understood.
  static let version: UInt32 = 1
  /// The offset of the content's id.
  static let contentAt = 12

  /// Whether these bytes begin like a listing of any version.
  public static func isBegun(_ bytes: some Sequence<UInt8>) -> Bool { bytes.starts(with: magic) }

  /// The number of files.
  public var fileCount: Int { entries.count { $0.kind.isFile } }

  /// The last component of an entry's path.
  public func name(_ index: Int) -> String { text(Int(entries[index].name), Int(entries[index].nameLength)) }

  /// The path of an entry, relative to the listed folder.
  public func path(_ index: Int) -> String {
    var names = [name(index)]
    var parent = entries[index].parent
    while let folder = parent {
      names.append(name(folder))
      parent = entries[folder].parent
    }
    return names.reversed().joined(separator: "/")
  }

  /// The hash of a file's content, as computed by the maker of the listing.
  public func id(_ index: Int) -> Digest { Digest(bytes.span, at: Int(entries[index].detail)) }

  /// The target of a link.
  public func target(_ index: Int) -> String {
    text(Int(entries[index].detail), Int(entries[index].targetLength))
  }

  private func text(_ start: Int, _ count: Int) -> String {
    String(decoding: bytes[start..<start + count], as: UTF8.self)
  }

  /// A part of a file's content.
  public struct Part: Sendable {
    /// The file, as an index of the entries.
    public let entry: Int
    /// Where the part begins in the file.
    public let offset: Int
    /// Its position within the given range.
    public let range: Range<Int>
  }

  /// The parts of files in a range of the content, in order; the range must lie in it.
  public func parts(_ range: Range<UInt64>) -> [Part] {
    var (low, high) = (0, filled.count)
    while low < high {
      let middle = (low + high) / 2
      if entries[Int(filled[middle])].range.upperBound <= range.lowerBound { low = middle + 1 } else { high = middle }
    }
    var parts: [Part] = []
    while low < filled.count, case let entry = entries[Int(filled[low])], entry.offset < range.upperBound {
      let (start, end) = (max(entry.offset, range.lowerBound), min(entry.range.upperBound, range.upperBound))
      parts.append(
        Part(
          entry: Int(filled[low]), offset: Int(start - entry.offset),
          range: Int(start - range.lowerBound)..<Int(end - range.lowerBound)))
      low += 1
    }
    return parts
  }

  /// The pieces of the content in which a file has bytes.
  public func pieces(_ index: Int) -> Range<Int> {
    let entry = entries[index]
    guard entry.size > 0 else { return 0..<0 }
    return cut.piece(at: entry.offset)..<cut.piece(at: entry.range.upperBound - 1) + 1
  }
}

/// Why bytes are not a listing that may be restored.
public enum ListingFault: Error, Hashable, Sendable {
  /// They do not begin like a listing.
  case noListing
  /// It is of another version.
  case otherVersion(UInt32)
  /// It is too short, too long or inconsistent.
  case damaged
  /// There are more entries than `Limits.listingEntries`, or more bytes than `Limits.listingBytes`.
  case tooLong
  /// An entry is in more folders than `Limits.listingDepth`.
  case tooDeep(String)
  /// The name of an entry is not allowed.
  case name(String, NameFault)
  /// An entry is out of order, or is there twice.
  case order(String)
  /// A link leads, or could lead, out of the folder.
  case leadsOut(String)

  /// What is wrong: a sentence without its subject, which is the listing.
  public var words: String {
    switch self {
    case .noListing: "is not one: it is another file"
    case .otherVersion(let version): "is of version \(version), and this is version \(Listing.version); update shoal"
    case .damaged: "is incomplete or inconsistent"
    case .tooLong: "is longer than \(Limits.listingEntries) entries or \(Limits.listingBytes >> 20) MiB"
    case .tooDeep(let path): "has \(path) in more than \(Limits.listingDepth) folders"
    case .name(let path, let fault): "has \(path): \(fault.words)"
    case .order(let path): "has \(path) out of order, or twice"
    case .leadsOut(let path): "has \(path), a link that leads out of the folder"
    }
  }
}

extension Limits {
  /// The most bytes of a listing: bounds the memory for one at a receiver.
  public static let listingBytes = 64 << 20
  /// The most entries of a listing, for the same reason.
  public static let listingEntries = 1 << 20
  /// The most folders that an entry is in, counting the listed one: bounds the directories open at a time.
  public static let listingDepth = 128
}
