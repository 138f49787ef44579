import Testing

@testable import ShoalWire

@Suite struct HostKeyTests {
  @Test func anIPv4AddressIsAHost() {
    let host = HostKey(Address(ipv4: 0xc000_0207, port: 7_401))
    #expect(HostKey(Address(ipv4: 0xc000_0207, port: 1)) == host)
    #expect(HostKey(Address(ipv4: 0xc000_0206, port: 7_401)) != host)
  }

  @Test func aNetworkOf64BitsIsAHost() {
    let host = HostKey(Address(high: 0x2001_0db8_0000_0001, low: 1, port: 7_401))
    #expect(HostKey(Address(high: 0x2001_0db8_0000_0001, low: .max, port: 2, scope: 3)) == host)
    #expect(HostKey(Address(high: 0x2001_0db8_0000_0002, low: 1, port: 7_401)) != host)
  }

  @Test func noIPv4AddressIsAnIPv6Network() {
    #expect(HostKey(Address(ipv4: 0, port: 1)) != HostKey(Address(high: 0, low: 1, port: 1)))
  }
}
