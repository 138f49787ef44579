import ShoalBase

/// Bytes appended at one end and consumed at the other.
///
/// Consumed bytes may still be shared with whoever keeps a record. So before more is appended, the unconsumed rest
/// moves to a second array, and reading continues there. By the time the first array's turn comes again, usually nobody
/// shares it any longer; if somebody does, it is copied.
struct ByteBuffer: Sendable {
  private var storage: [UInt8] = []
  private var spare: [UInt8] = []
  private var head = 0
  private var tail = 0

  /// How many bytes have been appended and not yet consumed. Offsets into them count from 0.
  var count: Int { tail - head }

  @inline(__always) func uint8(at offset: Int) -> UInt8 { storage[head + offset] }
  @inline(__always) func uint16(at offset: Int, _ order: ByteOrder) -> UInt16 {
    storage.span.uint16(at: head + offset, order)
  }
  @inline(__always) func uint32(at offset: Int, _ order: ByteOrder) -> UInt32 {
    storage.span.uint32(at: head + offset, order)
  }
  @inline(__always) func uint64(at offset: Int, _ order: ByteOrder) -> UInt64 {
    storage.span.uint64(at: head + offset, order)
  }

  /// A part that the caller may keep.
  func slice(_ range: Range<Int>) -> Bytes {
    precondition(range.lowerBound >= 0 && range.upperBound <= count)
    return Bytes(storage, head + range.lowerBound..<head + range.upperBound)
  }

  /// Lets `fill` write up to `count` bytes after the last. Returns what `fill` returns: how many it wrote, or nil if it
  /// failed.
  mutating func append(_ count: Int, _ fill: (inout MutableSpan<UInt8>) -> Int?) -> Int? {
    if head > 0 || storage.count - tail < count { makeRoom(count) }
    let tail = tail
    var span = storage.mutableSpan
    var room = span._mutatingExtracting(tail..<tail + count)
    guard let added = fill(&room) else { return nil }
    precondition(added >= 0 && added <= count)
    self.tail = tail + added
    return added
  }

  mutating func append(_ bytes: Span<UInt8>) {
    if head > 0 || storage.count - tail < bytes.count { makeRoom(bytes.count) }
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
    let live = head..<tail
    let full = storage
    (storage, spare) = (spare, full)
    if storage.count < live.count + room {
      // Twice what is needed, so that a long block that arrives in parts is not moved for each of them.
      storage = [UInt8](repeating: 0, count: 2 * (live.count + room))
    }
    var span = storage.mutableSpan
    span.copy(full.span.extracting(live), to: 0)
    (head, tail) = (0, live.count)
  }
}
