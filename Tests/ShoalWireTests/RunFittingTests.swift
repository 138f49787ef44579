import ShoalBase
import ShoalContent
import ShoalWire
import Testing

struct RunFittingTests {
  @Test func fittingRunsFillThePacketAndSayWhereTheyEnd() throws {
    var set = BitSet(capacity: 100_000)
    for index in stride(from: 0, to: 100_000, by: 2) { set.insert(index) }
    var told = BitSet(capacity: 100_000)
    var first = 0
    var pages = 0
    while first < 100_000 {
      let (runs, end) = set.runs(from: first, fitting: 1_100)
      #expect(end > first)
      var packet = MappedPacket()
      packet.have = runs
      #expect(try packet.datagram(connection: 0).count <= Limits.headerLength + 10 + 1_100)
      for run in runs { told.insert(run) }
      first = end
      pages += 1
    }
    #expect(told == set)
    #expect(pages < 100)
    #expect(set.runs(from: 7, fitting: 0) == ([], 7))
  }

  /// Runs in a list fill the available space exactly as those of a set do.
  @Test func aListOfRunsFillsTheRoomToo() {
    var random = SeededGenerator(seed: 5)
    for _ in 0..<50 {
      var set = BitSet(capacity: 100_000)
      for _ in 0..<300 {
        let first = UInt32.random(in: 0..<99_000, using: &random)
        set.insert(ChunkRun(first: first, count: .random(in: 1...900, using: &random)))
      }
      let all = set.runs(from: 0, fitting: .max).runs
      for bytes in [0, 1, 2, 7, 100, 101, 102, 103, 1_165] {
        let fitting = all.prefix(fitting: bytes)
        #expect(fitting == set.runs(from: 0, fitting: bytes).runs && fitting == Array(all.prefix(fitting.count)))
        var have = Have()
        let empty = have.encodedSize
        have.chunks = fitting
        #expect(have.encodedSize <= empty + bytes)
        have.chunks = Array(all.prefix(fitting.count + 1))
        #expect(fitting.count == all.count || have.encodedSize > empty + bytes)
      }
    }
  }
}
