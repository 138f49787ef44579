import ShoalBase
import ShoalWire

/// Replies that wait to be sent, one after another in one buffer, which is used again once all have been fetched: so in
/// the long run a reply allocates nothing.
struct ReplyQueue: Sendable {
  private var bytes: [UInt8] = []
  private var used = 0
  private var waiting: [(to: Address, range: Range<Int>, since: Instant)] = []
  private var next = 0

  /// How many wait.
  var count: Int { waiting.count - next }

  /// Adds a reply of at most `most` bytes, whose length `write` returns, to a request received at `since`; false if it
  /// does not fit.
  @inline(__always)
  mutating func append(
    to address: Address, since: Instant, most: Int, _ write: (inout MutableSpan<UInt8>) throws(WireError) -> Int
  ) -> Bool {
    if bytes.count < used + most { bytes.append(contentsOf: repeatElement(0, count: max(most, bytes.count))) }
    let start = used
    var span = bytes.mutableSpan
    var room = span._mutatingExtracting(start..<start + most)
    guard let length = try? write(&room) else { return false }
    waiting.append((address, start..<start + length, since))
    used = start + length
    return true
  }

  /// Copies the oldest to the front of `room`, where it must fit; nil if there is none. `since` is when its request came.
  mutating func popFirst(into room: inout MutableSpan<UInt8>) -> (to: Address, count: Int, since: Instant)? {
    guard next < waiting.count else { return nil }
    let (to, range, since) = waiting[next]
    room.copy(bytes.span.extracting(range), to: 0)
    next += 1
    if next == waiting.count {
      waiting.removeAll(keepingCapacity: true)
      (next, used) = (0, 0)
    }
    return (to, range.count, since)
  }
}
