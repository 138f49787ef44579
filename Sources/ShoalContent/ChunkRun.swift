import ShoalBase

/// Consecutive chunks.
public struct ChunkRun: Hashable, Sendable {
  /// The first chunk's index.
  public var first: UInt32
  /// How many chunks, at least 1.
  public var count: UInt32
  /// The index after the last.
  public var end: UInt32 { first + min(count, .max - first) }

  /// The chunks `first ..< first + count`.
  public init(first: UInt32, count: UInt32) {
    self.first = first
    self.count = count
  }
}

extension BitSet {
  /// The set of these chunks, for a file with this many.
  public init(capacity: Int, runs: [ChunkRun]) {
    self.init(capacity: capacity)
    for run in runs { insert(run) }
  }

  /// Adds consecutive chunks and returns how many are new. Chunks at or beyond `capacity` are ignored.
  @discardableResult
  public mutating func insert(_ run: ChunkRun) -> Int { insert(Int(run.first)..<Int(run.first) + Int(run.count)) }

  /// The consecutive chunks of the set at `first` and above, in ascending order, at most `limit` runs.
  public func runs(from first: Int = 0, limit: Int = .max) -> [ChunkRun] {
    var runs: [ChunkRun] = []
    var position = first
    while runs.count < limit, let run = run(from: position) {
      runs.append(ChunkRun(first: UInt32(run.lowerBound), count: UInt32(run.count)))
      position = run.upperBound
    }
    return runs
  }

  /// The members as people write them: "0-4,9".
  public var rangesDescription: String {
    runs().map { $0.count == 1 ? "\($0.first)" : "\($0.first)-\($0.end - 1)" }.joined(separator: ",")
  }
}
