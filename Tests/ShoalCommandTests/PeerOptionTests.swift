import Shoal
import ShoalTerminal
import ShoalTransport
import Testing

@testable import ShoalCommand

@Suite struct PeerOptionTests {
  private func options(_ words: String...) throws -> Peer.Options {
    guard case .run(let invocation) = try CommandTable.shoal.parse(["get", "x"] + words) else { return Peer.Options() }
    var options = try Peer.Options(access: invocation, listen: ":0")
    try options.setTransport(invocation)
    return options
  }

  @Test func defaultsAreTheLibrarys() throws {
    let options = try options()
    let defaults = Peer.Options()
    #expect(options.window == defaults.window && options.mtu == nil && defaults.mtu == nil)
    #expect(options.congestion == defaults.congestion && options.arq == defaults.arq)
    let transport = try NodeOptions(options).swarm.transport
    let core = TransportConfiguration()
    #expect(transport.window == core.window && transport.mtu == core.mtu)
    #expect(transport.congestion == core.congestion && transport.repeatMode == core.repeatMode)
    #expect(options.link.isClean)
    #expect(options.capture == nil)
  }

  @Test func optionsReachTheTransport() throws {
    let options = try options(
      "--arq", "gbn", "--window", "16", "--congestion", "none", "--mtu", "9000", "--link", "loss=5%/1%,delay=3ms",
      "--capture", "x.pcapng")
    let node = try NodeOptions(options)
    #expect(node.swarm.transport.repeatMode == .goBackN)
    #expect(node.swarm.transport.window == 16)
    #expect(node.swarm.transport.congestion == CongestionAlgorithm.none)
    #expect(node.swarm.transport.mtu == 9_000 && !node.followsInterfaceMTU)
    #expect("\(options.link)" == "loss=5%/1%,delay=3ms")
    #expect(options.capture == "x.pcapng")
  }

  @Test(arguments: [
    (["--window", "0"], "2 usage: --window 0: must be 1 to 1048576 packets"),
    (["--window", "1048577"], "2 usage: --window 1048577: must be 1 to 1048576 packets"),
    (["--mtu", "20"], "2 usage: --mtu 20: must be 1280 to 65535 bytes"),
    (["--link", "loss=150%"], "2 usage: --link loss=150%: loss must be 0% to 100%"),
  ])
  func whatIsOutOfRangeIsNamed(_ words: [String], _ message: String) {
    #expect(
      failure {
        guard case .run(let invocation) = try CommandTable.shoal.parse(["get", "x"] + words) else { return }
        var options = try Peer.Options(access: invocation, listen: ":0")
        try options.setTransport(invocation)
      } == message)
  }

  @Test(arguments: CongestionAlgorithm.allCases)
  func everyCongestionControlHasItsName(_ algorithm: Shoal.CongestionAlgorithm) throws {
    var options = try Peer.Options(access: invocation("get", "x"), listen: ":0")
    try options.setTransport(invocation("get", "x", "--congestion", algorithm.rawValue))
    #expect(options.congestion == algorithm)
  }

  @Test func listenAddresses() throws {
    func listen(_ text: String) throws -> String? {
      try invocation("tracker", "--listen", text).first("listen")?.listen(defaultPort: 7400)
    }
    #expect(try listen(":80") == ":80")
    #expect(try listen("192.0.2.7") == "192.0.2.7:7400")
    #expect(try listen("[::1]:0") == "[::1]:0")
    #expect(try listen("::1") == "[::1]:7400")
    #expect(failure { _ = try listen("7401") } == "2 usage: --listen 7401: write :7401 for a port")
    #expect(failure { _ = try listen("a:b") }.contains("the port must be a number"))
  }

  @Test func places() throws {
    func place(_ text: String) throws -> String? {
      try invocation("get", "x", "--peer", text).first("peer")?.place(named: "peer", defaultPort: 7401)
    }
    #expect(try place("example.org") == "example.org:7401")
    #expect(try place("[2001:db8::1]:9") == "[2001:db8::1]:9")
    #expect(failure { _ = try place(":9") } == "2 usage: --peer :9: needs a host, as in HOST:PORT")
    #expect(failure { _ = try place("a:0") } == "2 usage: --peer a:0: the port must be 1 to 65535")
  }

  @Test func chunking() throws {
    #expect(try ShareCommand.chunking(invocation("share", "x")) == .automatic)
    #expect(try ShareCommand.chunking(invocation("share", "x", "--chunks", "20")) == .count(20))
    #expect(try ShareCommand.chunking(invocation("share", "x", "--chunk-size", "1MiB")) == .size(1 << 20))
    #expect(
      failure { _ = try ShareCommand.chunking(invocation("share", "x", "--chunks", "2", "--chunk-size", "64kB")) }
        == "2 usage: --chunk-size and --chunks: give one of them")
  }

  @Test func demoLinks() throws {
    #expect("\(try DemoPlan(invocation("demo")).link)" == "loss=5%,corrupt=1%,delay=10ms")
    #expect("\(try DemoPlan(invocation("demo", "--loss", "0%", "--delay", "1s")).link)" == "corrupt=1%,delay=1s")
    #expect("\(try DemoPlan(invocation("demo", "--link", "rate=1mbit")).link)" == "rate=1mbit")
    #expect(
      failure { _ = try DemoPlan(invocation("demo", "--file", "x", "--size", "1MB")) }
        == "2 usage: --size is for random data: leave out --size or --file")
    #expect(
      failure { _ = try DemoPlan(invocation("demo", "--loss", "5")) }
        == "2 usage: --loss 5: loss needs its percent sign")
    #expect(
      failure { _ = try DemoPlan(invocation("demo", "--link", "rate=1mbit", "--loss", "5%")) }
        == "2 usage: --link and --loss: write loss=... in the link")
  }

  @Test func seedsOfDemoLinksDiffer() throws {
    let plan = try DemoPlan(invocation("demo", "--link", "loss=5%,seed=7"))
    #expect(plan.link(0).seed == 7)
    #expect(plan.link(1).seed != plan.link(2).seed)
  }

  @Test func helpIsShort() {
    for name in ["share", "get", "lookup", "tracker", "demo"] {
      guard case .print(let help) = try? CommandTable.shoal.parse(["help", name]) else {
        Issue.record("no help for \(name)")
        continue
      }
      let lines = help.split(separator: "\n", omittingEmptySubsequences: false)
      #expect(lines.count < 50)
      #expect(lines.allSatisfy { $0.count <= 80 })
    }
  }
}
