import Glibc
import Shoal
import ShoalWire
import Synchronization
import TestSupport
import Testing

/// The words for the system's refusals to send.
@Suite struct RefusedSendTests {
  private let ipv4 = Address(ipv4: 0xc000_0207, port: 7_401)
  private let ipv6 = Address(high: 0x2001_0db8 << 32, low: 1, port: 7_401)
  private let link = Address(high: 0xfe80 << 48, low: 1, port: 7_401)

  @Test func everyReasonIsOursAndSaysWhatToDo() {
    func words(_ code: Int32, _ address: Address, _ mtu: Int? = nil) -> String {
      SendRefusal(code, towards: address, limit: mtu.map { ($0, "tun0") }).description
    }
    #expect(words(EPERM, ipv4) == "a firewall of this machine refuses it: allow UDP to port 7401 to leave")
    #expect(words(ENETUNREACH, ipv4) == "this machine has no route to it (is it online?)")
    #expect(words(EHOSTUNREACH, ipv6) == "this machine has no route to it (is IPv6 in use here?)")
    let needs = "a link-local address needs the interface that it is on, as in [fe80::1%eth0]:7401"
    #expect(words(EINVAL, link) == needs)
    #expect(words(EINVAL, ipv4) == "this machine sends nothing to such addresses")
    #expect(
      words(EMSGSIZE, ipv4, 1_200)
        == "tun0 here takes packets of 1200 bytes, and 1228 are needed: raise it with 'ip link set dev tun0 mtu 1280'")
    #expect(words(EMSGSIZE, ipv6, 1_230).contains("1230 bytes, and 1248 are needed"))
    #expect(words(EMSGSIZE, ipv4, 1_500) == "the path there takes only smaller packets")
    #expect(words(EAFNOSUPPORT, ipv6) == "we listen at an IPv4 address, see the option listen")
    #expect(words(EACCES, ipv4) == "it is a broadcast address, or a route of this machine prohibits it")
    #expect(words(EIO, ipv4) == systemText(of: EIO))
  }

  @Test func theReasonIsKeptForEachAddressUntilOneIsSent() throws {
    let sender = try UDPSocketTests.socket(UDPSocketTests.loopback4)
    let receiver = try UDPSocketTests.socket(UDPSocketTests.loopback4)
    var batch = SendBatch(for: sender)
    let good = receiver.localAddress
    let other = UDPSocketTests.loopback6.with(port: 9)
    #expect(batch.refusals.words(towards: good) == nil)
    UDPSocketTests.append([UInt8](repeating: 0, count: 65_520), to: good, &batch)
    UDPSocketTests.append([9], to: other, &batch)
    UDPSocketTests.flush(&batch, sender)
    #expect(batch.refusals.code(towards: good) == EMSGSIZE)
    #expect(batch.refusals.words(towards: other) == "we listen at an IPv4 address, see the option listen")
    UDPSocketTests.append([1], to: good, &batch)
    UDPSocketTests.flush(&batch, sender)
    #expect(batch.refusals.words(towards: good) == nil)
    #expect(batch.refusals.code(towards: other) == EAFNOSUPPORT)
  }

  @Test func aFirewallIsNamed() throws {
    let sender = try UDPSocketTests.socket(UDPSocketTests.loopback4)
    let good = UDPSocketTests.loopback4.with(port: 9)
    let words = Mutex<String?>(nil)
    let thread = onThread {
      guard SystemCallFilter.forbid([SystemCallFilter.sendmsg, FallbackTests.sendMany], with: EPERM) else { return }
      var batch = SendBatch(for: sender)
      UDPSocketTests.append([1], to: good, &batch)
      UDPSocketTests.flush(&batch, sender)
      words.withLock { [found = batch.refusals.words(towards: good)] in $0 = found }
    }
    pthread_join(thread, nil)
    guard let found = words.withLock({ $0 }) else { return }
    #expect(found == "a firewall of this machine refuses it: allow UDP to port 9 to leave")
  }

  @Test func whatIsKeptHasAnEnd() throws {
    let sender = try UDPSocketTests.socket(UDPSocketTests.loopback4)
    var batch = SendBatch(for: sender)
    for number in 0..<3_000 {
      UDPSocketTests.append([1], to: Address(high: 1, low: UInt64(number), port: 9), &batch)
      if number % 50 == 0 { UDPSocketTests.flush(&batch, sender) }
    }
    UDPSocketTests.flush(&batch, sender)
    let kept = (0..<3_000).count { batch.refusals.code(towards: Address(high: 1, low: UInt64($0), port: 9)) != nil }
    #expect(1...1_024 ~= kept)
    #expect(batch.refusals.code(towards: Address(high: 1, low: 2_999, port: 9)) == EAFNOSUPPORT)
  }
}
