import Testing

@testable import ShoalContent
@testable import ShoalWire

@Suite struct SchemaTests {
  @Test func everyPacketAndMessageOnce() {
    #expect(Schema.packets.map(\.value) == PacketType.allCases.map(\.rawValue))
    #expect(Schema.messages.map(\.value) == MessageType.allCases.map(\.rawValue))
    #expect(Set(Schema.packets.map(\.name)).count == Schema.packets.count)
  }

  @Test func offsetsAndSizes() {
    #expect(Schema.header.map(\.name) == ["magic", "version", "type", "checksum", "connection"])
    #expect(Schema.header.map(\.offset) == [0, 2, 3, 4, 8])
    #expect(Schema.header.map(\.size) == [2, 1, 1, 4, 8])
    let peers = Schema.table(of: PacketType.peers).rows
    #expect(
      peers == [
        SchemaRow(name: "id", offset: 16, size: 32), SchemaRow(name: "name", offset: 48, size: nil),
        SchemaRow(name: "total", offset: nil, size: 4), SchemaRow(name: "peers", offset: nil, size: 1),
        SchemaRow(name: "peers[].address", offset: nil, size: nil),
        SchemaRow(name: "peers[].size", offset: nil, size: 8),
        SchemaRow(name: "peers[].piece_exponent", offset: nil, size: 1),
        SchemaRow(name: "peers[].chunks", offset: nil, size: 4),
        SchemaRow(name: "peers[].have", offset: nil, size: 4), SchemaRow(name: "peers[].age", offset: nil, size: 2),
        SchemaRow(name: "epoch", offset: nil, size: 4, isLater: true),
      ])
    #expect(Schema.table(of: PacketType.data).rows.last?.offset == DataPacket.overhead)
    #expect(Schema.table(of: PacketType.ack).rows.last?.offset == AckPacket.overhead)
    #expect(Schema.table(of: MessageType.block).rows.last?.offset == Block.overhead)
  }

  @Test func anErrorNamesTheByteOfItsField() {
    #expect(WireError(value: "window", of: AcceptPacket.self).offset == Limits.headerLength + 12)
    #expect(WireError(value: "arq", of: OpenPacket.self).offset == Limits.headerLength + 8)
  }

  @Test func theTablesAsText() {
    let text = Schema.markdown()
    #expect(text.hasPrefix("### Header\n\n| offset | size | field |\n|---|---|---|\n| 0 | 2 | magic |\n"))
    #expect(text.contains("\n### PROBED (0x07)\n\n| offset | size | field |\n|---|---|---|\n| 16 | 2 | size |\n\n"))
    #expect(text.contains("\n### RESET (0x0b)\n\nNo fields.\n"))
    #expect(text.contains("\n#### HAVE (3)\n\n| offset | size | field |\n|---|---|---|\n| 3 | 2 | file |\n"))
    #expect(text.contains("| 5 | … | chunks |\n"))
  }

  @Test func everyCodeHasAName() {
    let codes: [(CodeNames, [UInt64])] = [
      (.packetType, PacketType.allCases.map { UInt64($0.rawValue) }),
      (.messageType, MessageType.allCases.map { UInt64($0.rawValue) }),
      (.closeCode, CloseCode.allCases.map { UInt64($0.rawValue) }),
      (.refusal, Refusal.allCases.map { UInt64($0.rawValue) }),
      (.trackerError, TrackerError.allCases.map { UInt64($0.rawValue) }),
      (.arq, [0, 1]), (.encoding, [0, 1]), (.space, [0, 1]),
    ]
    #expect(Set(codes.map(\.0)).count == CodeNames.allCases.count)
    for (names, values) in codes {
      let texts = values.compactMap { names.name(of: $0) }
      #expect(Set(texts).count == values.count)
      #expect(texts.allSatisfy { $0.utf8.allSatisfy { (97...122).contains($0) || $0 == 95 } }, "\(texts)")
      for value in [UInt64(0xff), 0x1_00, 0x1_0000, .max] { #expect(names.name(of: value) == nil) }
    }
  }
}
