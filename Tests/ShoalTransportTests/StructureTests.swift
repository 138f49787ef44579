import ShoalWire
import Testing

@testable import ShoalTransport

/// The rings, the heap and the filters, each against the plainest way to do the same.
@Suite struct StructureTests {
  @Test(arguments: Scenario.seeds(0..<20))
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

  @Test(arguments: Scenario.seeds(0..<20))
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
        for skipped in top..<number { ring.remove(skipped) }
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

  @Test(arguments: Scenario.seeds(0..<20))
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

  @Test func numbersAreExpandedToTheNearest() {
    for near in [1 << 32, 1 << 32 + 5, 1 << 33 - 1, 1 << 33, 7 << 32 + 1 << 31] as [UInt64] {
      for distance in [0, 1, -1, 1_000, -1_000, 1 << 30, -(1 << 30), 1 << 31 - 1, -(1 << 31)] as [Int64] {
        let number = UInt64(Int64(near) + distance)
        #expect(Numbering.expand(UInt32(truncatingIfNeeded: number), near: near) == number)
      }
    }
  }

  @Test func windowedMaximumForgets() {
    var random = SeededGenerator(seed: 3)
    var filter = WindowedMaximum(length: 10)
    var values: [Double] = []
    for round in 0..<500 as Range<UInt64> {
      let value = random.unit() * (round < 250 ? 100 : 10)
      values.append(value)
      filter.add(value, at: round)
      // It may forget a little early, as it keeps but three, never late.
      #expect(filter.value <= values.suffix(12).max()!)
      #expect(filter.value >= value)
    }
  }

  @Test func messagesAreTakenInOrderAsManyAsFit() {
    var queue = SendQueue()
    var taken: [UInt8] = []
    var queued: [UInt8] = []
    var random = SeededGenerator(seed: 4)
    for i in 0..<2_000 {
      let message = [UInt8](repeating: UInt8(i & 255), count: 1 + Int(random.next() % 300))
      queue.append(message)
      queued += message
      if i % 3 == 2 {
        let packet = queue.takeMessages(1_172)
        #expect(packet.count <= 1_172)
        taken += packet
      }
    }
    while queue.hasMessages { taken += queue.takeMessages(1_172) }
    #expect(taken == queued && queue.isEmpty && queue.messageCount == 0)
  }

  @Test func theSearchForTheMTUEndsAndBeginsAgain() {
    let address = Address(ipv4: 1, port: 1)
    var path = PathMTU(mtu: 1_500, peerLimit: 65_507, address: address, at: .zero)
    var now = Instant.zero
    var probes: [Int] = []
    func search() {
      while path.deadline < now + 100 * .second {
        now = path.deadline
        if let size = path.probe(.second, at: now) { probes.append(size) }
      }
    }
    search()
    #expect(probes == [1_472, 1_472, 1_472, 1_452, 1_452, 1_452, 1_372, 1_372, 1_372] && path.confirmed == 1_200)
    probes = []
    now = path.deadline
    let again = path.probe(.second, at: now)
    #expect(again == 1_472)
    let believed = [1_471, 1_473, 65_000, 0, 1_200, 1_452, 1_372].filter { path.probed($0, at: now) }
    #expect(believed == [1_452] && path.confirmed == 1_452)
    let suspected = [path.suspectBlackHole(at: now), path.suspectBlackHole(at: now)]
    #expect(suspected == [true, false] && path.confirmed == 1_200)
    search()
    #expect(probes.prefix(3) == [1_472, 1_472, 1_472])
    let isLarger = path.probed(1_472, at: now)
    #expect(isLarger && path.deadline == .distantFuture)
  }

  /// Ethernet's size first, so that a wide interface before a narrow path costs no time.
  @Test(arguments: [
    (9_000, 1_500, [1_472, 8_972, 8_972, 8_972, 8_872, 8_872, 8_872], 1_472),
    (9_000, 9_000, [1_472, 8_972], 8_972),
    (65_535, 65_535, [1_472, 65_507], 65_507),
    (9_000, 1_480, [1_472, 1_472, 1_472, 1_452], 1_452),
    (1_500, 1_500, [1_472], 1_472),
  ])
  func theLargestSizeIsFound(_ mtu: Int, _ carries: Int, _ expected: [Int], _ found: Int) {
    var path = PathMTU(mtu: mtu, peerLimit: 65_507, address: Address(ipv4: 1, port: 1), at: .zero)
    var now = Instant.zero
    var probes: [Int] = []
    while path.deadline < now + 100 * .second {
      now = path.deadline
      guard let size = path.probe(.second, at: now) else { continue }
      probes.append(size)
      if size + 28 <= carries {
        let isLarger = path.probed(size, at: now)
        #expect(isLarger)
      }
    }
    #expect(probes == expected && path.confirmed == found)
    // After a while it looks for more, but not for what it has.
    if path.deadline != .distantFuture {
      let next = path.probe(.second, at: path.deadline)
      #expect(next == mtu - 28)
    }
  }

  @Test func onlyASizeThatWasProbedIsBelieved() {
    var path = PathMTU(mtu: 1_500, peerLimit: 65_507, address: Address(ipv4: 1, port: 1), at: .zero)
    let unasked = path.probed(1_472, at: .zero)
    let size = path.probe(.second, at: .zero)
    let smaller = path.probed(1_452, at: .zero)
    #expect(!unasked && size == 1_472 && !smaller && path.confirmed == 1_200)
    let asked = path.probed(1_472, at: .zero)
    #expect(asked && path.confirmed == 1_472)
    // What answers a probe of before the fall says nothing of the path as it is now.
    let fell = path.suspectBlackHole(at: .zero)
    let late = path.probed(1_472, at: .zero)
    #expect(fell && !late && path.confirmed == 1_200)
  }
}
