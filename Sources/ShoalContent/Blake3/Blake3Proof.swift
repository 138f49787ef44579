// The proof of a file's size: its last leaf and the chaining values beside the path from there to the root. The leaf's
// index and length enter its chaining value and the number of siblings fixes the shape, so only one size fits an id.
extension Blake3 {
  /// How many siblings the path from the last leaf to the root has in a tree of `leaves` leaves: at most 54 for any
  /// file. All of them are to its left.
  public static func pathLength(leaves: UInt64) -> Int {
    leaves == 0 ? 0 : (leaves - 1).nonzeroBitCount
  }

  /// The hash of a file of `leaves` leaves that ends with the leaf `leaf`, from the chaining values beside its path,
  /// bottom-up. Nil where no such tree exists: there must be `pathLength(leaves:)` siblings and 1...1,024 bytes, or
  /// 0...1,024 where it is the only leaf.
  public static func rootFromLastLeaf(
    leaf: Span<UInt8>, leaves: UInt64, siblings: [Digest]
  ) -> Digest? {
    guard leaves > 0, siblings.count == pathLength(leaves: leaves) else { return nil }
    return climb(from: leaf, index: leaves - 1, siblings: siblings, root: true)
  }

  /// The chaining value of the last piece of a file of more than one piece, from the file's last leaf and the chaining
  /// values beside its path inside the piece, bottom-up. The piece has `leaves` leaves, the first of which has index
  /// `firstLeaf`. Nil where no such tree exists, as in `rootFromLastLeaf`.
  public static func pieceFromLastLeaf(
    leaf: Span<UInt8>, leaves: UInt64, firstLeaf: UInt64, siblings: [Digest]
  ) -> Digest? {
    guard leaves > 0, siblings.count == pathLength(leaves: leaves) else { return nil }
    return climb(from: leaf, index: firstLeaf &+ (leaves - 1), siblings: siblings, root: false)
  }

  /// The siblings for `rootFromLastLeaf`, bottom-up. The first `pathLength` of the last piece's leaves are those for
  /// `pieceFromLastLeaf`.
  ///
  /// `pieceValues` are the chaining values of all pieces, of `leavesPerPiece` leaves each, a power of two; it may be
  /// empty where the file has but one piece. `lastPiece` is the content of the last one, which begins with the leaf
  /// `lastPieceFirstLeaf`; it is empty only where the file is.
  public static func lastLeafSiblings(
    pieceValues: [Digest], leavesPerPiece: Int, lastPiece: Span<UInt8>, lastPieceFirstLeaf: UInt64
  ) -> [Digest] {
    let pieces = max(1, pieceValues.count)
    let leaves = leafCount(bytes: lastPiece.count)
    precondition(leavesPerPiece > 0 && leaves <= leavesPerPiece)
    precondition(lastPieceFirstLeaf == UInt64(pieces - 1) * UInt64(leavesPerPiece))
    var siblings: [Digest] = []
    var end = pieces - 1
    for size in powers(of: end) {
      siblings.append(fold(pieceValues[(end - size)..<end], mode: .hash, root: false, engine: .best))
      end -= size
    }
    var inside: [Digest] = []
    end = leaves - 1
    for size in powers(of: end) {
      let part = lastPiece.extracting((end - size) * leafBytes..<end * leafBytes)
      inside.append(chainingValue(of: part, firstLeaf: lastPieceFirstLeaf + UInt64(end - size)))
      end -= size
    }
    return inside + siblings
  }

  /// The powers of two that make up `count`, smallest first: the sizes of the siblings of what follows `count` nodes,
  /// from its nearest to its farthest.
  private static func powers(of count: Int) -> [Int] {
    (0..<Int.bitWidth - 1).map { 1 << $0 }.filter { count & $0 != 0 }
  }

  private static func climb(
    from leaf: Span<UInt8>, index: UInt64, siblings: [Digest], root: Bool
  ) -> Digest? {
    guard leaf.count <= leafBytes, !leaf.isEmpty || (index == 0 && root) else { return nil }
    var value = Engine.best.leaf(leaf, index: index, mode: .hash, root: root && siblings.isEmpty)
    for (height, sibling) in siblings.enumerated() {
      value = parent(sibling, value, root: root && height == siblings.count - 1)
    }
    return value
  }
}
