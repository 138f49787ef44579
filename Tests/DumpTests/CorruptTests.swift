import ShoalWire
import Testing

@testable import shoal_dump

@Suite struct CorruptTests {
  @Test func everyFlippedBitIsFound() throws {
    let datagram = try data(7, block(offset: 0, count: 60))
    for bit in 0..<datagram.count * 8 {
      var damaged = datagram
      damaged[bit / 8] ^= 1 << UInt8(bit % 8)
      let corruption = Corruption(damaged.span)
      #expect(corruption?.mend == Corruption.Bit(byte: bit / 8, bit: bit % 8), "bit \(bit)")
    }
    #expect(Corruption(datagram.span) == nil)
  }

  @Test func aBitInTheLargestDatagram() throws {
    var bytes = sealed(try data(7) + [UInt8](repeating: 0x5a, count: 65_000))
    bytes[20_000] ^= 8
    #expect(Corruption(bytes.span)?.mend == Corruption.Bit(byte: 20_000, bit: 3))
  }

  @Test func nothingOfItIsBelieved() throws {
    let capture = TestCapture()
    let datagram = try data(7, block(offset: 0, count: 60))
    let checksum = Checksum.found(datagram.span)
    var damaged = datagram
    damaged[71] ^= 4
    let computed = Checksum.compute(damaged.span)
    capture.add(damaged)
    damaged[72] ^= 4
    damaged[73] ^= 1
    capture.add(damaged)
    damaged[3] = 0x70
    capture.add(damaged)
    // The retransmission of a packet whose first transmission was corrupt.
    capture.add(try data(7, attempt: 1))
    let lines = try inspect(capture.bytes).packets
    let found = hex(UInt64(checksum), 8)
    #expect(
      lines[0] == "DATA? len=102 [corrupt: found \(found), computed \(hex(UInt64(computed), 8)); "
        + "flipping bit 2 of byte 71 mends it]")
    #expect(lines[1].hasPrefix("DATA? len=102 [corrupt: found \(found), computed ") && !lines[1].contains("flipping"))
    #expect(lines[2].hasPrefix("? len=102 [corrupt: "))
    #expect(lines[3] == "DATA seq=7 attempt=1 len=28 [resent, attempt 1]")
  }

  @Test func aDamagedMagicDoesNotHideADatagram() throws {
    let capture = TestCapture()
    var damaged = try data(8, block(offset: 0, count: 60))
    damaged[0] ^= 1
    // Until anything of ours has been seen on the flow, it is a stranger's.
    capture.add(damaged)
    capture.add(try data(7, block(offset: 0, count: 60)))
    capture.add(damaged)
    capture.add(damaged, from: bob, to: alice)
    let outcome = try inspect(capture.bytes)
    #expect(outcome.lines.count == 3)
    #expect(outcome.packets[1].hasPrefix("DATA? len=102 [corrupt: ") && outcome.packets[1].contains("bit 0 of byte 0"))
    #expect(outcome.packets[2].hasPrefix("DATA? len=102 [corrupt: "))
    let json = try inspect(capture.bytes, "--json")
    #expect(json.lines.count == 4 && json.lines[2].contains("\"checksum\":\"bad\""))
  }

  @Test func cutByTheCapture() throws {
    let open = try OpenPacket().datagram(connection: 5)
    let block = try data(9, block(offset: 65_536, count: 500), Have().encoded())
    var ack = AckPacket()
    ack.count = 800
    let slice = sealed(try ack.datagram(connection: 1) + [UInt8](repeating: 0, count: 100))
    let records = [(open, 60), (block, 60), (slice, 40), (open, 1)].flatMap { pcapRecord($0.0, cutTo: $0.1) }
    let lines = try inspect(pcapHeader(linkType: 101) + records).packets
    #expect(
      lines == [
        "OPEN len=1200 [captured 60 of 1200 bytes]",
        "DATA seq=9 BLOCK file=0 offset=65536 content=500 len=549 [captured 60 of 549 bytes]",
        "ACK len=143 [captured 40 of 143 bytes]",
      ])
  }
}
