import Testing

@testable import ShoalWire

@Suite struct HeaderTests {
  private func decode(version: UInt8 = 1, type: UInt8, magic: [UInt8] = [0x53, 0x68]) -> WireError? {
    let bytes = magic + [version, type] + [UInt8](repeating: 0, count: 12)
    return failure { () throws(WireError) in _ = try Header.decode(bytes.span) }
  }

  @Test func theBytesOfAHeader() throws {
    let bytes = try ResetPacket().datagram(connection: 0x0102_0304_0506_0708)
    #expect(bytes.count == 16)
    #expect(Array(bytes[..<4]) == [0x53, 0x68, 1, 0x0b])
    #expect(Array(bytes[8...]) == [1, 2, 3, 4, 5, 6, 7, 8])
    let (header, type) = try Header.decode(bytes.span)
    #expect(type == .reset && header.connection == 0x0102_0304_0506_0708)
    #expect(header.checksum == Checksum.compute(bytes.span))
  }

  @Test func anotherMagicIsNotOurs() {
    for bit in 0..<16 {
      var magic: [UInt8] = [0x53, 0x68]
      magic[bit / 8] ^= 1 << UInt8(bit % 8)
      #expect(decode(type: 4, magic: magic) == WireError(.magic, "magic", at: 0))
    }
  }

  @Test func everyKnownTypeAndNoOther() {
    for type in UInt8.min ... .max {
      let isKnown = PacketType(rawValue: type) != nil && type != PacketType.version.rawValue
      #expect(decode(type: type) == (isKnown ? nil : WireError(.unknownType, "type", at: 3)), "type \(type)")
    }
  }

  @Test func theReservedFlagMakesATypeUnknown() {
    for type in PacketType.allCases {
      let version: UInt8 = type == .version ? 0 : 1
      let kind = decode(version: version, type: type.rawValue | PacketType.authenticated)?.kind
      #expect(kind == (type == .version ? .version : .unknownType))
    }
  }

  @Test func versionZeroIsForVersionPacketsOnly() {
    for type in UInt8.min ... .max {
      let error = decode(version: 0, type: type)
      #expect(error == (type == PacketType.version.rawValue ? nil : WireError(.version, "version", at: 2)))
    }
  }

  @Test func anotherVersionIsNamedWhateverTheType() {
    for version in UInt8(2) ... .max {
      for type in [0, 1, 2, 4, 0x2f, 0x84, 0xff] as [UInt8] {
        #expect(decode(version: version, type: type) == WireError(.version, "version", at: 2))
      }
    }
  }

  /// A header can be peeked at whatever its version, type and magic are, and however short it is.
  @Test func aPeek() {
    let bytes = [0x53, 0x68, 9, 4, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13] as [UInt8]
    let header = Header.peek(bytes.span)
    #expect(header.magic == Header.magic && header.version == 9 && header.packetType == .data)
    #expect(header.checksum == 0x0102_0304 && header.connection == 0x0506_0708_090a_0b0c)
    for count in 0..<16 {
      let prefix = Array(bytes[..<count])
      let cut = Header.peek(prefix.span)
      #expect(cut.magic == (count < 2 ? 0 : Header.magic) && cut.version == (count < 3 ? 0 : 9))
      #expect(cut.packetType == (count < 4 ? nil : .data) && cut.checksum == (count < 8 ? 0 : header.checksum))
      #expect(cut.connection == 0)
    }
    let unknown: [UInt8] = [0, 0, 0, 0xff]
    #expect(Header.peek(unknown.span).packetType == nil)
  }

  @Test func errorsReadAsPhrases() {
    #expect("\(decode(version: 9, type: 2)!)" == "version at byte 2: unsupported version")
    #expect("\(decode(type: 0x84)!)" == "type at byte 3: unknown type")
  }
}
