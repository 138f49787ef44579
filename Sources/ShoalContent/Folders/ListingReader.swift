import ShoalBase

/// Parses a listing from start to end, and checks each entry against those before it.
struct ListingReader {
  private let bytes: [UInt8]
  private var offset = 0
  private(set) var contentID = Digest.zero
  private(set) var cut = Cut()
  private(set) var entries: [Listing.Entry] = []
  private(set) var filled: [UInt32] = []
  private(set) var alike: [(Int, Int)] = []
  private var size: UInt64 = 0
  /// The folders that the next entry may be in, the outermost first, with their entries so far.
  private var open: [OpenFolder] = [OpenFolder(index: -1)]

  private struct OpenFolder {
    let index: Int32
    /// The last name.
    var last: Range<Int> = 0..<0
    /// The names so far, without regard to case and normalization.
    var folded: [String: Int32] = [:]
  }

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func read() throws(ListingFault) {
    guard Listing.isBegun(bytes) else { throw .noListing }
    guard bytes.count <= Limits.listingBytes else { throw .tooLong }
    offset = Listing.magic.count
    let version = try number(UInt32.self)
    guard version == Listing.version else { throw .otherVersion(version) }
    let id = try take(Digest.byteCount)
    contentID = Digest(bytes.span, at: id.lowerBound)
    cut = Cut(
      size: try number(UInt64.self), pieceExponent: try number(UInt8.self), chunks: try number(UInt32.self))
    guard cut.isValid else { throw .damaged }
    let count = Int(try number(UInt32.self))
    guard count <= Limits.listingEntries else { throw .tooLong }
    // Every entry takes more bytes than this, so a false count cannot reserve memory for entries that are not there.
    guard count <= bytes.count / 8 else { throw .damaged }
    entries.reserveCapacity(count)
    for _ in 0..<count { try readEntry() }
    guard offset == bytes.count, size == cut.size else { throw .damaged }
    guard cut.size > 0 || contentID == Blake3.hash(Span()) else { throw .damaged }
  }

  private mutating func readEntry() throws(ListingFault) {
    guard let kind = Listing.Kind(rawValue: try number(UInt8.self)) else { throw .damaged }
    let depth = Int(try number(UInt8.self))
    let name = try take(Int(try number(UInt8.self)))
    guard depth < open.count else { throw .damaged }
    open.removeLast(open.count - depth - 1)
    try check(name)
    let modified = kind == .link ? 0 : Int64(bitPattern: try number(UInt64.self))
    let (size, detail, target) = try readDetail(kind, depth, name)
    let (end, isTooMuch) = self.size.addingReportingOverflow(size)
    guard !isTooMuch, end <= Limits.fileSize else { throw .damaged }
    if size > 0 { filled.append(UInt32(entries.count)) }
    entries.append(
      Listing.Entry(
        kind: kind, depth: Int16(depth), size: size, offset: self.size, modified: modified,
        folder: open[depth].index, name: UInt32(name.lowerBound), nameLength: UInt8(name.count),
        detail: UInt32(detail), targetLength: UInt16(target)))
    self.size = end
    guard kind == .folder else { return }
    guard depth + 1 < Limits.listingDepth else { throw .tooDeep(path(name)) }
    open.append(OpenFolder(index: Int32(entries.count - 1)))
  }

  /// The size, the offset of the id or target, and the length of the target.
  private mutating func readDetail(
    _ kind: Listing.Kind, _ depth: Int, _ name: Range<Int>
  ) throws(ListingFault) -> (size: UInt64, detail: Int, target: Int) {
    switch kind {
    case .folder: return (0, 0, 0)
    case .file, .executable:
      let size = try number(UInt64.self)
      return (size, try take(Digest.byteCount).lowerBound, 0)
    case .link:
      let target = try take(Int(try number(UInt16.self)))
      guard let text = String(validating: bytes[target], as: UTF8.self), linkStays(text, depth: depth) else {
        throw .leadsOut(path(name))
      }
      return (0, target.lowerBound, target.count)
    }
  }

  /// Checks the name of an entry in the innermost folder that is open.
  private mutating func check(_ name: Range<Int>) throws(ListingFault) {
    let text = String(validating: bytes[name], as: UTF8.self)
    if let fault = text.map({ NameFault(of: $0) }) ?? .encoding { throw .name(path(name), fault) }
    let top = open.count - 1
    let last = open[top].last
    guard last.isEmpty || bytes[last].lexicographicallyPrecedes(bytes[name]) else { throw .order(path(name)) }
    open[top].last = name
    let index = Int32(entries.count)
    if let other = open[top].folded.updateValue(index, forKey: folded(text ?? "")) {
      alike.append((Int(other), Int(index)))
    }
  }

  /// The path of a name in the innermost folder that is open, for a message.
  private func path(_ name: Range<Int>) -> String {
    let names = open.dropFirst().map { entries[Int($0.index)].nameRange } + [name]
    return names.map { String(decoding: bytes[$0], as: UTF8.self) }.joined(separator: "/")
  }

  private mutating func take(_ count: Int) throws(ListingFault) -> Range<Int> {
    guard count <= bytes.count - offset else { throw .damaged }
    offset += count
    return offset - count..<offset
  }

  private mutating func number<Number: FixedWidthInteger>(_: Number.Type) throws(ListingFault) -> Number {
    let value = bytes[try take(Number.bitWidth / 8)].reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
    return Number(truncatingIfNeeded: value)
  }
}

extension Listing.Entry {
  var nameRange: Range<Int> { Int(name)..<Int(name) + Int(nameLength) }
}
