import ShoalBase
import ShoalCapture
import ShoalWire
import Testing

@testable import shoal_dump

@Suite struct AckSliceTests {
  private func missing(_ encoding: SliceEncoding, first: UInt32, count: UInt32, _ slice: [UInt8]) -> RunText? {
    var ack = AckPacket()
    (ack.encoding, ack.first, ack.count) = (encoding.rawValue, first, count)
    ack.slice = ByteRange(offset: 0, count: slice.count)
    return RunText(missingIn: ack, Bytes(slice))
  }

  @Test func numbersWrapAround() {
    let runs = missing(.runs, first: .max - 1, count: 10, [4, 2, 1])
    #expect(runs?.whole == "4294967294-1,4" && runs?.total == 5)
    let bits = missing(.bitmap, first: .max, count: 4, [0b0100])
    #expect(bits?.whole == "4294967295-0,2" && bits?.total == 3)
  }

  @Test func lengthsBeyondTheCountAreCut() {
    let all = missing(.runs, first: 5, count: .max, [UInt8](repeating: 0xff, count: 8))
    #expect(all?.whole == "5-3" && all?.total == UInt64(UInt32.max))
    #expect(missing(.runs, first: 5, count: 3, [9, 9])?.whole == "5-7")
    #expect(missing(.bitmap, first: 5, count: 3, [0])?.whole == "5-7")
    #expect(missing(.bitmap, first: 5, count: .max, [0x7f])?.whole == "12")
  }

  @Test func cutOrEmptySlices() {
    #expect(missing(.runs, first: 5, count: 10, [])?.total == 0)
    #expect(missing(.runs, first: 5, count: 10, [2, 0x40])?.whole == "5-6")
    #expect(missing(.runs, first: 5, count: 10, [0, 3, 1])?.whole == "8")
    #expect(missing(.bitmap, first: 5, count: 10, [])?.total == 0)
  }

  @Test func manyRunsAreCutInLinesOnly() {
    let text = missing(.bitmap, first: 0, count: 80, [UInt8](repeating: 0b0101_0101, count: 10))
    #expect(text?.brief == stride(from: 1, through: 31, by: 2).map(String.init).joined(separator: ",") + ",...")
    #expect(text?.whole == stride(from: 1, through: 79, by: 2).map(String.init).joined(separator: ","))
  }
}
