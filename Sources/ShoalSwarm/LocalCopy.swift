import ShoalBase
import ShoalContent
import ShoalWire

/// The part of a file that is here and verified.
struct LocalCopy {
  let manifest: Manifest
  /// The manifest's cut, kept apart because every block needs it.
  let cut: Cut
  /// The pieces that are here.
  private(set) var have: BitSet
  /// The chunks that are complete.
  private(set) var chunks: BitSet
  /// The bytes that are here.
  private(set) var bytes: UInt64 = 0
  /// How many pieces each chunk lacks; empty when all are here.
  private var lacking: [UInt32]

  /// The copy that has these pieces of the file.
  init(_ manifest: Manifest, have: BitSet) {
    let cut = manifest.cut
    self.manifest = manifest
    self.cut = cut
    self.have = BitSet(capacity: cut.pieces)
    chunks = BitSet(capacity: Int(cut.chunks))
    lacking = []
    if BitSet(capacity: cut.pieces).union(have).isComplete {
      self.have = .full(capacity: cut.pieces)
      chunks = .full(capacity: Int(cut.chunks))
      bytes = cut.size
    } else {
      lacking = (0..<Int(cut.chunks)).map { UInt32(cut.pieces(ofChunks: $0, $0 + 1).count) }
      for run in have.runs() { for piece in Int(run.first)..<Int(run.end) { _ = add(piece) } }
    }
  }

  var isComplete: Bool { have.isComplete }

  /// Adds a piece that has been verified; returns the chunk that it completes, if any.
  mutating func add(_ piece: Int) -> Int? {
    guard have.insert(piece) else { return nil }
    bytes += UInt64(cut.pieceLength(piece))
    let chunk = cut.chunk(ofPiece: piece)
    lacking[chunk] -= 1
    defer { if have.isComplete { lacking = [] } }
    guard lacking[chunk] == 0 else { return nil }
    chunks.insert(chunk)
    return chunk
  }

  /// Removes a piece that turned out to be missing; false if it was not held to be here. Must not be called on a
  /// complete copy.
  mutating func remove(_ piece: Int) -> Bool {
    guard !have.isComplete, have.remove(piece) else { return false }
    bytes -= UInt64(cut.pieceLength(piece))
    let chunk = cut.chunk(ofPiece: piece)
    lacking[chunk] += 1
    chunks.remove(chunk)
    return true
  }

  /// Whether every byte of a range of the file is here.
  func holds(_ range: RangeField) -> Bool {
    guard range.length > 0, range.offset <= cut.size, UInt64(range.length) <= cut.size - range.offset else {
      return false
    }
    guard !have.isComplete else { return true }
    // A range may be gigabytes long, so it is not examined piece by piece.
    let last = cut.piece(at: range.offset + UInt64(range.length) - 1)
    return have.contains(cut.piece(at: range.offset)...last)
  }
}
