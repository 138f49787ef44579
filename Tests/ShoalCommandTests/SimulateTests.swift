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
    #expect(lines[0] == "10.0 MB over delay=1ms; selective repeat, window 65536, congestion bbr")
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
  ])
  func mistakesAreNamed(_ words: [String], _ message: String) throws {
    guard case .run(let invocation) = try CommandTable.shoal.parse(["simulate"] + words) else { return }
    let error = #expect(throws: UsageError.self) { _ = try SimulationPlan(invocation) }
    #expect(error?.message.hasPrefix(message) == true)
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
