import ShoalBase

/// Memory for one piece, handed between the loop and a worker; only one of them has it at a time.
typealias PieceBuffer = Memory

/// The piece buffers of a loop that are not in use: memory that was written to before costs the system nothing, and
/// what was used last is still in the processor's caches.
///
/// What is in use is bounded by `SwarmConfiguration.bufferLimit`, and so is what lies here.
struct PieceBuffers {
  private var spare: [PieceBuffer] = []
  private var bytes = 0
  private let limit: Int

  /// At most `limit` bytes lie here.
  init(limit: Int) { self.limit = limit }

  /// A buffer of `size` bytes, whose content is whatever it was.
  mutating func take(_ size: Int) -> PieceBuffer {
    guard let place = spare.lastIndex(where: { $0.count == size }) else { return PieceBuffer(size, alignment: 4_096) }
    bytes -= size
    return spare.remove(at: place)
  }

  /// Takes a buffer back that nobody uses any more.
  mutating func give(_ buffer: PieceBuffer) {
    guard bytes + buffer.count <= limit else { return }
    bytes += buffer.count
    spare.append(buffer)
  }

  /// Nothing is being gathered any more.
  mutating func empty() { (spare, bytes) = ([], 0) }
}
