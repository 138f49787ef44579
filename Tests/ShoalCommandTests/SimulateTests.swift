import ShoalBase
import ShoalLink
import ShoalTerminal
import ShoalTransport
import TestSupport
import Testing

@testable import ShoalCommand
@testable import ShoalSimulator

@Suite struct SimulateTests {
  private func result(_ seconds: Double?, _ seed: UInt64) -> SimulationResult {
    var transfer = SimulatedTransfer.Result()
    transfer.time = seconds.map { Int64($0 * 1e9) }
    transfer.received = 10_000_000
    transfer.wireBytes = 10_500_000
    return SimulationResult(seed: seed, transfer)
  }

  private func summary(_ results: [SimulationResult]) throws -> SimulationSummary {
    SimulationSummary(
      results,
      of: SimulatedTransfer(
        size: 10_000_000, link: try LinkSpec(parsing: "delay=1ms"), transport: TransportConfiguration()))
  }

  @Test func tellsEveryRunAndTheMedian() throws {
    let lines = try summary([result(1, 4), result(2, 5), result(4, 6)]).lines()
    #expect(lines[0] == "10.0 MB over delay=1ms; selective repeat, window 1048576, congestion bbr")
    #expect(lines.count == 6 && lines[1].hasPrefix("seed") && lines[3].contains("2.000") && lines[3].contains("5.00"))
    #expect(lines[5] == "median of 3: 5.00 MB/s, wire/byte 1.050")
    #expect(try summary([result(1, 4)]).lines().count == 3)
  }

  @Test func tellsWhatWasGivenUp() throws {
    let summary = try summary([result(1, 4), result(nil, 5)])
    #expect(!summary.isComplete && summary.incomplete == 1)
    #expect("\(result(nil, 5).json)".contains("\"seconds\":null,"))
  }

  @Test(arguments: [
    (["--count", "0"], "--count 0: must be 1 to 1000000 runs"), (["--size", "0"], "--size 0: must be"),
    (["--timeline", "x", "--count", "2"], "--timeline: shows one run; leave out --count"),
    (["--link", "loss=5"], "--link loss=5: loss needs its percent sign"),
    (["--seed", "-1"], "--seed -1: must be 0 or more"),
    (["--capture", "x", "--count", "2"], "--capture: records one run; leave out --count"),
    (["--qlog", "x", "--capture", "./x"], "--qlog and --capture: both are ./x; name two files"),
    (["--capture", "x", "--at", "2"], "--at 2: must be sender, receiver, or the number of one of 1"),
    (["--at", "receiver"], "--at: says which end records; name a file with --capture or --qlog too"),
  ])
  func mistakesAreNamed(_ words: [String], _ message: String) throws {
    guard case .run(let invocation) = try CommandTable.shoal.parse(["simulate"] + words) else { return }
    let error = #expect(throws: UsageError.self) { _ = try SimulationPlan(invocation) }
    #expect(error?.message.hasPrefix(message) == true)
  }

  @Test(arguments: [
    (["--peers", "0"], "--peers 0: must be 1 to 10000 peers"), (["--peers", "10001"], "--peers 10001: must be 1 to"),
    (["--peers", "2", "--timeline", "x"], "--timeline: shows one transfer; leave out --peers"),
    (["--peers", "2", "--size", "5GB"], "--size 5GB: must be"),
    (["--peers", "10000", "--size", "1GB"], "--size 1GB: 10000 receivers would get more than 1.00 TB"),
    (["--peers", "2", "--kill-origin", "50"], "--kill-origin 50: must be 0% to 100%, with the percent sign"),
    (["--peers", "2", "--kill-origin", "101%"], "--kill-origin 101%: must be 0% to 100%"),
    (["--peers", "2", "--restart", "3"], "--restart 3: must be 0 to 2 receivers"),
    (["--peers", "2", "--arrive", "-5s"], "--arrive -5s: "),
    (["--peers", "2", "--origin-link", "loss=5"], "--origin-link loss=5: loss needs its percent sign"),
    (["--arrive", "5s"], "--arrive: is for a swarm; say how many receivers with --peers"),
  ])
  func mistakesAboutASwarmAreNamed(_ words: [String], _ message: String) throws {
    let given = try invocation("simulate", words: words)
    let error = #expect(throws: UsageError.self) {
      if given.has("peers") { _ = try SwarmPlan(given) } else { _ = try SimulationPlan(given) }
    }
    #expect(error?.message.hasPrefix(message) == true, "\(error?.message ?? "")")
  }

  @Test func helpTellsTheLinkThatIsUsed() throws {
    let (alone, swarm) = (try invocation("simulate"), try invocation("simulate", "--peers", "2"))
    let link = try SwarmPlan(swarm).swarm.link
    #expect(try SimulationPlan(alone).transfer.link == .clean)
    guard case .print(let help) = try CommandTable.shoal.parse(["simulate", "--help"]) else {
      throw UsageError("no help")
    }
    let words = help.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    #expect(words.contains("(default: clean; with --peers \(link))"))
  }

  @Test func aSwarmIsToldByHostOrByPlaceInTheOrder() throws {
    func result(_ peers: String) throws -> SwarmResult {
      let swarm = try SwarmPlan(invocation("simulate", "--peers", peers, "--size", "100kB", "--arrive", "1s")).swarm
      return SwarmResult(seed: 1, swarm, swarm.run(seed: 1))
    }
    let few = try result("2")
    let summary = SwarmSummary([few], of: few.swarm)
    let lines = summary.lines()
    #expect(lines[0].hasPrefix("2 receivers of 100.0 kB over ") && summary.failure == nil)
    #expect(lines.count == 6 && lines[2].hasPrefix("1 ") && lines[4].hasPrefix("origin "))
    #expect(lines[5].hasPrefix("last after 1.") && lines[5].contains("times the bound of 1."))
    #expect(SwarmSummary([few, few], of: few.swarm).lines().count == 5)
    let many = try result("21")
    #expect(many.rows().map { $0[0] } == ["first", "10%", "median", "90%", "last", "origin"])
    #expect(many.objects.count == 22)
  }

  @Test func aSwarmThatDoesNotEndSaysWhy() throws {
    func failure(_ words: String..., change: (inout SimulatedSwarm) -> Void = { _ in }) throws -> Failure? {
      var swarm = try SwarmPlan(invocation("simulate", "--peers", "2", "--size", "300kB", words: words)).swarm
      change(&swarm)
      return SwarmSummary([SwarmResult(seed: 1, swarm, swarm.run(seed: 1))], of: swarm).failure
    }
    let late = try #require(try failure("--link", "loss=100%", "--limit", "3"))
    #expect(late.code == "limit")
    #expect(
      late.message == "seed 1: 2 of 2 receivers without the file after 3.0 s of simulated time; allow more with --limit"
    )
    let orphaned = try #require(try failure("--kill-origin", "0%") { $0.patience = 30 * .second })
    #expect(orphaned.code == "stalled" && orphaned.message.contains("the origin is gone"))
    let full = try #require(try failure { $0.fullDisks = 1 })
    #expect(full.code == "stalled" && full.message.contains("1 of 2 receivers without the file; the first, number 2: "))
  }

  @Test func aTimelineIsNotReplacedUnlessForced() throws {
    let scratch = try Scratch()
    let path = try scratch.write("timeline", "precious".utf8)
    func make(_ words: String...) throws {
      _ = try SimulationPlan(invocation("simulate", "--timeline", path, words: words)).makeTimeline()
    }
    #expect(
      failure { try make() } == "1 exists: --timeline \(path) exists; name another file, or replace it with --force")
    #expect(try scratch.text("timeline") == "precious")
    try make("--force")
    #expect(try scratch.read("timeline").isEmpty)
  }

  @Test func theTimelineIsATable() {
    let sample = SimulatedTransfer.Sample(
      time: 10_000_000, received: 5, inFlight: 7, congestionWindow: nil, roundTrip: 40_000_000, pacingRate: 1.5,
      queueDelay: 0, state: "startup")
    #expect(Timeline.text([sample]) == Timeline.header + "0.010000,5,7,,0.040000,2,0.000000,startup\n")
  }
}
