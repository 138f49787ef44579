import ShoalBase
import ShoalWire

/// The bytes that were requested over a flow and have not been sent on it yet.
struct Backlog {
  private struct Place: Hashable {
    var file: UInt16
    var space: UInt8
  }
  /// The most files that are followed.
  private static let mostFiles = 1 << 12
  private var ranges: [Place: RangeSet<UInt64>] = [:]
  private(set) var bytes: UInt64 = 0
  /// Whether any request was captured: a capture that begins late, or has cut packets, shows none.
  private(set) var isKnown = false

  mutating func add(_ request: ShoalWire.Request) {
    isKnown = true
    let place = Place(file: request.file, space: request.space)
    guard ranges[place] != nil || ranges.count < Self.mostFiles else { return }
    for range in request.ranges {
      bytes += ranges[place, default: RangeSet(limit: FollowedFile.mostRanges)].insert(range.bytes) ?? 0
    }
  }

  mutating func remove(_ cancel: Cancel) {
    guard !cancel.ranges.isEmpty else {
      for place in ranges.keys where place.file == cancel.file {
        bytes -= ranges.removeValue(forKey: place)?.count ?? 0
      }
      return
    }
    let place = Place(file: cancel.file, space: cancel.space)
    for range in cancel.ranges { remove(range.bytes, at: place) }
  }

  /// Removes a block that is sent.
  mutating func remove(_ block: Block) {
    let (end, isBeyond) = block.offset.addingReportingOverflow(UInt64(block.content.count))
    guard !isBeyond else { return }
    remove(block.offset..<end, at: Place(file: block.file, space: block.space))
  }

  private mutating func remove(_ range: Range<UInt64>, at place: Place) {
    guard ranges[place] != nil else { return }
    bytes -= ranges[place, default: RangeSet(limit: FollowedFile.mostRanges)].remove(range)
  }
}

extension RangeField {
  /// The bytes that it names; none if they cannot lie within a file.
  fileprivate var bytes: Range<UInt64> {
    let (end, isBeyond) = offset.addingReportingOverflow(UInt64(length))
    return isBeyond ? 0..<0 : offset..<end
  }
}
