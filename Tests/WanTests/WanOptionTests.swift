import ShoalLink
import ShoalTerminal
import Testing

@testable import shoal_wan

@Suite struct WanOptionTests {
  private func options(_ words: String...) throws -> WanOptions {
    guard case .run(let invocation) = try ShoalWan.command.parse(words) else { throw UsageError("printed instead") }
    return try WanOptions(invocation)
  }

  @Test func defaults() throws {
    let options = try options("--link", "clean")
    #expect(options.spec == .clean && options.command.isEmpty && options.serve == nil)
    #expect(options.sides.map(\.name) == ["shoal-a", "shoal-b"] && options.sides.allSatisfy { $0.existing == nil })
    #expect(
      options.sides.map { $0.addresses.map(\.host) } == [
        ["10.77.0.1", "fd53:686f:616c::1"], ["10.77.0.2", "fd53:686f:616c::2"],
      ])
    #expect(options.device == "wan0" && options.mtu == 1_500 && !options.breaksChecksums && !options.isJSON)
  }

  @Test func everythingCanBeSet() throws {
    let options = try options(
      "--link", "rate=1mbit/2mbit,delay=5ms,seed=9", "--name", "lab", "--ns-b", "there", "--address-a", "192.0.2.1/30",
      "--address-a", "2001:db8::1/126", "--device", "tun5", "--mtu", "9000", "--break-checksums", "--serve", "x -y",
      "--json", "--", "ping", "-c", "1", "192.0.2.2")
    #expect(options.seed == 9 && options.spec.up.rate == 1_000_000 && options.spec.down.rate == 2_000_000)
    #expect(
      options.sides[0].name == "lab-a" && options.sides[0].existing == nil && options.sides[1].existing == "there")
    #expect(options.sides[0].addresses.map(\.description) == ["192.0.2.1/30", "2001:db8::1/126"])
    #expect(options.device == "tun5" && options.mtu == 9_000 && options.breaksChecksums && options.isJSON)
    #expect(options.serve == "x -y" && options.command == ["ping", "-c", "1", "192.0.2.2"])
  }

  @Test(arguments: [
    (["--link", "loss=150%"], "--link loss=150%: loss must be 0% to 100%"),
    (["--name", "../x"], "--name ../x: must be letters, digits, - or _"),
    (["--ns-a", "a/b"], "--ns-a a/b: not a namespace name"),
    (["--ns-a", "x", "--ns-b", "x"], "--ns-a x --ns-b x: the two ends need different namespaces"),
    (
      ["--address-a", "10.0.0.1"],
      "--address-a 10.0.0.1: must be an address and the length of its prefix, as in 10.77.0.1/24"
    ),
    (
      ["--address-b", "10.0.0.1/33"],
      "--address-b 10.0.0.1/33: must be an address and the length of its prefix, as in 10.77.0.2/24"
    ),
    (
      ["--device", "a-name-too-long-for-it"], "--device a-name-too-long-for-it: must be 1 to 15 letters, digits, - or _"
    ),
    (["--mtu", "100"], "--mtu 100: must be 576 to 65535 bytes"),
    (
      ["--mtu", "1000"],
      "--mtu 1000: IPv6 needs 1280 or more; give IPv4 addresses only, with --address-a and --address-b"
    ),
    (["--serve", "iperf3 -s"], "--serve: needs a command for the other end, after --"),
    (["--lnk", "clean"], "unknown option --lnk; did you mean --link?"),
  ])
  func mistakesAreNamed(_ words: [String], _ message: String) throws {
    let error = #expect(throws: UsageError.self) {
      guard case .run(let invocation) = try ShoalWan.command.parse(words) else { return }
      _ = try WanOptions(invocation)
    }
    #expect(error?.message == message)
  }

  @Test func helpFitsAScreen() throws {
    guard case .print(let text) = try ShoalWan.command.parse(["--help"]) else { throw UsageError("ran instead") }
    #expect(text.split(separator: "\n").count < 60)
  }
}
