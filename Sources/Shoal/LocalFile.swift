import ShoalSwarm
import ShoalWire

/// A file of this machine's, as its loop knows it: where its bytes are, and the pieces that are being gathered.
final class LocalFile {
  let key: FileKey
  /// Nil if nothing of it is kept.
  let source: SourceFile?
  private let cut: Cut
  private var gathering: [Int: PieceBuffer] = [:]
  private var recent: (piece: Int, buffer: PieceBuffer)?
  private var spare: [PieceBuffer] = []

  init(_ key: FileKey, _ source: SourceFile?, _ cut: Cut) {
    self.key = key
    self.source = source
    self.cut = cut
  }

  /// Copies a block to its place.
  func place(_ piece: Int, _ offset: Int, _ content: UnsafeRawBufferPointer) {
    let buffer: PieceBuffer
    if let recent, recent.piece == piece {
      buffer = recent.buffer
    } else if let known = gathering[piece] {
      buffer = known
      recent = (piece, known)
    } else {
      buffer = spare.popLast() ?? PieceBuffer(cut.pieceSize)
      gathering[piece] = buffer
      recent = (piece, buffer)
    }
    UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[offset..<offset + content.count]).copyMemory(from: content)
  }

  /// The bytes of a piece that is complete; it is gathered no longer.
  func take(_ piece: Int) -> PieceBuffer? {
    if recent?.piece == piece { recent = nil }
    return gathering.removeValue(forKey: piece)
  }

  /// Gives back a buffer that was taken.
  func recycle(_ buffer: PieceBuffer) {
    // What a few peers fill at a time is kept; more would only hold memory.
    if spare.count < 8 { spare.append(buffer) }
  }
}

/// Memory for one piece, handed between the loop and a worker; only one of them has it at a time.
final class PieceBuffer: @unchecked Sendable {
  let bytes: UnsafeMutableRawBufferPointer

  init(_ size: Int) { bytes = .allocate(byteCount: size, alignment: 64) }
  deinit { bytes.deallocate() }
}
