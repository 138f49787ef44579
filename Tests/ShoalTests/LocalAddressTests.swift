import Shoal
import ShoalWire
import Testing

/// Which of a machine's addresses its tickets name.
@Suite struct LocalAddressTests {
  private func own(_ text: String, on interface: String, _ change: (inout LocalAddress) -> Void = { _ in })
    -> LocalAddress
  {
    var own = LocalAddress(Resolver.numeric(text)!, on: interface)
    change(&own)
    return own
  }

  private func ticket(_ all: [LocalAddress]) -> [String] { LocalAddress.ticket(of: all).map(\.host) }

  @Test func whatOthersCannotReachIsLeftOut() {
    let all = [
      own("127.0.0.1", on: "lo"), own("::1", on: "lo"),
      own("172.17.0.1", on: "docker0") { $0.isInternal = true },
      own("172.18.0.1", on: "br-5a8e41") {
        $0.isInternal = true; $0.isRunning = false
      },
      own("192.168.122.1", on: "virbr0") { $0.isInternal = true },
      own("169.254.7.7", on: "eth1"),
      own("10.0.3.1", on: "tun9") { $0.isRunning = false },
      own("192.168.1.20", on: "wlan0") { $0.hasDefaultRoute = true },
      own("fe80::1%3", on: "wlan0") { $0.hasDefaultRoute = true },
      own("2001:db8:5::20", on: "wlan0") { $0.hasDefaultRoute = true },
      own("2001:db8:5::aaaa", on: "wlan0") {
        $0.hasDefaultRoute = true; $0.isTemporary = true
      },
      own("2001:db8:4::20", on: "wlan0") {
        $0.hasDefaultRoute = true; $0.isDeprecated = true
      },
      own("2001:db8:5::21", on: "wlan0") { $0.isTentative = true },
      own("10.8.0.2", on: "wg0"),
    ]
    #expect(ticket(all) == ["192.168.1.20", "2001:db8:5::20", "10.8.0.2"])
  }

  @Test func aBridgeThatLeadsToTheInternetIsAsGoodAsAnInterface() {
    let all = [
      own("192.168.1.2", on: "br0") {
        $0.isInternal = true; $0.hasDefaultRoute = true
      }
    ]
    #expect(ticket(all) == ["192.168.1.2"])
  }

  @Test func somethingIsBetterThanNothing() {
    let lo = own("127.0.0.1", on: "lo")
    let docker = own("172.17.0.1", on: "docker0") { $0.isInternal = true }
    let cable = own("169.254.7.7", on: "eth1")
    let unplugged = own("192.168.1.2", on: "eth0") { $0.isRunning = false }
    #expect(ticket([lo]) == [])
    #expect(ticket([lo, unplugged]) == ["192.168.1.2"])
    #expect(ticket([lo, unplugged, docker]) == ["172.17.0.1"])
    #expect(ticket([lo, unplugged, docker, cable]) == ["169.254.7.7"])
    let old = own("2001:db8::5", on: "eth0") { $0.isDeprecated = true }
    #expect(ticket([old]) == ["2001:db8::5"])
    // An address that changes will do where none stays.
    #expect(ticket([own("2001:db8::6", on: "eth0") { $0.isTemporary = true }]) == ["2001:db8::6"])
  }

  @Test func fourOfEachFamilyAreEnoughAndOneOfThemIsPrivate() {
    let publics = (1...9).map { own("203.0.113.\($0)", on: "eth0") { $0.hasDefaultRoute = true } }
    let privates = (1...9).map { own("10.0.0.\($0)", on: "eth1") }
    let ipv6 = (1...9).map { own("2001:db8::\($0)", on: "eth0") { $0.hasDefaultRoute = true } }
    let found = ticket(privates + publics + ipv6 + publics)
    #expect(
      found == [
        "203.0.113.1", "2001:db8::1", "203.0.113.2", "2001:db8::2", "203.0.113.3", "2001:db8::3", "10.0.0.1",
        "2001:db8::4",
      ])
    // And one public, if the way to the internet is by a private one.
    let behind = (1...9).map { own("10.0.0.\($0)", on: "eth0") { $0.hasDefaultRoute = true } }
    #expect(
      ticket(behind + [own("203.0.113.9", on: "eth1")]) == ["10.0.0.1", "10.0.0.2", "10.0.0.3", "203.0.113.9"])
  }

  @Test(arguments: [
    ("10.1.2.3", false), ("172.16.0.1", false), ("172.31.255.1", false), ("172.32.0.1", true), ("192.168.0.1", false),
    ("192.169.0.1", true), ("100.64.0.1", false), ("100.127.0.1", false), ("100.128.0.1", true), ("fd00::1", false),
    ("fc00::1", false), ("2001:db8::1", true), ("169.254.1.1", false), ("127.0.0.1", false),
  ])
  func whatIsPublic(_ text: String, _ isPublic: Bool) {
    // Of two on one interface the public one comes first.
    let other = own(text.contains(":") ? "fd12::9" : "10.99.99.99", on: "eth0")
    let found = LocalAddress.ticket(of: [other, own(text, on: "eth0")])
    if isPublic { #expect(found.first?.host == text) } else { #expect(found.first == other.address) }
  }

  @Test func aSocketOfOneFamilyIsReachedByThatFamily() {
    let ipv4 = LocalAddresses.reachable(Address(ipv4: 0, port: 7_401))
    #expect(ipv4.allSatisfy { $0.isIPv4 && $0.port == 7_401 } && 1...4 ~= ipv4.count)
    let bound = Address(ipv4: 0xc000_0201, port: 7_401)
    #expect(LocalAddresses.reachable(bound) == [bound])
    #expect(LocalAddresses.all().contains { $0.address.isLoopback && $0.interface == "lo" && $0.isRunning })
  }
}
