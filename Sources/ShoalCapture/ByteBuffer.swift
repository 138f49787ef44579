/// Bytes appended at one end and consumed at the other, in memory of its own.
///
/// An array would be copied whenever something else held it, and zeroed before a `read` could fill it.
struct ByteBuffer: ~Copyable, @unchecked Sendable {
  private var base: UnsafeMutableRawPointer
  private var capacity: Int
  private var head = 0
  private var tail = 0

  init(capacity: Int) {
    self.capacity = max(capacity, 64)
    base = .allocate(byteCount: self.capacity, alignment: 16)
  }

  deinit { base.deallocate() }

  /// What was appended and not yet consumed; valid until the next `reserve` or `append`.
  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base + head, count: tail - head) }
  var count: Int { tail - head }

  /// Uninitialised room for `count` bytes after the last; `commit` makes them part of the buffer.
  mutating func reserve(_ count: Int) -> UnsafeMutableRawBufferPointer {
    precondition(count >= 0)
    if capacity - tail < count { makeRoom(count) }
    return UnsafeMutableRawBufferPointer(start: base + tail, count: count)
  }

  mutating func commit(_ count: Int) {
    precondition(count >= 0 && count <= capacity - tail)
    tail += count
  }

  mutating func append(_ bytes: UnsafeRawBufferPointer) {
    reserve(bytes.count).copyMemory(from: bytes)
    commit(bytes.count)
  }

  /// Drops the first `count` bytes. The memory stays as it is until the next `reserve`.
  mutating func consume(_ count: Int) {
    precondition(count >= 0 && count <= tail - head)
    head += count
    if head == tail {
      head = 0
      tail = 0
    }
  }

  private mutating func makeRoom(_ room: Int) {
    let live = tail - head
    // Moving less than was consumed keeps the cost of moves proportional to the bytes that pass through.
    if live <= head && capacity - live >= room {
      base.copyMemory(from: base + head, byteCount: live)
    } else {
      let larger = max(capacity * 2, live + room)
      let fresh = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 16)
      fresh.copyMemory(from: base + head, byteCount: live)
      base.deallocate()
      base = fresh
      capacity = larger
    }
    head = 0
    tail = live
  }
}
