import ShoalWire
import TestSupport
import Testing

@testable import shoal_dump

/// `explain` says what limited a transfer, in a table and as JSON.
@Suite struct ExplainTests {
  /// Alice sends as many packets as the window allows in each round trip of 20 ms: 80 in all.
  private func windowed(_ window: UInt32 = 4) throws -> Conversation {
    let talk = try Conversation(window: window)
    var next: UInt32 = 1_000
    for _ in 0..<80 / window {
      for sequence in next..<next + window { try talk.data(sequence, after: 10) }
      next += window
      try talk.ack(next, echo: talk.clock, after: 20_000)
    }
    return talk
  }

  @Test func theTableSaysWhatToChange() throws {
    let outcome = try inspect(by: "explain", windowed().capture.bytes)
    #expect(outcome.status == 0 && outcome.lines[0].hasPrefix("\(alice) sent 8.0 kB to \(bob) in 0.4 s"), "\(outcome)")
    #expect(outcome.lines[1].hasPrefix("Captured at the sender's end, without its qlog"))
    let first = try #require(outcome.lines.dropFirst(3).first)
    #expect(first.hasPrefix("window") && first.contains("raise --window at both ends, now 4 packets"), "\(first)")
  }

  @Test func theObjectHasEveryMoment() throws {
    let flow = try #require(
      objects(inspect(by: "explain", windowed().capture.bytes, "--json")).first { $0["event"] as? String == "explain" })
    let spans = try #require(flow["spans"] as? [[Any]])
    let ends = try spans.map { (try #require($0[0] as? Double), try #require($0[1] as? Double)) }
    let hasNoGaps = zip(ends, ends.dropFirst()).allSatisfy { abs($0.1 - $1.0) < 1e-9 }
    #expect(hasNoGaps && ends.allSatisfy { $0.0 < $0.1 })
    let causes = try #require(flow["causes"] as? [[String: Any]])
    let sum = causes.reduce(0) { $0 + ($1["seconds"] as? Double ?? 0) }
    #expect(abs(sum - (flow["seconds"] as? Double ?? 0)) < 1e-6 && flow["captured_at"] as? String == "sender")
    #expect(causes.first?["cause"] as? String == "window" && flow["with_qlog"] as? Bool == false)
  }

  @Test func nothingToExplain() throws {
    let talk = try Conversation()
    let outcome = try inspect(by: "explain", talk.capture.bytes)
    #expect(outcome.status == 0 && outcome.error.contains("no content was transferred"), "\(outcome)")
    #expect(try inspect(by: "explain", Array("nonsense".utf8)).status == 1)
  }

  @Test func twoRunsAreCompared() throws {
    let scratch = try Scratch()
    let old = try scratch.write("old.pcapng", windowed(4).capture.bytes)
    let new = try scratch.write("new.pcapng", windowed(8).capture.bytes)
    let outcome = try run(["diff", "--before", old, "--after", new])
    #expect(outcome.status == 0 && outcome.output.contains("s less afterwards."), "\(outcome)")
    let row = try #require(outcome.lines.first { $0.contains("4 packets") })
    #expect(row.hasPrefix("window") && row.contains("8 packets  yes: window took -0."), "\(row)")
    let object = try #require(objects(run(["diff", "--before", old, "--after", new, "--json"])).first)
    #expect(object["event"] as? String == "comparison")
    #expect(try run(["diff", "--before", old]).error.contains("give both"))
    #expect(try run(["diff", old]).error.contains("name two captures"))
    #expect(try run(["diff", old, new, "--qlog", "x"]).error.contains("--qlog needs them"))
  }
}
