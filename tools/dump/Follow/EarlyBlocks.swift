import ShoalBase
import ShoalCapture
import ShoalWire

/// Blocks that came before the OFFER with their file's cut: a peer that has the cut from a ticket asks at once, and the
/// OFFER may be lost and sent again after them.
struct EarlyBlocks {
  /// The most bytes that are kept.
  private static let most = 1 << 24
  private var waiting: [FileTable.Key: [(block: Block, datagram: [UInt8])]] = [:]
  private var bytes = 0

  mutating func add(_ block: Block, _ datagram: Bytes, _ key: FileTable.Key) {
    guard bytes + datagram.count <= Self.most else { return }
    bytes += datagram.count
    waiting[key, default: []].append((block, [UInt8](datagram)))
  }

  /// Takes out what was waiting for this file's cut.
  mutating func take(_ key: FileTable.Key) -> [(block: Block, datagram: [UInt8])] {
    guard !waiting.isEmpty, let blocks = waiting.removeValue(forKey: key) else { return [] }
    bytes -= blocks.reduce(0) { $0 + $1.datagram.count }
    return blocks
  }
}
