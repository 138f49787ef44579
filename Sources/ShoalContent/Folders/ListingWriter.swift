import ShoalBase

/// Writes a listing: first without ids, from what is known before any file is read, then with them.
public struct ListingWriter: Sendable {
  private var entries: [UInt8] = []
  private var count: UInt32 = 0
  private var size: UInt64 = 0

  /// A listing without entries.
  public init() {}

  /// The number of entries, and the total size of the files in bytes.
  public var counts: (entries: Int, bytes: UInt64) { (Int(count), size) }

  /// Whether the listing is too long already.
  public var isTooLong: Bool { count >= Limits.listingEntries || entries.count >= Limits.listingBytes }

  /// Adds an entry, `depth` folders below the top. The entries of a folder must follow it, in the order of their names'
  /// bytes. `size` is that of a file, `target` that of a link.
  public mutating func add(
    _ kind: Listing.Kind, _ name: String, depth: Int, modified: Int64 = 0, size: UInt64 = 0, target: String = ""
  ) {
    entries += [kind.rawValue, UInt8(clamping: depth), UInt8(clamping: name.utf8.count)] + name.utf8
    if kind != .link { entries.append(bigEndian: UInt64(bitPattern: modified)) }
    switch kind {
    case .folder: break
    case .file, .executable:
      entries.append(bigEndian: size)
      entries += [UInt8](repeating: 0, count: Digest.byteCount)
    case .link:
      entries.append(bigEndian: UInt16(clamping: target.utf8.count))
      entries += target.utf8
    }
    count += 1
    self.size += size
  }

  /// The listing without ids, for a content with this chunking.
  public func draft(_ chunking: Chunking = .automatic) throws(ListingFault) -> Listing {
    let cut = Cut(size: size, chunking: chunking)
    var bytes = Listing.magic
    bytes.append(bigEndian: Listing.version)
    bytes.append(Blake3.hash(Span()))
    bytes.append(bigEndian: size)
    bytes.append(cut.pieceExponent)
    bytes.append(bigEndian: cut.chunks)
    bytes.append(bigEndian: count)
    return try Listing(bytes + entries)
  }
}

extension Listing {
  /// The listing with the id of the content, and the ids of all files in order.
  public func with(_ content: Digest, ids: [Digest]) throws(ListingFault) -> Listing {
    var bytes = bytes
    bytes.write(content, at: Listing.contentAt)
    for (entry, id) in zip(entries.lazy.filter { $0.kind.isFile }, ids) { bytes.write(id, at: Int(entry.detail)) }
    return try Listing(bytes)
  }
}

extension [UInt8] {
  fileprivate mutating func append(bigEndian number: some FixedWidthInteger) {
    for shift in stride(from: number.bitWidth - 8, through: 0, by: -8) {
      append(UInt8(truncatingIfNeeded: number >> shift))
    }
  }

  fileprivate mutating func append(_ digest: Digest) { for i in 0..<Digest.byteCount { append(digest[i]) } }

  fileprivate mutating func write(_ digest: Digest, at offset: Int) {
    for i in 0..<Digest.byteCount { self[offset + i] = digest[i] }
  }
}
