/// Bytes appended at one end and consumed at the other.
///
/// What is read of it is shared with whoever keeps a record, so room is made in an array of its own for the bytes that
/// follow, with those that have not been consumed in front.
struct ByteBuffer: Sendable {
  private var storage: [UInt8] = []
  private var head = 0
  private var tail = 0

  /// What was appended and not yet consumed.
  var bytes: Bytes { Bytes(storage, head..<tail) }
  var count: Int { tail - head }

  /// Has `fill` write up to `count` bytes after the last; it says how many, or nil for none. Returns what it says.
  mutating func append(_ count: Int, _ fill: (inout MutableSpan<UInt8>) -> Int?) -> Int? {
    if storage.count - tail < count { makeRoom(count) }
    let tail = tail
    var span = storage.mutableSpan
    var room = span._mutatingExtracting(tail..<tail + count)
    guard let added = fill(&room) else { return nil }
    precondition(added >= 0 && added <= count)
    self.tail = tail + added
    return added
  }

  mutating func append(_ bytes: Span<UInt8>) {
    if storage.count - tail < bytes.count { makeRoom(bytes.count) }
    let start = tail
    tail += bytes.count
    var span = storage.mutableSpan
    span.copy(bytes, to: start)
  }

  /// Drops the first `count` bytes.
  mutating func consume(_ count: Int) {
    precondition(count >= 0 && count <= tail - head)
    head += count
  }

  private mutating func makeRoom(_ room: Int) {
    let live = [UInt8](storage[head..<tail])
    // At least twice what is kept: a long block that comes in parts is not copied with each of them.
    storage = live + [UInt8](repeating: 0, count: max(room, live.count))
    (head, tail) = (0, live.count)
  }
}
