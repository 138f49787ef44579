import ShoalBase
import TestSupport
import Testing

/// The rings, the queue and the heap, each compared with the simplest implementation.
@Suite struct RingTests {
  @Test(arguments: seeds(0..<20))
  func ringIsAQueue(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var ring = Ring<Int>(capacity: 2)
    var model: [Int] = []
    for i in 0..<2_000 {
      switch random.next() % 7 {
      case 0, 1, 2:
        ring.append(i)
        model.append(i)
      case 3:
        ring.prepend(i)
        model.insert(i, at: 0)
      case 4, 5:
        let first = ring.popFirst()
        #expect(first == model.first)
        model = Array(model.dropFirst())
      default:
        let divisor = Int(2 + random.next() % 9)
        ring.filter { $0 % divisor != 0 }
        model.removeAll { $0 % divisor == 0 }
      }
      #expect(ring.count == model.count && ring.isEmpty == model.isEmpty)
    }
    let all = model.indices.map { ring[$0] }
    #expect(all == model)
  }

  @Test(arguments: seeds(0..<20))
  func bitRingIsASetOfAWindow(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var ring = BitRing(capacity: 64)
    var model: Set<UInt64> = []
    var base = UInt64(1) << 32 - 5
    var top = base
    for _ in 0..<3_000 {
      switch random.next() % 4 {
      case 0:
        let number = top + random.next() % 200
        ring.makeRoom(from: base, to: top, through: number)
        ring.remove(top..<number)
        ring.insert(number)
        model.insert(number)
        top = number + 1
      case 1 where top > base:
        let number = base + random.next() % (top - base)
        ring.insert(number)
        model.insert(number)
      case 2 where top > base:
        base += random.next() % min(top - base, 300)
        model = model.filter { $0 >= base }
      default:
        guard top > base else { continue }
        let from = base + random.next() % (top - base)
        for set in [true, false] {
          let expected = (from..<top).first { model.contains($0) == set } ?? top
          let found = ring.next(set, from: from, to: top)
          #expect(found == expected)
        }
        let byte = (0..<8 as Range<UInt64>).reduce(UInt8(0)) { $0 | (model.contains(from + $1) ? 1 << UInt8($1) : 0) }
        let mask = top - from >= 8 ? 0xff : UInt8(1 << (top - from) - 1)
        let described = ring.byte(from: from)
        #expect(described & mask == byte & mask)
      }
    }
  }

  @Test(arguments: seeds(0..<20))
  func deadlineHeapGivesTheEarliest(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var heap = DeadlineHeap(slots: 40)
    var model: [Int: Instant] = [:]
    for _ in 0..<2_000 {
      let slot = Int(random.next() % 40)
      let at = random.next() % 4 == 0 ? Instant.distantFuture : Instant(nanoseconds: Int64(random.next() % 1_000))
      heap.set(slot, at)
      model[slot] = at == .distantFuture ? nil : at
      #expect(heap.earliest == model.values.min() ?? .distantFuture)
      if let earliest = heap.earliestSlot { #expect(model[earliest] == heap.earliest) } else { #expect(model.isEmpty) }
    }
  }

  @Test(arguments: seeds(0..<20)) func queueIsAQueue(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var queue = Queue<[Int]>()
    var model: [[Int]] = []
    for i in 0..<1_000 {
      if random.next() % 2 == 0 {
        queue.append([i])
        model.append([i])
      } else {
        #expect(queue.first == model.first && queue.popFirst() == model.first)
        model = Array(model.dropFirst())
      }
      #expect(queue.count == model.count && queue.isEmpty == model.isEmpty)
    }
  }
}
