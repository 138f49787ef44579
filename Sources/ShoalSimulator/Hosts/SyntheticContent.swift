import ShoalBase
import ShoalWire

/// The bytes of all files of a `World`: made from the source's number and the offset, so that no one
/// need hold them.
enum SyntheticContent {
  /// A prime, so that an offset wrong by a multiple of a packet or of a power of two does not go unnoticed.
  private static let period = 65_537
  private static let table: [UInt8] = {
    var generator = SeededGenerator(seed: 1)
    let once = (0..<period).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
    return once + once
  }()

  private static func start(_ source: UInt32, _ offset: UInt64) -> Int {
    Int((offset + UInt64(source) * 7_919) % UInt64(period))
  }

  /// Writes the bytes from `offset` on, at most as many as a datagram holds.
  static func fill(_ bytes: inout MutableSpan<UInt8>, source: UInt32, offset: UInt64) {
    let start = start(source, offset)
    bytes.copy(table.span.extracting(start..<start + bytes.count), to: 0)
  }

  /// Whether these are the bytes from `offset` on.
  static func matches(_ bytes: Span<UInt8>, source: UInt32, offset: UInt64) -> Bool {
    let start = start(source, offset)
    // Two sums rather than a loop over bytes, which would take most of the time of a debug build.
    return CRC32C.checksum(bytes) == CRC32C.checksum(table.span.extracting(start..<start + bytes.count))
  }
}
