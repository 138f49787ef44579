import ShoalBase

/// What is needed to verify each piece of a file by itself: its cut, and the chaining value of every piece.
///
/// A file of one piece has no values: the piece is hashed as a whole. Otherwise the manifest's bytes, which peers ask
/// for like those of a file, are the proof of the size (the last leaf, then the chaining values beside its path,
/// from the leaf up to the root) and the values, 32 bytes each. Since the tree's shape follows from the size alone,
/// the proof shows the size, and the values, which fold to the id, show that they are those of these pieces.
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
    for digest in siblings + values {
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
    Digest(bytes.span, at: cut.proofLength + piece * Digest.byteCount)
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

extension Cut {
  /// The bytes of the last leaf.
  public var lastLeafLength: Int { Int(size - (leaves - 1) * UInt64(Blake3.leafBytes)) }
  /// The bytes of the proof of the size.
  public var proofLength: Int { lastLeafLength + 32 * Blake3.pathLength(leaves: leaves) }
  /// The bytes of the manifest.
  public var manifestLength: Int { pieces > 1 ? proofLength + 32 * pieces : 0 }
}
