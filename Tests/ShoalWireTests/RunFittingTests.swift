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
}
