import ShoalBase

/// The datagrams that a link holds, as tokens in the order of their release: a binary heap.
///
/// Tokens with equal times come out in the order in which they were put in.
package struct Releases: Sendable {
  private struct Entry {
    var release: Instant
    var sequence: UInt64
    var token: UInt32

    func precedes(_ other: Entry) -> Bool {
      release != other.release ? release < other.release : sequence < other.sequence
    }
  }

  /// How many tokens it holds at most.
  package let capacity: Int
  private var heap: [Entry] = []
  private var nextSequence: UInt64 = 0

  /// An empty heap for at most `capacity` tokens. It takes 24 bytes for each of the most tokens that it has ever held.
  package init(capacity: Int) { self.capacity = capacity }

  /// How many tokens it holds.
  package var count: Int { heap.count }
  /// Whether it holds none.
  package var isEmpty: Bool { heap.isEmpty }
  /// When the next token is due; `distantFuture` if there is none.
  package var deadline: Instant { heap.isEmpty ? .distantFuture : heap[0].release }

  /// Keeps `token` until `release`; false if the heap is full, and the datagram must be dropped.
  package mutating func insert(_ token: UInt32, at release: Instant) -> Bool {
    guard heap.count < capacity else { return false }
    let entry = Entry(release: release, sequence: nextSequence, token: token)
    nextSequence &+= 1
    heap.append(entry)
    var hole = heap.count - 1
    while hole > 0 {
      let parent = (hole - 1) / 2
      guard entry.precedes(heap[parent]) else { break }
      heap[hole] = heap[parent]
      hole = parent
    }
    heap[hole] = entry
    return true
  }

  /// Takes out the first token if it is due `now`; call it again until it returns nil.
  package mutating func popDue(at now: Instant) -> UInt32? {
    guard let first = heap.first, first.release <= now, let last = heap.popLast() else { return nil }
    guard !heap.isEmpty else { return first.token }
    var hole = 0
    while true {
      var child = 2 * hole + 1
      guard child < heap.count else { break }
      if child + 1 < heap.count, heap[child + 1].precedes(heap[child]) { child += 1 }
      guard heap[child].precedes(last) else { break }
      heap[hole] = heap[child]
      hole = child
    }
    heap[hole] = last
    return first.token
  }
}
