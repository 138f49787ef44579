import ShoalWire

/// What waits to be sent for the first time: messages, which go first, and ranges of files, cut as they leave.
struct SendQueue: ~Copyable {
  private var messages: [[UInt8]] = []
  private var nextMessage = 0
  private var ranges = Ring<Payload>()
  /// The bytes of file that wait.
  private(set) var bytes = 0

  var isEmpty: Bool { nextMessage == messages.count && ranges.isEmpty }
  var hasMessages: Bool { nextMessage < messages.count }
  var messageCount: Int { messages.count - nextMessage }

  mutating func append(_ message: [UInt8]) { messages.append(message) }

  mutating func append(_ range: Payload) {
    ranges.append(range)
    bytes += range.length
  }

  /// Puts back what a repeat could not carry.
  mutating func prepend(_ range: Payload) {
    ranges.prepend(range)
    bytes += range.length
  }

  /// The next messages, as many as fit in `space` bytes, at least one.
  mutating func takeMessages(_ space: Int) -> [UInt8] {
    var taken = messages[nextMessage]
    nextMessage += 1
    while nextMessage < messages.count, taken.count + messages[nextMessage].count <= space {
      taken += messages[nextMessage]
      nextMessage += 1
    }
    // What was taken is dropped when it is half of all, so that each message is moved once at most.
    if nextMessage * 2 >= messages.count {
      messages.removeSubrange(..<nextMessage)
      nextMessage = 0
    }
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
    return block
  }

  /// Forgets what overlaps these bytes of a file; all of it if `length` is nil.
  mutating func cancel(file: UInt16, space: UInt8, offset: UInt64, length: UInt64?) {
    // The numbers may be a peer's: their sum may be too large.
    let end = length.map { offset > .max - $0 ? .max : offset + $0 } ?? .max
    // What lies around the cancelled bytes stays; at most one range is cut into two.
    var cut = Ring<Payload>()
    var left = 0
    while let range = ranges.popFirst() {
      let rangeEnd = range.offset + UInt64(range.length)
      guard range.file == file, range.space == space, range.offset < end, rangeEnd > offset else {
        cut.append(range)
        left += range.length
        continue
      }
      if range.offset < offset {
        var front = range
        front.length = Int(offset - range.offset)
        cut.append(front)
        left += front.length
      }
      if rangeEnd > end {
        var back = range
        back.offset = end
        back.length = Int(rangeEnd - end)
        cut.append(back)
        left += back.length
      }
    }
    ranges = cut
    bytes = left
  }

  /// The ranges that wait.
  var rangeCount: Int { ranges.count }
}
