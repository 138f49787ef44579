import Glibc
import Shoal
import ShoalWire
import TestSupport
import Testing

@Suite struct ResolverTests {
  @Test(arguments: [
    ("example.org:7400", "example.org", 7_400), ("192.0.2.7:1", "192.0.2.7", 1),
    ("[2001:db8::1]:7400", "2001:db8::1", 7_400), ("[fe80::1%1]:80", "fe80::1%1", 80), (":7401", "", 7_401),
    ("example.org", "example.org", 9), ("[::1]", "::1", 9), ("::1", "::1", 9), ("2001:db8::7400", "2001:db8::7400", 9),
    ("a_b-c.local:0", "a_b-c.local", 0), ("host:65535", "host", 65_535),
  ])
  func textIsUnderstood(_ text: String, host: String, port: UInt16) throws {
    #expect(try Resolver.parse(text, defaultPort: 9) == Resolver.HostPort(host: host, port: port))
  }

  @Test(arguments: [
    ("host:", ResolverError.badPort("host:")), ("host:65536", .badPort("host:65536")),
    ("host:-1", .badPort("host:-1")), ("host:+1", .badPort("host:+1")), ("host:7x", .badPort("host:7x")),
    ("[::1]:", .badPort("[::1]:")), ("host", .missingPort("host")), ("[::1]", .missingPort("[::1]")),
    ("", .missingHost("")), ("a:b:c", .malformed("a:b:c")), ("[::1", .malformed("[::1")),
    ("[::1]7400", .malformed("[::1]7400")), ("[host]:1", .malformed("[host]:1")),
    ("[192.0.2.7]:1", .malformed("[192.0.2.7]:1")), ("ho st:1", .malformed("ho st:1")),
    ("h\u{202e}st:1", .malformed("h\u{202e}st:1")), ("a/b:1", .malformed("a/b:1")),
  ])
  func nonsenseIsExplained(_ text: String, error: ResolverError) {
    #expect(throws: error) { try Resolver.parse(text) }
  }

  @Test func anAddressThatMayEndInAPortIsRefusedWithBothReadings() {
    for text in ["::1:7401", "2001:db8::1:80", "fe80::1:7401", "::0:1"] {
      let error = #expect(throws: ResolverError.self) { try Resolver.parse(text, defaultPort: 9) }
      let port = text.split(separator: ":").last!
      #expect("\(error!)".contains("[\(text.dropLast(port.count + 1))]:\(port) if"))
      #expect("\(error!)".contains("[\(text)]:PORT if"))
      #expect(throws: Never.self) { try Resolver.parse("[\(text)]", defaultPort: 9) }
    }
    // Nothing that could be a port, or nothing before it that is an address.
    for text in ["::1", "2001:db8::7400", "::ffff:192.0.2.7", "1:2:3:4:5:6:7:8", "fe80::1%1", "::1:7f01"] {
      #expect(throws: Never.self) { try Resolver.parse(text, defaultPort: 9) }
    }
    // With a zone the port is one, and its brackets are missing.
    #expect(throws: ResolverError.malformed("fe80::1%lo:7401")) { try Resolver.parse("fe80::1%lo:7401") }
  }

  @Test func aZoneIsNamedThatIsUnknownOrMissing() throws {
    #expect(try Resolver.parse("[fe80::1%nosuch]:80").host == "fe80::1%nosuch")
    let loopback = interfaceIndex("lo")
    #expect(try Resolver.resolve("fe80::1%lo", port: 5)[0].scope == loopback)
    for zone in ["nosuch", "4000000000"] {
      let error = #expect(throws: ResolverError.unknownZone("fe80::1%\(zone)", zone: zone)) {
        try Resolver.resolve("fe80::1%\(zone)", port: 5)
      }
      #expect("\(error!)" == "\"fe80::1%\(zone)\": this machine has no interface \"\(zone)\"; see 'ip link'")
    }
    #expect(throws: ResolverError.missingZone("fe80::1")) { try Resolver.resolve("fe80::1", port: 5) }
  }

  @Test func numbersNeedNoResolver() throws {
    let ipv4 = Address(ipv4: 0xc000_0207, port: 5)
    #expect(try Resolver.resolve("192.0.2.7", port: 5) == [ipv4])
    #expect(try Resolver.resolve("::ffff:192.0.2.7", port: 5) == [ipv4])
    #expect(try Resolver.resolve("2001:db8::1", port: 5) == [Address(high: 0x2001_0db8_0000_0000, low: 1, port: 5)])
    #expect(Resolver.numeric("fe80::1%7") == Address(high: 0xfe80 << 48, low: 1, port: 0, scope: 7))
    let loopback = interfaceIndex("lo")
    #expect(Resolver.numeric("fe80::1%lo")?.scope == loopback)
    // A scope says nothing about an address that is the same everywhere.
    #expect(Resolver.numeric("2001:db8::1%7")?.scope == 0)
    for text in ["", "1.2.3", "1.2.3.256", "host", "fe80::1%", "fe80::1%none", "1.2.3.4%1", "::1::"] {
      #expect(Resolver.numeric(text) == nil)
    }
  }

  @Test func localhostIsFoundOnce() throws {
    let addresses = try Resolver.resolve("localhost", port: 7_400)
    #expect(addresses.allSatisfy { $0.isLoopback && $0.port == 7_400 })
    #expect(Set(addresses).count == addresses.count)
  }

  @Test func errorsAreInWords() {
    #expect(throws: ResolverError.missingHost("")) { try Resolver.resolve("", port: 1) }
    #expect(throws: ResolverError.malformed("a b")) { try Resolver.resolve("a b", port: 1) }
    // A label of more than 63 letters is refused before any server is asked.
    let long = String(repeating: "a", count: 64) + ".invalid"
    #expect(throws: ResolverError.self) { try Resolver.resolve(long, port: 1) }
    #expect(ResolverError.unknownHost("exmaple.org").description == "\"exmaple.org\": no such host")
    #expect(
      ResolverError.malformed("h\u{202e}\u{1b}\"st").description
        == "\"h\\u{202E}\\u{1B}\\\"st\": not HOST:PORT; write an IPv6 address as [ADDRESS]:PORT")
    #expect(
      ResolverError.badPort("host:0x").description
        == "\"host:0x\": the port must be a number from 0 to 65535")
  }
}
