import ShoalBase

/// How a file is cut into pieces and chunks.
public struct Cut: Hashable, Sendable {
  /// The file's size in bytes.
  public var size: UInt64 = 0
  /// The piece size in bytes is two to this power.
  public var pieceExponent: UInt8 = 0
  /// The number of chunks.
  public var chunks: UInt32 = 0

  /// All fields zero or empty.
  public init() {}
  /// This cut of a file of this size.
  public init(size: UInt64, pieceExponent: UInt8, chunks: UInt32) {
    self.size = size
    self.pieceExponent = pieceExponent
    self.chunks = chunks
  }
}

/// Where the pieces and chunks of a cut lie.
///
/// A piece is the unit of verification: a node of the file's BLAKE3 tree, of `1 << pieceExponent` bytes, the last
/// one perhaps shorter. A chunk is the unit of announcing: of P pieces and C chunks, chunk i is the pieces
/// ⌊iP/C⌋ up to ⌊(i+1)P/C⌋.
extension Cut {
  /// Whether the cut is valid: its fields are in range, and no chunk is empty.
  public var isValid: Bool {
    guard size <= Limits.fileSize, Limits.pieceExponents.contains(pieceExponent) else { return false }
    guard pieces <= Limits.chunks else { return false }
    return size == 0 ? chunks == 0 : chunks >= 1 && Int(chunks) <= pieces
  }

  // These may be called on a stranger's cut before it is known to be valid: whatever its numbers, nothing here traps.

  /// The bytes of every piece but perhaps the last.
  public var pieceSize: Int { 1 << min(Int(pieceExponent), 62) }
  /// How many pieces there are; at most 2^31 - 1 for an invalid cut, so that no product of it overflows.
  public var pieces: Int {
    size > 0 ? Int(min((size - 1) >> UInt64(pieceExponent) + 1, UInt64(Int32.max))) : 0
  }
  /// How many leaves of 1,024 bytes the file's tree has; an empty file has one.
  public var leaves: UInt64 { size > 0 ? (size - 1) / 1_024 + 1 : 1 }

  /// The bytes of a piece; 0 if there is no such piece.
  public func pieceLength(_ piece: Int) -> Int {
    guard piece < pieces else { return 0 }
    return Int(min(UInt64(pieceSize), size - pieceOffset(piece)))
  }
  /// Where a piece begins.
  public func pieceOffset(_ piece: Int) -> UInt64 { UInt64(piece) << UInt64(pieceExponent) }
  /// The piece in which a byte lies.
  public func piece(at offset: UInt64) -> Int { Int(offset >> UInt64(pieceExponent)) }

  /// The pieces of the chunks `first ..< end`, which must be at most `chunks`.
  public func pieces(ofChunks first: Int, _ end: Int) -> Range<Int> {
    guard chunks > 0 else { return 0..<0 }
    return first * pieces / Int(chunks)..<end * pieces / Int(chunks)
  }
  /// The chunk to which a piece belongs.
  public func chunk(ofPiece piece: Int) -> Int { max((piece + 1) * Int(chunks) - 1, 0) / max(pieces, 1) }

  /// The pieces that `runs` of chunks cover; chunks that do not exist are skipped.
  public func pieceSet(_ runs: [ChunkRun]) -> BitSet {
    var set = BitSet(capacity: pieces)
    for run in runs where run.first < chunks {
      let range = pieces(ofChunks: Int(run.first), min(Int(run.end), Int(chunks)))
      set.insert(range)
    }
    return set
  }
}

extension Cut {
  /// The cut of a file: by default, pieces of about a thousandth of it, 64 KiB to 4 MiB, and one chunk per piece.
  ///
  /// If more or smaller chunks are wanted than there are such pieces, the pieces are smaller, down to 1 KiB, or as
  /// small as `Limits.chunks` of them allow.
  public init(size: UInt64, chunking: Chunking = .automatic) {
    var exponent: UInt8 = 16
    while exponent < 22, size >> UInt64(exponent) > 1_024 { exponent += 1 }
    self.init(size: size, pieceExponent: exponent, chunks: 0)
    switch chunking {
    case .automatic: chunks = UInt32(pieces)
    case .count(let count):
      while pieceExponent > Limits.pieceExponents.lowerBound, pieces < count { pieceExponent -= 1 }
      while pieces > Limits.chunks { pieceExponent += 1 }
      chunks = UInt32(min(max(count, 1), pieces))
    case .size(let bytes):
      while pieceExponent > Limits.pieceExponents.lowerBound, pieceSize > bytes { pieceExponent -= 1 }
      while pieces > Limits.chunks { pieceExponent += 1 }
      let each = max(bytes / pieceSize + (bytes % pieceSize >= pieceSize / 2 ? 1 : 0), 1)
      chunks = UInt32(pieces / each + (pieces % each > 0 ? 1 : 0))
    }
  }
}

/// How a file is to be cut into chunks.
public enum Chunking: Sendable, Hashable {
  /// One chunk per piece.
  case automatic
  /// This many chunks; fewer only if the file has fewer leaves.
  case count(Int)
  /// Chunks of about this many bytes, rounded to pieces.
  case size(Int)
}
