import ShoalBase
import ShoalContent
import ShoalSwarm

/// A file on this machine, as its loop sees it: where its bytes are, and the pieces that are being gathered.
final class LocalFile {
  let key: FileKey
  /// Where its bytes are; nil if nothing of it is kept.
  let source: SourceFile?
  /// The store's number for it, if it is shared.
  let share: Int?
  /// Whether it was touched, and is being hashed to see if it is unchanged; nothing of it is sent meanwhile.
  var isInDoubt = false
  /// Where its pieces are passed on, if they are not kept.
  let pieces: PieceFlow?
  /// The lane of the jobs that write to it.
  let writes = Lane()
  let cut: Cut
  private var gathering: [Int: PieceBuffer] = [:]
  private var recent: (piece: Int, buffer: PieceBuffer)?

  init(_ key: FileKey, _ source: SourceFile?, _ cut: Cut, share: Int? = nil, readBy pieces: PieceFlow? = nil) {
    self.share = share
    self.pieces = pieces
    self.key = key
    self.source = source
    self.cut = cut
  }

  /// Copies a block to its place.
  func place(_ piece: Int, _ offset: Int, _ content: Span<UInt8>, _ buffers: inout PieceBuffers) {
    let buffer: PieceBuffer
    if let recent, recent.piece == piece {
      buffer = recent.buffer
    } else if let known = gathering[piece] {
      buffer = known
      recent = (piece, known)
    } else {
      buffer = buffers.take(cut.pieceSize)
      gathering[piece] = buffer
      recent = (piece, buffer)
    }
    buffer.write(offset..<offset + content.count) { $0.copy(content, to: 0) }
  }

  /// Takes back the bytes of a wrong piece: only parts of it may have to be fetched again.
  func keep(_ piece: Int, _ buffer: PieceBuffer) { gathering[piece] = buffer }

  /// The values of the blocks of a wrong piece; none if its bytes are gone.
  func blockValues(_ piece: Int) -> [Digest] {
    gathering[piece]?.read(0..<cut.pieceLength(piece)) { BlockTree.values(of: $0, at: cut.pieceOffset(piece)) } ?? []
  }

  /// Returns the bytes of a complete piece, which is no longer being gathered.
  func take(_ piece: Int) -> PieceBuffer? {
    if recent?.piece == piece { recent = nil }
    return gathering.removeValue(forKey: piece)
  }
}
