import ShoalBase

/// What is in a folder: names, sizes, times and ids, and the file that holds the content of all its files, one behind
/// the other. Protocol.md's section 7.8 has its layout.
///
/// It is itself a file with an id. Whoever has that id can fetch the listing, and by it the content, and nobody can
/// change a name in it. A listing that can be made is one that may be restored: no name in it leads out of the folder.
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
    /// How many folders it is in, apart from the one that is listed.
    public let depth: Int16
    /// Bytes; 0 for what is no file.
    public let size: UInt64
    /// Where it begins in the content.
    public let offset: UInt64
    /// When it was last changed, in nanoseconds since 1970; 0 for a link.
    public let modified: Int64
    let folder: Int32
    /// Where its name is in the listing's bytes, and behind that its id, or its target.
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
  /// How the content is cut: as whoever made the listing cuts it, unless peers turn out to cut it otherwise.
  public var cut: Cut
  /// What is in the folder, each folder before what is in it.
  public let entries: [Entry]
  /// The entries that have content, in order.
  let filled: [UInt32]

  /// Reads a listing; fails if any of it is not as it must be.
  public init(_ bytes: [UInt8]) throws(ListingFault) {
    var reader = ListingReader(bytes)
    try reader.read()
    self.bytes = bytes
    (contentID, cut, entries, filled) = (reader.contentID, reader.cut, reader.entries, reader.filled)
  }

  /// The bytes that all listings begin with.
  static let magic = Array("shoalist".utf8)
  /// The version of the layout that is written, and the only one that is understood.
  static let version: UInt32 = 1
  /// Where the content's id is.
  static let contentAt = 12

  /// Whether this is the beginning of a listing of some version.
  public static func isBegun(_ bytes: some Sequence<UInt8>) -> Bool { bytes.starts(with: magic) }

  /// The files alone.
  public var fileCount: Int { entries.count { $0.kind.isFile } }

  /// The last component of an entry's path.
  public func name(_ index: Int) -> String { text(Int(entries[index].name), Int(entries[index].nameLength)) }

  /// The path of an entry from the listed folder on.
  public func path(_ index: Int) -> String {
    var names = [name(index)]
    var parent = entries[index].parent
    while let folder = parent {
      names.append(name(folder))
      parent = entries[folder].parent
    }
    return names.reversed().joined(separator: "/")
  }

  /// The hash of a file's content, as whoever made the listing found it.
  public func id(_ index: Int) -> Digest { Digest(bytes.span, at: Int(entries[index].detail)) }

  /// Where a link leads.
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
    /// Where it lies within the range that was asked for.
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

/// Why bytes are no listing that may be restored.
public enum ListingFault: Error, Hashable, Sendable {
  /// They do not begin as one does.
  case noListing
  /// It is of another version.
  case otherVersion(UInt32)
  /// It ends too early, or goes on too long, or says what cannot be.
  case damaged
  /// There are more entries than `Limits.listingEntries`, or more bytes than `Limits.listingBytes`.
  case tooLong
  /// An entry is in more folders than `Limits.listingDepth`.
  case tooDeep(String)
  /// An entry's name may not be.
  case name(String, NameFault)
  /// An entry is not in its place in the order, or is there twice.
  case order(String)
  /// Two entries of one folder are one on systems that do not tell cases or normal forms apart.
  case alike(String, String)
  /// A link leads out of the folder, or may.
  case leadsOut(String)

  /// What is wrong, as a sentence without its subject, the listing.
  public var words: String {
    switch self {
    case .noListing: "is none: it is another file"
    case .otherVersion(let version): "is of version \(version), and this is version \(Listing.version); update shoal"
    case .damaged: "is not whole, or contradicts itself"
    case .tooLong: "is longer than \(Limits.listingEntries) entries or \(Limits.listingBytes >> 20) MiB"
    case .tooDeep(let path): "has \(path) in more than \(Limits.listingDepth) folders"
    case .name(let path, let fault): "has \(path): \(fault.words)"
    case .order(let path): "has \(path) in the wrong place, or twice"
    case .alike(let path, let other):
      "has \(path) and \(other), which differ only by case or in how letters are written"
    case .leadsOut(let path): "has \(path), a link that leads out of the folder"
    }
  }
}

extension Limits {
  /// The bytes of a listing: bounds what a receiver holds of one in memory.
  public static let listingBytes = 64 << 20
  /// The entries of a listing, for the same reason.
  public static let listingEntries = 1 << 20
  /// The folders that an entry is in: bounds the directories that are open at a time.
  public static let listingDepth = 128
}
