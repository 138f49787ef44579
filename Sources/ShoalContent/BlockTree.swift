import ShoalBase

/// The chaining values inside pieces: of every block of 16 KiB of a file, in order, 32 bytes each.
///
/// A block is a node of the file's BLAKE3 tree, the last one perhaps shorter, so the values of a piece's blocks fold to
/// the value of the piece. Anyone who has the piece can compute them, and nobody can forge them. They do not depend on
/// the cut.
public enum BlockTree {
  /// The bytes of a block, 16 KiB: a piece of 4 MiB has 256 of them.
  public static let blockBytes = 16 << 10
  /// The most bytes of the tree in one request: the values of a piece of 4 MiB.
  public static let longestRange = (4 << 20) / blockBytes * Digest.byteCount

  /// The values of the blocks of `content`, which begins at `offset`, a multiple of a block, and is not empty.
  public static func values(of content: Span<UInt8>, at offset: UInt64) -> [Digest] {
    stride(from: 0, to: content.count, by: blockBytes).map { start in
      let block = content.extracting(start..<min(start + blockBytes, content.count))
      return Blake3.chainingValue(of: block, firstLeaf: (offset + UInt64(start)) / UInt64(Blake3.leafBytes))
    }
  }

  /// The values that these bytes of the tree hold; nil if they are not whole values.
  public static func values(_ bytes: [UInt8]) -> [Digest]? {
    guard bytes.count % Digest.byteCount == 0 else { return nil }
    return stride(from: 0, to: bytes.count, by: Digest.byteCount).map { Digest(bytes.span, at: $0) }
  }

  /// The bytes of the file that these bytes of its tree cover; nil if the tree has no such bytes.
  public static func content(of range: Range<UInt64>, in cut: Cut) -> Range<UInt64>? {
    guard !range.isEmpty, range.upperBound <= cut.treeLength else { return nil }
    let (value, block) = (UInt64(Digest.byteCount), UInt64(blockBytes))
    let end = (range.upperBound - 1) / value + 1
    return range.lowerBound / value * block..<min(end * block, cut.size)
  }
}

extension Cut {
  /// The bytes of the tree.
  public var treeLength: UInt64 {
    size > 0 ? ((size - 1) / UInt64(BlockTree.blockBytes) + 1) * UInt64(Digest.byteCount) : 0
  }

  /// How many blocks a piece has; 0 if there is no such piece.
  public func blocks(ofPiece piece: Int) -> Int {
    (pieceLength(piece) + BlockTree.blockBytes - 1) / BlockTree.blockBytes
  }

  /// Where the values of a piece's blocks lie in the tree. A piece of at most a block has no values of its own.
  public func tree(ofPiece piece: Int) -> Range<UInt64> {
    let first = pieceOffset(piece) / UInt64(BlockTree.blockBytes) * UInt64(Digest.byteCount)
    return first..<first + UInt64(blocks(ofPiece: piece) * Digest.byteCount)
  }

  /// The bytes of a piece that its block is.
  public func block(_ block: Int, ofPiece piece: Int) -> Range<Int> {
    let start = block * BlockTree.blockBytes
    return start..<min(start + BlockTree.blockBytes, pieceLength(piece))
  }
}

extension Manifest {
  /// Whether these are the values of the blocks of a piece, which has several.
  public func proves(_ values: [Digest], of piece: Int) -> Bool {
    guard values.count > 1, values.count == cut.blocks(ofPiece: piece) else { return false }
    return cut.pieces > 1 ? Blake3.foldInside(values) == value(piece) : Blake3.fold(values) == id
  }
}
