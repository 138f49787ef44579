import ShoalBase
import ShoalContent

/// Several files, one after another, that are read, written and hashed like a single one.
protocol FileParts: AnyObject, Sendable {
  /// Reads from `offset` until `buffer` is full or the last file ends; the number of bytes read.
  func read(into buffer: inout MutableSpan<UInt8>, at offset: Int) throws(SystemError) -> Int
  /// Whether these bytes can be read without waiting for a disk.
  func isAtHand(_ offset: Int, _ length: Int) -> Bool
  /// Writes all of `bytes` at `offset`.
  func write(_ bytes: Span<UInt8>, at offset: Int) throws(SystemError)
  /// Makes these bytes zeros.
  func clear(_ range: Range<Int>) throws(SystemError)
  /// The total size; fails if one of the files has changed.
  func status() throws(SystemError) -> FileStatus
  /// The path of a file that was found to have changed.
  var changed: String? { get }
}

/// Open files or directories, by number; the least recently used are closed.
struct RecentlyUsed<Value: Sendable>: Sendable {
  private var values: [Int: (value: Value, usedAt: UInt64)] = [:]
  private var uses: UInt64 = 0
  private let limit: Int

  init(limit: Int) { self.limit = limit }

  subscript(key: Int) -> Value? {
    mutating get {
      guard let value = values[key]?.value else { return nil }
      uses += 1
      values[key]?.usedAt = uses
      return value
    }
    set {
      uses += 1
      values[key] = newValue.map { ($0, uses) }
      guard values.count > limit else { return }
      // A quarter at once, so that the oldest need not be searched for each time.
      let oldest = values.sorted { $0.value.usedAt < $1.value.usedAt }.prefix(max(limit / 4, 1))
      for entry in oldest { values[entry.key] = nil }
    }
  }

  mutating func removeAll() { values = [:] }
}

/// The folders of a listing below one directory, opened as they are needed, and never through a link.
struct FolderTree: Sendable {
  let root: Directory
  private var open = RecentlyUsed<Directory>(limit: FolderTree.limit)

  /// The directories that are open at a time.
  private static let limit = 128

  init(_ root: Directory) { self.root = root }

  /// The directory of an entry, which is a folder; the top for a nil `index`. With `making`, it is made if necessary.
  mutating func directory(_ index: Int?, of listing: Listing, making: Bool = false) throws(SystemError) -> Directory {
    guard let index else { return root }
    if let known = open[index] { return known }
    let parent = try directory(listing.entries[index].parent, of: listing, making: making)
    if making { try parent.makeDirectory(listing.name(index)) }
    let directory = try parent.directory(listing.name(index))
    open[index] = directory
    return directory
  }
}
