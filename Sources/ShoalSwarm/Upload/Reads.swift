import ShoalBase
import ShoalTransport
import ShoalWire

/// Identifies bytes of a file that are to be sent to a peer as soon as they have been read.
package struct ReadKey: Hashable, Sendable {
  package let link: LinkKey
  /// The link's serial number: what was read for a link that has ended is not sent on the next one with its index.
  let serial: Int
  let number: UInt64

  init(link: LinkKey, serial: Int, number: UInt64) { (self.link, self.serial, self.number) = (link, serial, number) }
  /// A key for a read of the link with this index.
  package init(link: Int, number: UInt64) { self.init(link: LinkKey(index: link), serial: link, number: number) }
}

/// The ranges that a peer requested and that are still being read, in the order of the requests.
struct Reads {
  private var ranges: [(number: UInt64, range: Payload)] = []
  private var begun: UInt64 = 0

  var count: Int { ranges.count }
  /// How many of them are ranges of a tree.
  var treeCount: Int { ranges.count { $0.range.space == ContentSpace.tree.rawValue } }

  func contains(_ number: UInt64) -> Bool { ranges.contains { $0.number == number } }

  /// Adds a range that waits for its bytes.
  mutating func begin(_ range: Payload) -> UInt64 {
    begun += 1
    ranges.append((begun, range))
    return begun
  }

  /// Removes a range whose bytes are in memory, or cannot be read; nil if it is no longer wanted.
  mutating func end(_ number: UInt64) -> Payload? {
    ranges.firstIndex { $0.number == number }.map { ranges.remove(at: $0).range }
  }

  /// Drops the ranges of a file that the peer no longer wants; returns their bytes.
  mutating func cancel(file: UInt16) -> Int { remove { $0.file == file } }

  /// Drops the reads that lie wholly within these cancelled ranges; returns their bytes. Others are still sent, as a
  /// CANCEL may be disregarded.
  mutating func cancel(file: UInt16, _ space: UInt8, _ cancelled: RangeSet<UInt64>) -> Int {
    remove { range in
      guard range.file == file, range.space == space, range.length > 0 else { return false }
      let (end, overflow) = range.offset.addingReportingOverflow(UInt64(range.length))
      return !overflow && cancelled.contains(range.offset..<end)
    }
  }

  private mutating func remove(_ isDropped: (Payload) -> Bool) -> Int {
    let bytes = ranges.reduce(0) { $0 + (isDropped($1.range) ? $1.range.length : 0) }
    if bytes > 0 { ranges.removeAll { isDropped($0.range) } }
    return bytes
  }
}
