import ShoalBase
import ShoalWire

/// What is waiting to be sent for the first time: messages, which go first, and ranges of files, which are cut as they
/// leave.
struct SendQueue: ~Copyable {
  private var messages = Queue<[UInt8]>()
  private var ranges = Ring<Payload>()
  /// The bytes of files that are waiting.
  private(set) var bytes = 0
  /// The bytes of messages that wait.
  private(set) var messageBytes = 0

  var isEmpty: Bool { messages.isEmpty && ranges.isEmpty }
  var hasMessages: Bool { !messages.isEmpty }
  var messageCount: Int { messages.count }

  mutating func append(_ message: [UInt8]) {
    messages.append(message)
    messageBytes += message.count
  }

  /// Puts messages before all others.
  mutating func prepend(_ messages: [UInt8]) {
    self.messages.prepend(messages)
    messageBytes += messages.count
  }

  /// Adds a range; one that continues where the last one ends is joined to it, so that no datagram between them is
  /// short.
  mutating func append(_ range: Payload) {
    bytes += range.length
    if var last = ranges.last, last.offset &+ UInt64(last.length) == range.offset, last.source == range.source,
      last.file == range.file, last.space == range.space, last.length <= SendQueue.longestJoined
    {
      last.length += range.length
      ranges[ranges.count - 1] = last
    } else {
      ranges.append(range)
    }
  }

  /// Puts back what a retransmission could not carry.
  mutating func prepend(_ range: Payload) {
    ranges.prepend(range)
    bytes += range.length
  }

  /// The next messages, as many as fit in `space` bytes, at least one.
  mutating func takeMessages(_ space: Int) -> [UInt8] {
    var taken = messages.popFirst() ?? []
    while let next = messages.first, taken.count + next.count <= space {
      taken += next
      _ = messages.popFirst()
    }
    messageBytes -= taken.count
    assert(messageBytes >= 0 && (hasMessages || messageBytes == 0))
    return taken
  }

  /// The next block, of at most `space` bytes.
  mutating func takeBlock(_ space: Int) -> Payload? {
    guard !ranges.isEmpty else { return nil }
    var range = ranges.first
    var block = range
    block.length = min(space, range.length)
    if block.length == range.length {
      _ = ranges.popFirst()
    } else {
      range.offset += UInt64(block.length)
      range.length -= block.length
      ranges[0] = range
    }
    bytes -= block.length
    assert(bytes >= 0 && (!ranges.isEmpty || bytes == 0))
    return block
  }

  /// How many of the queued bytes directly follow a block's, judging by the next few ranges.
  func ahead(of block: Payload) -> Int {
    var end = block.offset &+ UInt64(block.length)
    var sum = 0
    for i in 0..<min(ranges.count, SendQueue.rangesAhead) {
      let range = ranges[i]
      guard range.offset == end, range.file == block.file, range.space == block.space else { break }
      sum += range.length
      end &+= UInt64(range.length)
    }
    return sum
  }

  private static let longestJoined = 1 << 30

  /// A peer that asks for much asks for whole pieces at least.
  private static let rangesAhead = 4

  /// Forgets everything that is waiting of a file.
  mutating func cancel(file: UInt16) {
    ranges.filter { $0.file != file }
    bytes = 0
    for i in 0..<ranges.count { bytes += ranges[i].length }
  }

  /// Drops these bytes of a file from the queue. A range is left whole if cutting it would make more than `limit`
  /// ranges: a CANCEL may be ignored, but must not make the queue grow without bound.
  mutating func cancel(file: UInt16, space: UInt8, ranges cancelled: [RangeField], limit: Int) {
    let set = RangeSet(of: cancelled)
    let holes = set.ranges
    var room = limit - ranges.count
    for _ in 0..<ranges.count {
      guard let range = ranges.popFirst() else { break }
      guard range.file == file, range.space == space else {
        ranges.append(range)
        continue
      }
      let end = range.offset + UInt64(range.length)
      let low = set.firstIndex(endingAtOrAfter: range.offset &+ 1)
      var high = low
      while high < holes.count, holes[high].lowerBound < end { high += 1 }
      // What is left lies before, between and after the holes.
      let front = low < high && holes[low].lowerBound > range.offset ? 1 : 0
      let back = low < high && holes[high - 1].upperBound < end ? 1 : 0
      let more = high - low - 2 + front + back
      guard low < high, more <= max(room, 0) else {
        ranges.append(range)
        continue
      }
      room -= more
      bytes -= range.length
      var next = range.offset
      for i in low...high {
        let stop = i < high ? holes[i].lowerBound : end
        if stop > next {
          var part = range
          (part.offset, part.length) = (next, Int(stop - next))
          append(part)
        }
        if i < high { next = holes[i].upperBound }
      }
    }
  }

  /// The ranges that wait.
  var rangeCount: Int { ranges.count }
}

extension RangeSet<UInt64> {
  /// The bytes of ranges, which come from a peer: offset and length may be anything.
  package init(of ranges: [RangeField]) {
    self.init()
    // In this order each is added at the end.
    for range in ranges.sorted(by: { $0.offset < $1.offset }) {
      let end = range.offset.addingReportingOverflow(UInt64(range.length))
      insert(range.offset..<(end.overflow ? .max : end.partialValue))
    }
  }
}
