import ShoalBase
import ShoalTransport

/// Names bytes of a file that are to be sent to a peer as soon as they are at hand.
package struct ReadKey: Hashable, Sendable {
  package let link: LinkKey
  /// That of the link: what was read for one that has ended is not sent on the next.
  let serial: Int
  let number: UInt64

  init(link: LinkKey, serial: Int, number: UInt64) { (self.link, self.serial, self.number) = (link, serial, number) }
  /// As one of the link with this index.
  package init(link: Int, number: UInt64) { self.init(link: LinkKey(index: link), serial: link, number: number) }
}

/// The ranges that a peer asked for and whose bytes are still being read, in the order of the requests.
struct Reads {
  private var ranges: [(number: UInt64, range: Payload)] = []
  private var begun: UInt64 = 0

  var count: Int { ranges.count }

  func contains(_ number: UInt64) -> Bool { ranges.contains { $0.number == number } }

  /// A range waits for its bytes.
  mutating func begin(_ range: Payload) -> UInt64 {
    begun += 1
    ranges.append((begun, range))
    return begun
  }

  /// The bytes are in memory, or cannot be read; nil if nobody wants them any longer.
  mutating func end(_ number: UInt64) -> Payload? {
    ranges.firstIndex { $0.number == number }.map { ranges.remove(at: $0).range }
  }

  /// The peer does not want the file any more.
  mutating func cancel(file: UInt16) { ranges.removeAll { $0.range.file == file } }

  /// The peer does not want what lies in these ranges. What lies there only in part is sent: a CANCEL may be disregarded.
  mutating func cancel(file: UInt16, _ space: UInt8, _ cancelled: RangeSet<UInt64>) {
    ranges.removeAll { _, range in
      guard range.file == file, range.space == space, range.length > 0 else { return false }
      let (end, overflow) = range.offset.addingReportingOverflow(UInt64(range.length))
      return !overflow && cancelled.contains(range.offset..<end)
    }
  }
}
