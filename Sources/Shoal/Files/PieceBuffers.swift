import ShoalBase

/// Memory for one piece, handed between the loop and a worker; only one of them has it at a time.
typealias PieceBuffer = Memory

/// The piece buffers of a loop that are not in use: memory that was written to before need not be mapped again, and the
/// buffer used last is still in the processor's caches.
///
/// Buffers in use are bounded by `SwarmConfiguration.bufferLimit`, and so are those kept here.
struct PieceBuffers {
  private var spare: [PieceBuffer] = []
  private var bytes = 0
  private let limit: Int

  /// Keeps at most `limit` bytes.
  init(limit: Int) { self.limit = limit }

  /// Hands out a buffer of `size` bytes, with whatever content it had.
  mutating func take(_ size: Int) -> PieceBuffer {
    guard let place = spare.lastIndex(where: { $0.count == size }) else { return PieceBuffer(size, alignment: 4_096) }
    bytes -= size
    return spare.remove(at: place)
  }

  /// Takes back a buffer that is no longer used.
  mutating func give(_ buffer: PieceBuffer) {
    guard bytes + buffer.count <= limit else { return }
    bytes += buffer.count
    spare.append(buffer)
  }

  /// Frees all memory, because nothing is being gathered any more.
  mutating func empty() { (spare, bytes) = ([], 0) }
}
