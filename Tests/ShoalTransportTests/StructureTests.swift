import ShoalBase
import ShoalWire
import Testing

@testable import ShoalTransport

/// The queue, the numbering and the filters, each compared with the simplest way to do the same.
@Suite struct StructureTests {
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
      // It may forget a little early, as it keeps only three values, but never late.
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
    var path = PathMTU(limit: 1_500, peerLimit: 65_507, address: address, at: .zero)
    var now = Instant.zero
    var probes: [Int] = []
    func search() {
      while path.deadline < now + 100 * .second {
        now = path.deadline
        if let size = path.nextProbe(.second, at: now) { probes.append(size) }
      }
    }
    search()
    #expect(probes == [1_472, 1_472, 1_472, 1_452, 1_452, 1_452, 1_372, 1_372, 1_372] && path.confirmed == 1_200)
    probes = []
    now = path.deadline
    let again = path.nextProbe(.second, at: now)
    #expect(again == 1_472)
    let believed = [1_471, 1_473, 65_000, 0, 1_200, 1_452, 1_372].filter { path.onProbed($0, at: now) }
    #expect(believed == [1_452] && path.confirmed == 1_452)
    let suspected = [path.suspectBlackHole(at: now), path.suspectBlackHole(at: now)]
    #expect(suspected == [true, false] && path.confirmed == 1_200)
    search()
    #expect(probes.prefix(3) == [1_472, 1_472, 1_472])
    let isLarger = path.onProbed(1_472, at: now)
    #expect(isLarger && path.deadline == .distantFuture)
  }

  /// Ethernet's size is tried first, so that a wide interface before a narrow path costs no time.
  @Test(arguments: [
    (9_000, 1_500, [1_472, 8_972, 8_972, 8_972, 8_872, 8_872, 8_872], 1_472),
    (9_000, 9_000, [1_472, 8_972], 8_972),
    (65_535, 65_535, [1_472, 65_507], 65_507),
    (9_000, 1_480, [1_472, 1_472, 1_472, 1_452], 1_452),
    (1_500, 1_500, [1_472], 1_472),
  ])
  func theLargestSizeIsFound(_ mtu: Int, _ carries: Int, _ expected: [Int], _ found: Int) {
    var path = PathMTU(limit: mtu, peerLimit: 65_507, address: Address(ipv4: 1, port: 1), at: .zero)
    var now = Instant.zero
    var probes: [Int] = []
    while path.deadline < now + 100 * .second {
      now = path.deadline
      guard let size = path.nextProbe(.second, at: now) else { continue }
      probes.append(size)
      if size + 28 <= carries {
        let isLarger = path.onProbed(size, at: now)
        #expect(isLarger)
      }
    }
    #expect(probes == expected && path.confirmed == found)
    // After a while it tries larger sizes, but not the size that it has.
    if path.deadline != .distantFuture {
      let next = path.nextProbe(.second, at: path.deadline)
      #expect(next == mtu - 28)
    }
  }

  @Test func onlyASizeThatWasProbedIsBelieved() {
    var path = PathMTU(limit: 1_500, peerLimit: 65_507, address: Address(ipv4: 1, port: 1), at: .zero)
    let unasked = path.onProbed(1_472, at: .zero)
    let size = path.nextProbe(.second, at: .zero)
    let smaller = path.onProbed(1_452, at: .zero)
    #expect(!unasked && size == 1_472 && !smaller && path.confirmed == 1_200)
    let asked = path.onProbed(1_472, at: .zero)
    #expect(asked && path.confirmed == 1_472)
    // The answer to a probe sent before the fall says nothing about the path as it is now.
    let fell = path.suspectBlackHole(at: .zero)
    let late = path.onProbed(1_472, at: .zero)
    #expect(fell && !late && path.confirmed == 1_200)
  }
}
