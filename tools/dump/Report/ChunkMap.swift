import ShoalBase
import ShoalContent
import ShoalTerminal
import ShoalWire

/// A part of a file's content, as a BLOCK carries it.
struct FilePart {
  var file: UInt16
  var offset: UInt64
  var count: Int

  /// The part that a block carries; nil if that is part of the manifest.
  init?(_ block: Block) {
    guard block.space == ContentSpace.content.rawValue else { return nil }
    (file, offset, count) = (block.file, block.offset, block.content.count)
  }
}

/// Which chunks of a file went from one peer to another, when, and when the receiver had the whole of each.
struct ChunkMap {
  /// The most lanes that are drawn: more would be too many for people to read.
  private static let mostLanes = 4_096
  private struct Lane {
    var flow: Int
    var file: UInt16
    var receiver: Address
    /// For each chunk, when its first and its last block came, and how many bytes.
    var chunks: [UInt32: (first: Int64, last: Int64, bytes: UInt64)] = [:]
  }
  private struct Place: Hashable {
    var receiver: Address
    var id: Digest?
    var flow: Int
    var file: UInt16
  }
  private struct Done {
    var coverage: [UInt32: RangeSet<UInt64>] = [:]
    var whole: [(chunk: UInt32, time: Int64)] = []
  }
  private var lanes: [Lane] = []
  private var byFlow: [FileTable.Key: Int] = [:]
  private var done: [Place: Done] = [:]
  /// What peers announced: over which flow, of which file, when, and which chunks.
  private var announced: [(flow: Int, file: UInt16, time: Int64, runs: [ChunkRun])] = []

  /// How a file is cut: if no OFFER says, into chunks of 1 MiB.
  static func cut(_ entry: FileTable.Entry?) -> Cut {
    entry?.cut ?? Cut(size: Limits.fileSize, pieceExponent: 20, chunks: UInt32(Limits.fileSize >> 20))
  }

  /// Notes that part of a file leaves for a receiver.
  mutating func send(_ part: FilePart, flow: Int, receiver: Address, _ entry: FileTable.Entry?, at time: Int64) {
    let key = FileTable.Key(flow: flow, file: part.file)
    if byFlow[key] == nil, lanes.count < Self.mostLanes {
      byFlow[key] = lanes.count
      lanes.append(Lane(flow: flow, file: part.file, receiver: receiver))
    }
    guard let lane = byFlow[key] else { return }
    Self.visitChunks(of: part, Self.cut(entry)) { chunk, bytes, _ in
      var row = lanes[lane].chunks[chunk] ?? (time, time, 0)
      row.last = time
      row.bytes += UInt64(bytes.count)
      lanes[lane].chunks[chunk] = row
    }
  }

  /// Notes that the receiver has a part: it was captured there intact, or has been acknowledged.
  mutating func arrive(_ part: FilePart, flow: Int, _ entry: FileTable.Entry?, at time: Int64) {
    guard let lane = byFlow[FileTable.Key(flow: flow, file: part.file)] else { return }
    let place = Self.place(lanes[lane], entry)
    Self.visitChunks(of: part, Self.cut(entry)) { chunk, bytes, whole in
      let coverage = RangeSet<UInt64>(limit: FollowedFile.mostRanges)
      let fresh = done[place, default: Done()].coverage[chunk, default: coverage].insert(bytes)
      guard fresh ?? 0 > 0, done[place]?.coverage[chunk]?.count == UInt64(whole.count) else { return }
      done[place]?.whole.append((chunk, time))
    }
  }

  /// Calls `visit` for each chunk that the part touches, with its number, how many bytes of the part are in it, and how
  /// many bytes it has.
  private static func visitChunks(
    of part: FilePart, _ cut: Cut, _ visit: (UInt32, Range<UInt64>, Range<UInt64>) -> Void
  ) {
    guard cut.pieces > 0, part.offset < cut.size else { return }
    var start = part.offset
    let end = min(cut.size, start + UInt64(part.count))
    while start < end {
      let chunk = cut.chunk(ofPiece: cut.piece(at: start))
      let whole = bytes(of: chunk, cut)
      let stop = min(end, whole.upperBound)
      guard stop > start else { return }
      visit(UInt32(chunk), start..<stop, whole)
      start = stop
    }
  }

  mutating func add(_ runs: [ChunkRun], file: UInt16, flow: Int, at time: Int64) {
    if announced.count < 1 << 18 { announced.append((flow, file, time, runs)) }
  }

  private static func place(_ lane: Lane, _ entry: FileTable.Entry?) -> Place {
    let id = entry?.id
    return Place(receiver: lane.receiver, id: id, flow: id == nil ? lane.flow : 0, file: id == nil ? lane.file : 0)
  }

  /// The bytes of a chunk.
  private static func bytes(of chunk: Int, _ cut: Cut) -> Range<UInt64> {
    let pieces = cut.pieces(ofChunks: chunk, chunk + 1)
    let start = cut.pieceOffset(pieces.lowerBound)
    let end = pieces.upperBound >= cut.pieces ? cut.size : cut.pieceOffset(pieces.upperBound)
    return start..<max(start, end)
  }

  /// A lane to draw: when chunks went, and when they were whole, in microseconds by the page's clock.
  struct Graph {
    var flow: Int
    var name: String
    var chunks: Int
    var sent: [(chunk: UInt32, first: Int64, last: Int64)]
    var whole: [(chunk: UInt32, time: Int64)]
  }

  /// The lanes of these flows.
  func graphs(of flows: [Int], _ files: FileTable) -> [Graph] {
    lanes.filter { flows.contains($0.flow) }.map { lane in
      let entry = files[FileTable.Key(flow: lane.flow, file: lane.file)]
      let sent = lane.chunks.sorted { $0.key < $1.key }.map { ($0.key, $0.value.first, $0.value.last) }
      let whole = (done[Self.place(lane, entry)]?.whole ?? []).filter { lane.chunks[$0.chunk] != nil }
      let chunks = (entry?.cut).map { Int($0.chunks) } ?? Int(sent.last?.0 ?? 0) + 1
      return Graph(flow: lane.flow, name: entry?.name ?? "", chunks: chunks, sent: sent, whole: whole)
    }
  }

  func json(_ files: FileTable) -> JSON {
    .array(
      lanes.map { lane in
        let entry = files[FileTable.Key(flow: lane.flow, file: lane.file)]
        var sent = Columns("chunk", "first", "last", "bytes")
        for (chunk, row) in lane.chunks.sorted(by: { $0.key < $1.key }) {
          sent.append(row: [Int64(chunk), row.first, row.last, Int64(clamping: row.bytes)])
        }
        var whole = Columns("chunk", "t")
        for (chunk, time) in done[Self.place(lane, entry)]?.whole ?? [] where lane.chunks[chunk] != nil {
          whole.append(row: [Int64(chunk), time])
        }
        var had = Columns("t", "first", "many")
        for row in announced where row.flow == lane.flow && row.file == lane.file {
          for run in row.runs { had.append(row: [row.time, Int64(run.first), Int64(run.count)]) }
        }
        return [
          "flow": .int(lane.flow), "file": .uint(UInt64(lane.file)),
          "id": entry?.id.map { .string($0.short) } ?? .null,
          "name": entry.map { .string($0.name.isEmpty ? "" : escaped($0.name)) } ?? .null,
          "chunks": entry?.cut.map { .uint(UInt64($0.chunks)) } ?? .null, "sent": sent.json, "whole": whole.json,
          "had": had.json,
        ]
      })
  }
}
