import ShoalBase
import ShoalContent

extension BitSet {
  /// As many runs from `first` on as a packet holds in `bytes` bytes, and the chunk up to which they tell all.
  public func runs(from first: Int, fitting bytes: Int) -> (runs: [ChunkRun], end: Int) {
    var runs: [ChunkRun] = []
    var room = bytes
    var end = 0
    var position = max(0, first)
    while let run = run(from: position) {
      room -= Varint.size(UInt64(run.lowerBound - end)) + Varint.size(UInt64(run.count))
      guard room >= 0, runs.count < Int(UInt16.max) else { return (runs, max(end, first)) }
      runs.append(ChunkRun(first: UInt32(run.lowerBound), count: UInt32(run.count)))
      end = run.upperBound
      position = end
    }
    return (runs, capacity)
  }
}
