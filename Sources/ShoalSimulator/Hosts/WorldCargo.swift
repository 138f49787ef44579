import ShoalBase
import ShoalContent
import ShoalWire

/// The files and messages that the bare endpoints of a `World` are to send, and how much of them has arrived.
final class WorldCargo {
  /// The files, by the number that they have on the wire.
  var files: [UInt16: CargoFile] = [:]
  /// The messages that have not arrived.
  var messages: Set<UInt64> = []
  private var nextFile: UInt16 = 1
  private var nextSerial: UInt64 = 1

  /// Adds a file of this many bytes; returns its number, and where its bytes come from.
  func addFile(_ bytes: Int) -> (number: UInt16, source: UInt32) {
    defer { nextFile += 1 }
    let source = UInt32(nextFile) &* 31
    files[nextFile] = CargoFile(source: source, length: UInt64(bytes))
    return (nextFile, source)
  }

  /// Makes a message that differs from all others.
  func addMessage() -> [UInt8]? {
    defer { nextSerial += 1 }
    messages.insert(nextSerial)
    if nextSerial % 3 == 0 {
      var have = Have()
      have.chunks = [ChunkRun(first: UInt32(truncatingIfNeeded: nextSerial), count: 1)]
      return try? have.encoded()
    }
    var request = Request()
    let ranges = 1 + Int(nextSerial % 40)
    request.ranges = (0..<ranges).map { RangeField(offset: nextSerial, length: UInt32($0)) }
    return try? request.encoded()
  }
}

/// A file under way, and which of its bytes have arrived.
struct CargoFile {
  let source: UInt32
  let length: UInt64
  private var bytes = RangeSet<UInt64>()

  init(source: UInt32, length: UInt64) {
    self.source = source
    self.length = length
  }

  var isComplete: Bool { arrived == length }
  var arrived: UInt64 { bytes.count }

  /// Notes bytes that have arrived; false if one of them had arrived before, or lies outside the file.
  mutating func insert(_ run: Range<UInt64>) -> Bool {
    guard run.upperBound <= length, !bytes.intersects(run) else { return false }
    bytes.insert(run)
    return true
  }
}
