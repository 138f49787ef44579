/// The deadlines of all connections, earliest first: a binary heap that knows the place of each slot.
public struct DeadlineHeap {
  private var heap: [(at: Instant, slot: Int)] = []
  private var place: [Int?]

  /// No slot has a deadline.
  public init(slots: Int) { place = Array(repeating: nil, count: slots) }

  /// The earliest deadline; `distantFuture` if there is none.
  public var earliest: Instant { heap.first?.at ?? .distantFuture }
  /// The slot whose deadline is the earliest.
  public var earliestSlot: Int? { heap.first?.slot }

  /// Sets a slot's deadline; `distantFuture` removes it.
  public mutating func set(_ slot: Int, _ at: Instant) {
    guard let index = place[slot] else {
      guard at != .distantFuture else { return }
      heap.append((at, slot))
      place[slot] = heap.count - 1
      return siftUp(heap.count - 1)
    }
    assert(heap[index].slot == slot)
    if at == .distantFuture {
      let last = heap.count - 1
      exchange(index, last)
      heap.removeLast()
      place[slot] = nil
      if index < last { restore(index) }
    } else if heap[index].at != at {
      heap[index].at = at
      restore(index)
    }
  }

  private mutating func restore(_ index: Int) {
    siftUp(index)
    siftDown(index)
  }

  private mutating func siftUp(_ start: Int) {
    var index = start
    while index > 0, heap[index].at < heap[(index - 1) / 2].at {
      exchange(index, (index - 1) / 2)
      index = (index - 1) / 2
    }
  }

  private mutating func siftDown(_ start: Int) {
    var index = start
    while true {
      var least = index
      for child in [2 * index + 1, 2 * index + 2] where child < heap.count && heap[child].at < heap[least].at {
        least = child
      }
      guard least != index else { return }
      exchange(index, least)
      index = least
    }
  }

  private mutating func exchange(_ a: Int, _ b: Int) {
    heap.swapAt(a, b)
    place[heap[a].slot] = a
    place[heap[b].slot] = b
  }
}
