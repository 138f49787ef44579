import Foundation
import TestSupport
import Testing

@testable import shoal_dump

/// Programs learn how a run ended from the last object, people from standard error.
@Suite struct EndingTests {
  private func capture() throws -> [UInt8] {
    let capture = TestCapture()
    for sequence in UInt32(0)..<3 { capture.add(try data(sequence)) }
    return capture.bytes
  }

  private func last(_ outcome: Outcome) throws -> [String: String] {
    let line = try #require(outcome.lines.last, "\(outcome.error)")
    let object = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String])
    if let message = object["message"] { #expect(outcome.error.contains(message)) }
    return object
  }

  @Test(arguments: [
    (["/nonexistent/a", "--json"], "file", Int32(1)), (["stats", "/nonexistent/a", "--json"], "file", 1),
    (["diff", "/nonexistent/a", "/b", "--json"], "file", 1), (["follow", "/nonexistent/a", "--json"], "file", 1),
    (["report", "/nonexistent/a", "--json"], "file", 1), (["--json", "--hex"], "format", 1),
    (["-", "--json"], "empty", 1),
    (["--json"], "usage", 2), (["a", "--json", "--nonsense"], "usage", 2), (["a", "-w", "-", "--json"], "usage", 2),
    (["a", "--qlog", "--json"], "usage", 2), (["report", "a", "-o", "-", "--json"], "usage", 2),
  ])
  func errorsAreTheLastObject(_ words: [String], _ code: String, _ status: Int32) throws {
    let outcome = try run(words)
    #expect(outcome.status == status)
    let object = try last(outcome)
    #expect(object["event"] == "error" && object["code"] == code, "\(words)")
  }

  @Test func whatWasReadAndThenBroke() throws {
    let cut = Array(try capture().dropLast(1))
    for words in [[], ["-q"], ["--assert", "data == 9"]] {
      #expect(try last(inspect(cut, options: ["--json"] + words))["code"] == "damaged")
    }
    #expect(try last(inspect(by: "stats", cut, "--json"))["code"] == "damaged")
    #expect(try last(inspect(try capture(), "--json", "--assert", "data == 9"))["code"] == "assertion")
    #expect(try last(inspect(by: "follow", try capture(), "--json"))["code"] == "no_file")
  }

  @Test func doneIsTheLastObject() throws {
    for words in [["--json"], ["--json", "-q"], ["--json", "-f", "seq == 99"]] {
      #expect(try last(inspect(try capture(), options: words)) == ["event": "done"])
    }
    let scratch = try Scratch()
    let written = try inspect(try capture(), "--json", "-w", scratch.at("b.pcapng"))
    #expect(try last(written) == ["event": "done"])
    #expect(written.lines[0] == #"{"event":"written","path":"\#(scratch.path)/b.pcapng","datagrams":3}"#)
    let report = try inspect(by: "report", try capture(), "--json", "-o", scratch.at("b.html"))
    #expect(try last(report) == ["event": "done"] && report.lines.count == 2)
  }

  @Test func nothingOfOurs() throws {
    let others = TestCapture()
    others.add([1, 2, 3])
    let stats = try inspect(by: "stats", others.bytes)
    #expect(stats.status == 0 && stats.error.contains(": no Shoal datagram in it; "))
    let report = try inspect(by: "report", others.bytes, "-o", "-")
    #expect(report.status == 0 && report.error.contains(": no Shoal datagram in it; "))
    for linkType in [UInt32(105), 147] {
      let strange = pcapHeader(linkType: linkType) + pcapRecord([1, 2, 3], cutTo: 3)
      for subcommand in ["stats", "report", "follow"] {
        let outcome = try inspect(by: subcommand, strange, "--json")
        #expect(outcome.status == 1 && outcome.error.contains("link type \(linkType) is not supported; "))
        #expect(try last(outcome)["code"] == "link_type")
      }
    }
  }
}
