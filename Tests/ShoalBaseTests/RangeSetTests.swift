import ShoalBase
import TestSupport
import Testing

@Suite struct RangeSetTests {
  @Test(arguments: seeds(0..<20)) func agreesWithAPlainSet(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var set = RangeSet<UInt64>()
    var model = [Bool](repeating: false, count: 200)
    func range(_ longest: Int) -> Range<Int> {
      let start = Int.random(in: 0..<200, using: &random)
      return start..<min(200, start + Int.random(in: 0...longest, using: &random))
    }
    for _ in 0..<300 {
      let new = range(8)
      #expect(set.insert(UInt64(new.lowerBound)..<UInt64(new.upperBound)) == UInt64(new.count { !model[$0] }))
      for index in new { model[index] = true }
      if Bool.random(using: &random) {
        let old = range(12)
        #expect(set.remove(UInt64(old.lowerBound)..<UInt64(old.upperBound)) == UInt64(old.count { model[$0] }))
        for index in old { model[index] = false }
      }
      let asked = range(20)
      let bytes = UInt64(asked.lowerBound)..<UInt64(asked.upperBound)
      #expect(set.contains(bytes) == asked.allSatisfy { model[$0] })
      #expect(set.intersects(bytes) == asked.contains { model[$0] })
      #expect(set.gaps(in: bytes).flatMap { $0.map(Int.init) } == asked.filter { !model[$0] })
      #expect(set.count == UInt64(model.count { $0 }) && set.isEmpty == !model.contains(true))
      #expect(zip(set.ranges, set.ranges.dropFirst()).allSatisfy { $0.upperBound < $1.lowerBound })
    }
  }

  @Test func theNumbersMayBeAtTheEdge() {
    var set = RangeSet<UInt64>()
    #expect(set.insert(.max - 5 ..< .max) == 5 && set.insert(0 ..< .max) == .max - 5)
    #expect(set.ranges == [0 ..< .max] && set.intersects(.max - 1 ..< .max) && !set.intersects(.max ..< .max))
  }

  @Test func crumbsMakeNoMoreRangesThanTheLimit() {
    let limit = 4_096
    var set = RangeSet<Int>(limit: limit)
    for i in 0..<limit { #expect(set.insert(2 * i..<2 * i + 1) == 1) }
    #expect(set.insert(1 << 20..<1 << 20 + 1) == nil && set.insert(1 << 20..<1 << 21) == nil)
    #expect(set.count == limit && set.ranges.count == limit)
    // What is in the set already, and what joins two ranges, is still accepted.
    #expect(set.insert(4..<5) == 0 && set.insert(1..<2) == 1 && set.ranges.count == limit - 1)
    #expect(set.insert(1 << 20..<1 << 20 + 1) == 1)
    #expect(set.insert(0..<1 << 21) == 1 << 21 - limit - 2 && set.ranges == [0..<1 << 21])
  }
}
