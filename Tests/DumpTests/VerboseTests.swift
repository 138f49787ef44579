import ShoalContent
import ShoalWire
import Testing

@testable import shoal_dump

@Suite struct VerboseTests {
  @Test func everyFieldOfData() throws {
    let capture = TestCapture()
    capture.add(try data(1_042))
    var have = Have()
    have.chunks = [ChunkRun(first: 12, count: 3)]
    let datagram = try data(1_042, attempt: 2, have.encoded(), block(offset: 9, count: 5))
    capture.add(datagram)
    let checksum = hex(UInt64(Checksum.found(datagram.span)), 8)
    let lines = try inspect(capture.bytes, "-v").lines
    #expect(
      lines.suffix(20) == [
        "   2  0.001000 10.0.0.2:7402 > 10.0.0.1:7401 DATA seq=1042 attempt=2 HAVE file=0 12-14; "
          + "BLOCK file=0 offset=9 content=5 len=56 [resent, attempt 2, 1.000 ms]",
        "  header            0-15",
        "    magic           0-1      5368",
        "    version         2        1",
        "    type            3        4 data",
        "    checksum        4-7      \(checksum)  correct",
        "    connection      8-15     0000000000000077",
        "  seq               16-19    1042      first sent in 1",
        "  attempt           20       2",
        "  timestamp         21-24    0 us",
        "  ack_every         25       2",
        "  ack_delay         26-27    25000 us",
        "  HAVE              28-36",
        "    file            31-32    0",
        "    chunks          33-36    12-14",
        "  BLOCK             37-55",
        "    file            40-41    0",
        "    space           42       0 content",
        "    offset          43-50    9",
        "    content         51-55    5 bytes",
      ])
  }

  @Test func faultsRestsAndVerdicts() throws {
    let capture = TestCapture()
    var close = ClosePacket()
    close.reason = "b\u{1B}ye"
    var damaged = try close.datagram(connection: 1)
    damaged[17] ^= 1
    capture.add(damaged)
    capture.add(sealed(try ResetPacket().datagram(connection: 1) + [1, 2]))
    capture.add(sealed(Array(try close.datagram(connection: 1)[..<17])))
    var ack = AckPacket()
    (ack.first, ack.count) = (5, 3)
    capture.add(sealed(try ack.datagram(connection: 1) + [1, 2]))
    capture.add(sealed(try ack.datagram(connection: 1) + [1, 2, 0, 0, 1, 0, 7]))
    let text = try inspect(capture.bytes, "-v").output
    let computed = hex(UInt64(Checksum.compute(damaged.span)), 8)
    #expect(text.contains("  wrong: \(computed) computed\n"))
    #expect(text.contains("  code              16-17    1 going_away\n  reason            18-22    \"b\\x1Bye\"\n"))
    #expect(text.contains("  ignored           16-17\n"))
    #expect(text.contains("\n  code at byte 16: cut short\n"))
    #expect(text.contains("  slice             43-44    2 bytes   missing 5 (1)\n"))
    #expect(text.contains("missing 5 (1)\n  left              45-48    256 us\n  ignored           49\n"))
  }
}
