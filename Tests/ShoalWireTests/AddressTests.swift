import Testing

@testable import ShoalWire

@Suite struct AddressTests {
  /// RFC 5952, sections 4 and 5.
  @Test(
    arguments: [
      (0x2001_0db8_0000_0000, 0x0000_0000_0000_0001, "2001:db8::1"),
      (0x2001_0db8_0000_0000, 0x0000_0000_0002_0001, "2001:db8::2:1"),
      (0x2001_0db8_0000_0001, 0x0001_0001_0001_0001, "2001:db8:0:1:1:1:1:1"),
      (0x2001_0000_0000_0001, 0x0000_0000_0000_0001, "2001:0:0:1::1"),
      (0x2001_0db8_0000_0000, 0x0001_0000_0000_0001, "2001:db8::1:0:0:1"),
      (0x2001_0db8_aaaa_bbbb, 0xcccc_dddd_eeee_0aaa, "2001:db8:aaaa:bbbb:cccc:dddd:eeee:aaa"),
      (0xfe80_0000_0000_0000, 0, "fe80::"),
      (0, 0, "::"),
      (0, 1, "::1"),
      (0x0000_0001_0000_0000, 0, "0:1::"),
      (0x0001_0000_0000_0000, 0x0000_0000_0000_0001, "1::1"),
      (0, 0x0001_0000_0000_0000, "::1:0:0:0"),
    ] as [(UInt64, UInt64, String)])
  func textsOfRFC5952(high: UInt64, low: UInt64, text: String) {
    #expect(Address(high: high, low: low, port: 7_401).host == text)
    #expect("\(Address(high: high, low: low, port: 7_401))" == "[\(text)]:7401")
  }

  @Test func textsOfIPv4() {
    #expect("\(Address(ipv4: 0xc000_0207, port: 7_401))" == "192.0.2.7:7401")
    #expect(Address(ipv4: 0, port: 0).host == "0.0.0.0")
    #expect(Address(ipv4: .max, port: .max).description == "255.255.255.255:65535")
  }

  @Test func anAddressOfOneLinkNamesIt() {
    let address = Address(high: 0xfe80 << 48, low: 1, port: 80, scope: 7)
    #expect("\(address)" == "[fe80::1%7]:80")
  }

  @Test func kinds() {
    let private4 = Address(ipv4: 0x0a00_0001, port: 1)
    #expect(private4.isIPv4 && private4.isUsable && !private4.isLoopback && !private4.isMulticast)
    #expect(!private4.with(port: 0).isUsable)
    #expect(Address(ipv4: 0x7fff_0001, port: 1).isLoopback)
    #expect(Address(ipv4: 0xe000_0001, port: 1).isMulticast)
    #expect(Address(ipv4: 0xefff_ffff, port: 1).isMulticast)
    #expect(Address(ipv4: .max, port: 1).isMulticast)
    #expect(!Address(ipv4: 0xf000_0001, port: 1).isMulticast)
    #expect(Address(high: 0xff02 << 48, low: 1, port: 1).isMulticast)
    #expect(Address(high: 0, low: 1, port: 1).isLoopback)
    #expect(Address(high: 0, low: 0, port: 1).isUnspecified)
    #expect(Address(ipv4: 0, port: 1).isUnspecified)
  }

  @Test func theBytesOfAnAddress() throws {
    var packet = ConnectedPacket()
    packet.observed = Address(ipv4: 0xc000_0207, port: 0x1ce9)
    #expect(try packet.datagram(connection: 0)[24...] == [4, 192, 0, 2, 7, 0x1c, 0xe9])
    packet.observed = Address(high: 0x2001_0db8 << 32, low: 1, port: 0x1ce9, scope: 3)
    let bytes = try packet.datagram(connection: 0)
    #expect(bytes.count == 24 + 19 && bytes[24] == 6 && bytes[41...] == [0x1c, 0xe9])
    #expect(try ConnectedPacket.decode(bytes.span).observed.scope == 0)
  }

  @Test func anotherFamilyIsAnError() throws {
    var bytes = try ConnectedPacket().datagram(connection: 0)
    for family in UInt8.min ... .max where family != 4 && family != 6 {
      bytes[24] = family
      let error = failure { () throws(WireError) in _ = try ConnectedPacket.decode(bytes.span) }
      #expect(error?.kind == .value && error?.field == "observed" && error?.offset == 24)
    }
  }
}
