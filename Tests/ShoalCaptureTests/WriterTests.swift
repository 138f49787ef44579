import ShoalBase
import ShoalCapture
import ShoalWire
import Testing

@Suite struct WriterTests {
  static let four = (Address(ipv4: 0xc000_0201, port: 7401), Address(ipv4: 0xcb00_7109, port: 65_535))
  static let six = (
    Address(high: 0x2001_0db8_0000_0001, low: 0x1234_5678_9abc_def0, port: 1),
    Address(high: 0xfe80_0000_0000_0000, low: 0x0211_22ff_fe33_4455, port: 7402)
  )

  /// Writes one datagram and reads it back.
  func roundTrip(_ from: Address, _ to: Address, _ payload: [UInt8], comment: String? = nil) throws -> Packet {
    var writer = PcapngWriter(application: "shoal")
    let fits = writer.datagram(
      from: from, to: to, payload: payload.span, wallClockNanoseconds: 1_700_000_000_123_456_789, outbound: true,
      comment: comment)
    #expect(fits)
    #expect(writer.bytes.count % 4 == 0)
    let reading = read([UInt8](writer.bytes))
    #expect(reading.error == nil)
    #expect(reading.packets.count == 1)
    return try #require(reading.packets.first)
  }

  func check(_ packet: Packet, _ from: Address, _ to: Address, _ payload: [UInt8]) throws {
    #expect(packet.number == 1)
    #expect(packet.time == 1_700_000_000_123_456_789)
    #expect(packet.linkType == .raw)
    #expect(packet.direction == .outbound)
    #expect(packet.originalLength == packet.bytes.count)
    let frame = try IPFrame.parse(linkType: packet.linkType, bytes: packet.bytes.span)
    #expect(frame.source == from)
    #expect(frame.destination == to)
    #expect(frame.udpLength == payload.count + 8)
    #expect(!frame.isTruncated)
    #expect(frame.checksum == .ok)
    #expect([UInt8](packet.bytes[frame.payload]) == payload)
  }

  @Test(arguments: [0, 1, 2, 3, 4, 5, 7, 8, 9, 31, 1199, 1472, 65_506, 65_507])
  func ipv4(length: Int) throws {
    var dice = Dice(state: UInt64(length))
    let payload = (0..<length).map { _ in UInt8(truncatingIfNeeded: dice.next()) }
    let packet = try roundTrip(Self.four.0, Self.four.1, payload)
    try check(packet, Self.four.0, Self.four.1, payload)
    let bytes = packet.bytes
    #expect(bytes[0] == 0x45)
    #expect(bytes[6] == 0x40)
    #expect(bytes[8] == 64)
    #expect(onesComplementSum([UInt8](bytes[..<20])) == 0xffff)
    let udpLength = [UInt8](bytes[24..<26])
    #expect(onesComplementSum([UInt8](bytes[12..<20]) + [0, 17] + udpLength + bytes[20...]) == 0xffff)
  }

  @Test(arguments: [0, 1, 2, 3, 64, 65, 1452, 65_527])
  func ipv6(length: Int) throws {
    let payload = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 167) }
    let packet = try roundTrip(Self.six.0, Self.six.1, payload)
    try check(packet, Self.six.0, Self.six.1, payload)
    let bytes = packet.bytes
    #expect(bytes[0] == 0x60)
    #expect(bytes[7] == 64)
    let udpLength = [UInt8](bytes[44..<46])
    #expect(onesComplementSum([UInt8](bytes[8..<40]) + [0, 17] + udpLength + bytes[40...]) == 0xffff)
  }

  @Test func mixedFamiliesBecomeIPv6() throws {
    let packet = try roundTrip(Self.four.0, Self.six.1, [1, 2, 3])
    #expect(packet.bytes[0] == 0x60)
    try check(packet, Self.four.0, Self.six.1, [1, 2, 3])
  }

  @Test func aComputedZeroIsSentAsAllOnes() throws {
    // The payload is chosen so that everything adds up to 0xffff.
    let (from, to) = Self.four
    let plain = try roundTrip(from, to, [0, 0])
    let field = Int(plain.bytes[26]) << 8 | Int(plain.bytes[27])
    let packet = try roundTrip(from, to, Packets.be16(field))
    #expect(Array(packet.bytes[26..<28]) == [0xff, 0xff])
    try check(packet, from, to, Packets.be16(field))
  }

  @Test func tooLongIsRefused() {
    var writer = PcapngWriter()
    let before = writer.bytes.count
    let payload = [UInt8](repeating: 0, count: 65_528)
    for (count, pair) in [(65_508, Self.four), (65_528, Self.six)] {
      let part = payload.span.extracting(..<count)
      let fits = writer.datagram(from: pair.0, to: pair.1, payload: part, wallClockNanoseconds: 0, outbound: false)
      #expect(!fits)
    }
    #expect(writer.bytes.count == before)
  }

  @Test(arguments: ["", "a", "dropped: late", "ünïcödé ✓"])
  func comments(text: String) throws {
    let packet = try roundTrip(Self.four.0, Self.four.1, [9], comment: text)
    #expect(packet.comment == (text.isEmpty ? nil : text))
  }

  @Test func aLongCommentIsCutBetweenCharacters() throws {
    let packet = try roundTrip(Self.four.0, Self.four.1, [9], comment: "x" + String(repeating: "é", count: 40_000))
    #expect(packet.comment == "x" + String(repeating: "é", count: 32_767))
  }

  @Test func discardingKeepsTheRest() {
    let whole = smallFile()
    var writer = PcapngWriter()
    var written: [UInt8] = []
    let payload = [UInt8](repeating: 7, count: 333)
    for index in 0..<2000 {
      writer.datagram(
        from: Self.four.0, to: Self.four.1, payload: payload.span, wallClockNanoseconds: UInt64(index),
        outbound: index % 2 == 0)
      let part = index % 3 == 0 ? writer.bytes.count / 2 : 0
      written.append(writer.bytes.extracting(..<part))
      writer.discard(part)
    }
    written.append(writer.bytes)
    let count = writer.bytes.count
    writer.discard(count)
    let isEmpty = writer.bytes.isEmpty
    #expect(isEmpty)
    let reading = read(written, chunk: 1000)
    #expect(reading.error == nil)
    #expect(reading.packets.map(\.time) == (0..<2000).map { UInt64($0) })
    #expect(reading.packets.allSatisfy { $0.direction == ($0.number % 2 == 1 ? .outbound : .inbound) })
    #expect(read(whole).packets.count == 3)
  }

  @Test func packetsAsTheyWereCaptured() throws {
    var writer = PcapngWriter()
    let packet = Packets.ipv4(Packets.udp([1, 2, 3], addresses: Packets.four))
    writer.packet(packet.span, originalLength: 0, wallClockNanoseconds: 7, direction: .inbound, comment: "a mark")
    writer.packet(
      packet.span.extracting(droppingLast: 2), originalLength: packet.count, wallClockNanoseconds: 8, direction: nil)
    let reading = read([UInt8](writer.bytes))
    #expect(reading.error == nil && reading.packets.count == 2)
    let (first, second) = (reading.packets[0], reading.packets[1])
    #expect(first.bytes == packet && first.direction == .inbound && first.time == 7 && first.comment == "a mark")
    #expect(first.originalLength == packet.count)
    #expect(second.bytes == packet.dropLast(2) && second.direction == nil && second.comment == nil)
    #expect(second.originalLength == packet.count)
  }
}
