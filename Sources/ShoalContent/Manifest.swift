import ShoalBase

/// What is needed to verify each piece of a file by itself: its cut, and the chaining value of every piece.
///
/// A file of one piece has no values: the piece is hashed as a whole. Otherwise the manifest's bytes, which peers ask
/// for like those of a file, are the proof of the size (the last leaf, then the chaining values beside its path,
/// from the leaf up to the root) and the values, 32 bytes each. Since the tree's shape follows from the size alone,
/// the proof shows the size, and the values, which fold to the id, show that they are those of these pieces.
///
/// More than 2,048 values come in *pages* of so many, each of which proves itself: before them there is an index of what
/// each page folds to. The proof and the index, or the proof and the values where there is but one page, are the *head*.
public struct Manifest: Sendable {
  /// The BLAKE3 hash of the file.
  public let id: Digest
  /// The file's cut.
  public let cut: Cut
  /// The proof of the size, then the values; empty for a file of one piece or none.
  public let bytes: [UInt8]

  /// What is known of a file whose pieces were hashed: in order, with the last piece's bytes.
  ///
  /// `values` are the chaining values of the pieces; for a file of one piece or none they are not used.
  public init(cut: Cut, values: [Digest], lastPiece: Span<UInt8>) {
    self.cut = cut
    guard cut.pieces > 1 else {
      id = Blake3.hash(lastPiece)
      bytes = []
      return
    }
    id = Blake3.fold(values)
    let leavesPerPiece = cut.pieceSize / Blake3.leafBytes
    let siblings = Blake3.lastLeafSiblings(
      pieceValues: values, leavesPerPiece: leavesPerPiece, lastPiece: lastPiece,
      lastPieceFirstLeaf: UInt64((cut.pieces - 1) * leavesPerPiece))
    var bytes = [UInt8](lastPiece.extracting(last: cut.lastLeafLength))
    bytes.reserveCapacity(cut.manifestLength)
    for digest in siblings + Self.index(of: values) + values {
      let value = digest.bytes
      bytes.append(value.span)
    }
    self.bytes = bytes
  }

  /// What a peer says of a file of one piece or none: nothing is proven before the piece is hashed.
  public init(id: Digest, unproven cut: Cut) {
    self.id = id
    self.cut = cut
    bytes = []
  }

  /// The bytes from a peer, if they fold to the id; the proof of the size has been verified before.
  public init?(id: Digest, cut: Cut, proven bytes: [UInt8]) {
    self.id = id
    self.cut = cut
    self.bytes = bytes
    guard bytes.count == cut.manifestLength, Blake3.fold((0..<cut.pieces).map(value)) == id else { return nil }
    // Whoever has the values knows the index: a false one would be passed on.
    let isIndexRight =
      cut.pages == 1
      || (0..<cut.pages).allSatisfy { page in
        let range = cut.page(page)
        let part = Array(bytes[Int(range.offset)..<Int(range.offset) + Int(range.length)])
        return Self.proves(page: page, of: cut, part, head: bytes)
      }
    guard isIndexRight else { return nil }
  }

  /// What the pages fold to; nothing if there is but one.
  private static func index(of values: [Digest]) -> [Digest] {
    guard values.count > Cut.valuesPerPage else { return [] }
    return stride(from: 0, to: values.count, by: Cut.valuesPerPage).map {
      node(over: Array(values[$0..<min($0 + Cut.valuesPerPage, values.count)]))
    }
  }

  private static func node(over values: [Digest]) -> Digest {
    values.count == 1 ? values[0] : Blake3.foldInside(values)
  }

  /// Bytes from anywhere, if they prove the size and fold to the id; of a file of one piece or none nothing is proven
  /// before the piece is hashed. The cut must be valid.
  public init?(id: Digest, cut: Cut, verifying bytes: [UInt8]) {
    guard cut.pieces > 1 else {
      self.init(id: id, unproven: cut)
      return
    }
    guard bytes.count == cut.manifestLength, Self.proves(cut, id: id, bytes) else { return nil }
    self.init(id: id, cut: cut, proven: bytes)
  }

  /// The chaining value of a piece of a file that has several.
  public func value(_ piece: Int) -> Digest {
    Digest(bytes.span, at: cut.proofLength + cut.indexLength + piece * Digest.byteCount)
  }

  /// Whether these bytes are the piece. The original kept corrupt chunks; nothing is kept here that fails this.
  public func verify(_ piece: Int, _ content: Span<UInt8>) -> Bool {
    guard content.count == cut.pieceLength(piece) else { return false }
    guard cut.pieces > 1 else { return Blake3.hash(content) == id }
    let firstLeaf = cut.pieceOffset(piece) / UInt64(Blake3.leafBytes)
    return Blake3.chainingValue(of: content, firstLeaf: firstLeaf) == value(piece)
  }

  /// Whether the front of a manifest proves that the file with this id has the size that the cut says.
  public static func proves(_ cut: Cut, id: Digest, _ bytes: [UInt8]) -> Bool {
    let leaf = bytes.span.extracting(..<cut.lastLeafLength)
    let siblings = (0..<Blake3.pathLength(leaves: cut.leaves)).map {
      Digest(bytes.span, at: cut.lastLeafLength + $0 * Digest.byteCount)
    }
    return Blake3.rootFromLastLeaf(leaf: leaf, leaves: cut.leaves, siblings: siblings) == id
  }
}

extension Manifest {
  /// Whether this head proves the size that the cut says, and folds to the id.
  public static func proves(head: [UInt8], of cut: Cut, id: Digest) -> Bool {
    guard cut.pieces > 1, head.count == cut.headLength, proves(cut, id: id, head) else { return false }
    let count = cut.pages > 1 ? cut.pages : cut.pieces
    return Blake3.fold((0..<count).map { Digest(head.span, at: cut.proofLength + $0 * Digest.byteCount) }) == id
  }

  /// Whether this is a page of a manifest that begins with `head`, which was proven.
  public static func proves(page: Int, of cut: Cut, _ bytes: [UInt8], head: [UInt8]) -> Bool {
    guard cut.pages > 1, page < cut.pages, bytes.count == cut.page(page).length, head.count >= cut.headLength else {
      return false
    }
    let values = stride(from: 0, to: bytes.count, by: Digest.byteCount).map { Digest(bytes.span, at: $0) }
    return node(over: values) == Digest(head.span, at: cut.proofLength + page * Digest.byteCount)
  }
}

extension Cut {
  /// The values of a page: 64 KiB of them, and as much is the longest index.
  public static let valuesPerPage = 2_048
  /// How many pages there are; the only one is part of the head.
  public var pages: Int { (pieces + Cut.valuesPerPage - 1) / Cut.valuesPerPage }
  /// The bytes of the index.
  public var indexLength: Int { pages > 1 ? 32 * pages : 0 }
  /// The bytes of the head, at most 64 KiB beyond the proof.
  public var headLength: Int { pieces > 1 ? proofLength + 32 * (pages > 1 ? pages : pieces) : 0 }
  /// Where a page lies in the manifest.
  public func page(_ page: Int) -> (offset: UInt64, length: UInt32) {
    let first = page * Cut.valuesPerPage
    return (UInt64(proofLength + indexLength + 32 * first), UInt32(32 * max(min(Cut.valuesPerPage, pieces - first), 0)))
  }
  /// The bytes of the last leaf.
  public var lastLeafLength: Int { Int(size - (leaves - 1) * UInt64(Blake3.leafBytes)) }
  /// The bytes of the proof of the size.
  public var proofLength: Int { lastLeafLength + 32 * Blake3.pathLength(leaves: leaves) }
  /// The bytes of the manifest.
  public var manifestLength: Int { pieces > 1 ? proofLength + indexLength + 32 * pieces : 0 }
}
