import ShoalBase
import ShoalContent
import TestSupport
import Testing

struct BitSetTests {
  @Test func insertsAndCounts() {
    var set = BitSet(capacity: 130)
    #expect(set.insert(0) && set.insert(64) && set.insert(129))
    #expect(!set.insert(64) && !set.insert(130) && !set.insert(-1) && !set.insert(.max))
    #expect(set.count == 3 && set.contains(129) && !set.contains(1) && !set.contains(130) && !set.contains(-1))
    #expect(set.insert(ChunkRun(first: 60, count: 10)) == 9)
    #expect(set.rangesDescription == "0,60-69,129")
  }

  @Test func theLeastOfTwoSetsIsFound() {
    var (a, b) = (BitSet(capacity: 130), BitSet(capacity: 130))
    #expect(a.least(from: 0, in: b, by: Array(repeating: 0, count: 130)) == nil)
    for number in [3, 64, 70, 129] { a.insert(number) }
    for number in [3, 65, 70, 129] { b.insert(number) }
    var keys = Array(repeating: UInt16(5), count: 130)
    keys[64] = 0
    keys[65] = 0
    // Among equals, the first after the start, and past the end on from 0.
    #expect(a.least(from: 0, in: b, by: keys) == 3 && a.least(from: 4, in: b, by: keys) == 70)
    #expect(a.least(from: 71, in: b, by: keys) == 129 && a.least(from: 129, in: b, by: keys) == 129)
    b.remove(129)
    #expect(a.least(from: 100, in: b, by: keys) == 3)
    keys[70] = 1
    #expect((0..<130).allSatisfy { a.least(from: $0, in: b, by: keys) == 70 })
    #expect(a.least(from: 0, in: .full(capacity: 130), by: keys) == 64)
    #expect(a.least(from: 0, in: b, by: []) == nil && a.least(from: 0, in: .full(capacity: 131), by: keys) == nil)
  }

  @Test func clipsRunsToCapacity() {
    var set = BitSet(capacity: 10)
    #expect(set.insert(ChunkRun(first: 8, count: .max)) == 2)
    #expect(set.insert(ChunkRun(first: .max, count: .max)) == 0)
    #expect(set.insert(ChunkRun(first: 10, count: 1)) == 0)
    #expect(set.runs() == [ChunkRun(first: 8, count: 2)])
  }

  @Test func completeAndEmptySetsOccupyNothing() {
    var set = BitSet(capacity: Limits.chunks)
    #expect(set.byteCount == 0 && !set.isComplete)
    set.insert(ChunkRun(first: 1, count: UInt32(Limits.chunks - 1)))
    #expect(set.byteCount == Limits.chunks / 8)
    set.insert(0)
    #expect(set.byteCount == 0 && set.isComplete && set.contains(77) && set == .full(capacity: Limits.chunks))
    #expect(set.runs() == [ChunkRun(first: 0, count: UInt32(Limits.chunks))])
    set.subtract(set)
    #expect(set == BitSet(capacity: Limits.chunks))
  }

  @Test func capacityIsHeldToItsRange() {
    #expect(BitSet(capacity: -1).capacity == 0)
    #expect(BitSet(capacity: .max).capacity == Limits.chunks)
    #expect(BitSet(capacity: 0).isComplete && BitSet(capacity: 0).runs().isEmpty)
  }

  @Test func runsFromTheMiddleAndLimited() {
    let set = BitSet(capacity: 100, runs: [ChunkRun(first: 0, count: 5), ChunkRun(first: 9, count: 1)])
    #expect(set.rangesDescription == "0-4,9")
    #expect(set.runs(from: 3) == [ChunkRun(first: 3, count: 2), ChunkRun(first: 9, count: 1)])
    #expect(set.runs(limit: 1) == [ChunkRun(first: 0, count: 5)])
    #expect(set.runs(from: 10).isEmpty && set.runs(from: .max).isEmpty && set.runs(from: -4).count == 2)
  }

  @Test func setsOfAnotherCapacityAreClipped() {
    let small = BitSet.full(capacity: 65)
    var large = BitSet(capacity: 200)
    large.formUnion(small)
    #expect(large.count == 65 && large.isSuperset(of: small) && small.isSuperset(of: large))
    large.insert(199)
    #expect(!small.isSuperset(of: large))
    #expect(BitSet(capacity: 65).union(.full(capacity: 200)).isComplete)
  }

  @Test(arguments: [0, 1, 63, 64, 65, 128, 200]) func agreesWithAPlainSet(capacity: Int) {
    var random = SeededGenerator(seed: UInt64(capacity))
    for _ in 0..<60 {
      var (set, plain) = draw(capacity, &random)
      let (other, plainOther) = draw(capacity, &random)
      #expect(set.isSuperset(of: other) == plain.isSuperset(of: plainOther))
      check(set.subtracting(other), plain.subtracting(plainOther))
      check(set.union(other), plain.union(plainOther))
      #expect(set.union(other).isSuperset(of: other))
      let index = Int.random(in: 0...capacity, using: &random)
      #expect(set.insert(index) == (index < capacity && plain.insert(index).inserted))
      check(set, plain)
      check(BitSet(capacity: capacity, runs: set.runs()), plain)
    }
  }

  private func draw(_ capacity: Int, _ random: inout SeededGenerator) -> (BitSet, Set<Int>) {
    var set = BitSet(capacity: capacity)
    var plain: Set<Int> = []
    for _ in 0..<Int.random(in: 0...6, using: &random) {
      let first = Int.random(in: 0...capacity, using: &random)
      let count = Int.random(in: 1...max(1, capacity), using: &random)
      let new = Set(first..<first + count).filter { $0 < capacity }
      #expect(set.insert(ChunkRun(first: UInt32(first), count: UInt32(count))) == new.subtracting(plain).count)
      plain.formUnion(new)
    }
    return (set, plain)
  }

  private func check(_ set: BitSet, _ plain: Set<Int>) {
    #expect(set.count == plain.count && set.isComplete == (plain.count == set.capacity))
    #expect((-1...set.capacity).allSatisfy { set.contains($0) == plain.contains($0) })
    #expect(set.runs().flatMap { Int($0.first)..<Int($0.end) } == plain.sorted())
  }

  @Test func allOfARange() {
    var set = BitSet(capacity: 300)
    #expect(!set.contains(0...0) && BitSet.full(capacity: 300).contains(0...299))
    #expect(!BitSet.full(capacity: 300).contains(0...300) && !BitSet.full(capacity: 300).contains(-1...3))
    set.insert(ChunkRun(first: 10, count: 200))
    for (range, isHere) in [(10...209, true), (9...20, false), (200...210, false), (64...127, true), (63...64, true)] {
      #expect(set.contains(range) == isHere, "\(range)")
    }
  }

  /// A cut is read before it is known to be valid.
  @Test func noCutTraps() {
    for size in [0, 1, 1 << 44, 1 << 63, .max] as [UInt64] {
      for exponent in [0, 1, 10, 22, 62, 63, 64, 255] as [UInt8] {
        let cut = Cut(size: size, pieceExponent: exponent, chunks: .max)
        #expect(cut.pieces >= 0 && cut.pieceSize > 0 && cut.leaves > 0 && !cut.isValid)
      }
    }
  }

  @Test(arguments: seeds(1..<21))
  func whatIsInsertedAndRemovedIsASet(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let capacity = [1, 63, 64, 65, 200, 256][Int(random.next() % 6)]
    var pool = BitSet(capacity: capacity)
    var model: Set<Int> = []
    let all = BitSet.full(capacity: capacity)
    for _ in 0..<300 {
      let first = Int(random.next() % UInt64(capacity))
      let end = first + Int(random.next() % UInt64(capacity - first + 1))
      switch random.next() % 4 {
      case 0:
        let new = pool.insert(first..<end)
        #expect(new == (first..<end).count { !model.contains($0) })
        model.formUnion(first..<end)
      case 1:
        pool.insert(first)
        model.insert(first)
      case 2:
        // Now and then all of them are removed.
        for piece in first..<(random.next() % 9 == 0 ? capacity : end) {
          pool.remove(piece)
          model.remove(piece)
        }
      default:
        let new = pool.insert(0..<capacity)
        #expect(new == capacity - model.count)
        model = Set(0..<capacity)
      }
      #expect(pool.count == model.count && pool.isEmpty == model.isEmpty)
      #expect((-1...capacity).allSatisfy { pool.contains($0) == model.contains($0) })
      #expect(pool.first(from: first, in: all) == (model.filter { $0 >= first }.min() ?? model.min()))
    }
  }

  /// A hundred HAVEs of all chunks except one fit in a datagram.
  @Test func longRunsAreTakenByWords() {
    var pool = BitSet(capacity: Limits.chunks)
    let clock = ContinuousClock()
    let time = clock.measure {
      for _ in 0..<50 {
        pool.insert(1..<Limits.chunks)
        pool.insert(0..<Limits.chunks)
        pool.remove(0)
      }
    }
    #expect(pool.count == Limits.chunks - 1)
    #expect(time < .seconds(10), "piece by piece it would take minutes")
  }

  @Test func equalSetsAreEqualWhateverBecameOfThem() {
    var set = BitSet.full(capacity: 200)
    set.remove(7)
    set.insert(7)
    #expect(set == .full(capacity: 200) && set.isComplete && set.byteCount > 0)
    for number in 0..<200 { set.remove(number) }
    #expect(set == BitSet(capacity: 200) && set != BitSet(capacity: 201))
    #expect(set.complement == .full(capacity: 200))
  }
}
