import Testing

@testable import ShoalBase
@testable import ShoalWire

@Suite struct VarintTests {
  /// RFC 9000, appendix A.1.
  @Test(
    arguments: [
      ([0xc2, 0x19, 0x7c, 0x5e, 0xff, 0x14, 0xe8, 0x8c], 151_288_809_941_952_652),
      ([0x9d, 0x7f, 0x3e, 0x7d], 494_878_333),
      ([0x7b, 0xbd], 15_293),
      ([0x25], 37),
      ([0x40, 0x25], 37),
    ] as [([UInt8], UInt64)])
  func vectorsOfRFC9000(bytes: [UInt8], value: UInt64) {
    var offset = 0
    #expect(Varint.read(bytes.span, &offset) == value && offset == bytes.count)
  }

  @Test(
    arguments: [
      (0, 1), (63, 1), (64, 2), (16_383, 2), (16_384, 4), (1_073_741_823, 4), (1_073_741_824, 8), (Varint.max, 8),
    ] as [(UInt64, Int)])
  func boundsOfEachSize(value: UInt64, size: Int) {
    #expect(Varint.size(value) == size)
    for room in 0...9 {
      var bytes = [UInt8](repeating: 0xee, count: room)
      var offset = 0
      var span = bytes.mutableSpan
      let written = Varint.write(value, &span, &offset)
      #expect(written == (room >= size) && offset == (written ? size : 0))
      guard written else {
        #expect(bytes.allSatisfy { $0 == 0xee })
        continue
      }
      #expect(bytes[size...].allSatisfy { $0 == 0xee })
      var end = 0
      #expect(Varint.read(bytes.span, &end) == value && end == size)
      for cut in 0..<size {
        let short = Array(bytes[..<cut])
        var stays = 0
        #expect(Varint.read(short.span, &stays) == nil && stays == 0)
      }
    }
  }

  @Test func randomNumbersRoundTrip() {
    var random = SeededGenerator(seed: 7)
    for _ in 0..<2_000 {
      let value = (random.next() >> 2) >> UInt64.random(in: 0..<62, using: &random)
      var bytes = [UInt8](repeating: 0, count: 8)
      var offset = 0
      var span = bytes.mutableSpan
      #expect(Varint.write(value, &span, &offset))
      var end = 0
      #expect(Varint.read(bytes.span, &end) == value && end == offset)
    }
  }
}
