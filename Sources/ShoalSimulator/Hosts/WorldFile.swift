import ShoalBase
import ShoalContent
import ShoalSwarm

/// A file of a `World`: its bytes follow from a number and the offset, so that no one need hold them.
package struct WorldFile: Sendable {
  /// What its bytes are made from.
  package let seed: UInt32
  /// Its manifest.
  package let manifest: Manifest

  /// Where its bytes are zeros.
  package let holes: [Range<Int>]

  /// A file of this many bytes, cut as asked.
  package init(seed: UInt32, size: Int, chunking: Chunking = .automatic, holes: [Range<Int>] = []) {
    self.init(seed: seed, cut: Cut(size: UInt64(size), chunking: chunking), holes: holes)
  }

  /// A file with this cut.
  package init(seed: UInt32, cut: Cut, holes: [Range<Int>] = []) {
    self.seed = seed
    self.holes = holes
    var values: [Digest] = []
    var piece: [UInt8] = []
    for i in 0..<cut.pieces {
      piece = Array(repeating: 0, count: cut.pieceLength(i))
      var room = piece.mutableSpan
      WorldFile.fill(&room, seed: seed, offset: cut.pieceOffset(i), holes)
      guard cut.pieces > 1 else { continue }
      let firstLeaf = cut.pieceOffset(i) / UInt64(Blake3.leafBytes)
      values.append(Blake3.chainingValue(of: piece.span, firstLeaf: firstLeaf))
    }
    manifest = Manifest(cut: cut, values: values, lastPiece: piece.span)
  }

  /// The same bytes, cut differently: the id is the same.
  package func recut(_ chunking: Chunking) -> WorldFile {
    WorldFile(seed: seed, size: Int(manifest.cut.size), chunking: chunking, holes: holes)
  }

  /// The BLAKE3 hash of the file.
  package var id: Digest { manifest.id }
  /// Its cut.
  package var cut: Cut { manifest.cut }

  /// Writes its bytes from `offset` on.
  package func fill(_ bytes: inout MutableSpan<UInt8>, offset: UInt64) {
    WorldFile.fill(&bytes, seed: seed, offset: offset, holes)
  }

  /// Its bytes in these pieces; all others are zeros.
  package func content(_ pieces: BitSet) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: Int(cut.size))
    var whole = bytes.mutableSpan
    for piece in 0..<cut.pieces where pieces.contains(piece) {
      let start = Int(cut.pieceOffset(piece))
      var part = whole._mutatingExtracting(start..<start + cut.pieceLength(piece))
      fill(&part, offset: UInt64(start))
    }
    return bytes
  }

  static func fill(_ bytes: inout MutableSpan<UInt8>, seed: UInt32, offset: UInt64, _ holes: [Range<Int>]) {
    for start in stride(from: 0, to: bytes.count, by: 32_768) {
      var part = bytes._mutatingExtracting(start..<min(start + 32_768, bytes.count))
      SyntheticContent.fill(&part, source: seed, offset: offset + UInt64(start))
    }
    let range = Int(offset)..<Int(offset) + bytes.count
    for hole in holes where hole.overlaps(range) {
      let common = hole.clamped(to: range)
      for i in common { bytes[i - range.lowerBound] = 0 }
    }
  }
}
