import ShoalBase
import ShoalContent

extension ChunkRun {
  /// The bytes of the run in a packet, behind one that ends at `end`.
  func encodedSize(after end: UInt32) -> Int { Varint.size(UInt64(first &- end)) + Varint.size(UInt64(count)) }
}

/// Takes runs, in ascending order, while they fit.
private struct RunRoom {
  var bytes: Int
  var most = Int(UInt16.max)
  var runs: [ChunkRun] = []
  var end: UInt32 = 0

  mutating func take(_ run: ChunkRun) -> Bool {
    bytes -= run.encodedSize(after: end)
    guard bytes >= 0, runs.count < most else { return false }
    runs.append(run)
    end = run.end
    return true
  }
}

extension BitSet {
  /// As many runs from `first` on as a packet holds in `bytes` bytes, at most `most`, and the chunk up to which they tell
  /// all.
  public func runs(from first: Int, fitting bytes: Int, most: Int = Int(UInt16.max)) -> (runs: [ChunkRun], end: Int) {
    var room = RunRoom(bytes: bytes, most: most)
    var position = max(0, first)
    while let run = run(from: position) {
      guard room.take(ChunkRun(first: UInt32(run.lowerBound), count: UInt32(run.count))) else {
        return (room.runs, max(Int(room.end), first))
      }
      position = run.upperBound
    }
    return (room.runs, capacity)
  }
}

extension [ChunkRun] {
  /// As many of the first of these runs, which ascend, as a packet holds in `bytes` bytes.
  public func prefix(fitting bytes: Int) -> [ChunkRun] {
    var room = RunRoom(bytes: bytes)
    for run in self { guard room.take(run) else { break } }
    return room.runs
  }
}
