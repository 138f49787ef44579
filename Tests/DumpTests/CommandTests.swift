import Foundation
import ShoalWire
import TestSupport
import Testing

@testable import shoal_dump

@Suite struct CommandTests {
  private func capture() throws -> [UInt8] {
    let capture = TestCapture()
    for sequence in UInt32(0)..<3 { capture.add(try data(sequence), after: 1_500_000) }
    return capture.bytes
  }

  @Test func times() throws {
    let bytes = try capture()
    #expect(try inspect(bytes).lines.map { $0.prefix(14) } == ["   1  0.000000", "   2  1.500000", "   3  3.000000"])
    #expect(
      try inspect(bytes, "--time", "delta").lines.map { $0.prefix(14) } == [
        "   1  0.000000", "   2  1.500000", "   3  1.500000",
      ])
    #expect(try inspect(bytes, "--time=utc").lines[0].hasPrefix("   1 2026-11-22T14:03:16.302123Z 10.0.0.2:7402 > "))
  }

  @Test func standardInputAndCount() throws {
    let bytes = try capture()
    let outcome = try run(["-", "--count", "2"], input: bytes)
    #expect(outcome.status == 0 && outcome.lines.count == 2 && outcome.error == "")
    let cut = try run(["-"], input: Array(bytes.dropLast(30)))
    #expect(cut.status == 1 && cut.lines.count == 2)
  }

  @Test func datagramsOfOthers() throws {
    let capture = TestCapture()
    capture.add([1, 2, 3])
    capture.add(try data(1))
    capture.add([])
    let some = try inspect(capture.bytes)
    #expect(some.lines.count == 1 && some.status == 0)
    #expect(some.error == "shoal-dump: not shown: 2 other UDP datagrams (--all shows them)\n")
    let all = try inspect(capture.bytes, "--all")
    #expect(all.lines[0] == "   1  0.000000 10.0.0.2:7402 > 10.0.0.1:7401 UDP len=3")
    #expect(all.lines.count == 3 && all.error == "")
    let strange = try inspect(pcapHeader(linkType: 147) + pcapRecord([1, 2, 3], cutTo: 3))
    #expect(strange.status == 1 && strange.error.contains(": link type 147 is not supported; Ethernet, Linux cooked"))
  }

  @Test func colours() throws {
    let capture = TestCapture()
    capture.add(try data(1, attempt: 1))
    let line = try inspect(capture.bytes, "--color=always").lines[0]
    #expect(line.contains("\u{1B}[1mDATA\u{1B}[0m seq=1 ") && line.hasSuffix("\u{1B}[33m[resent, attempt 1]\u{1B}[0m"))
    #expect(try !inspect(capture.bytes, "--color=never").output.contains("\u{1B}"))
  }

  @Test func damagedFiles() throws {
    let bytes = try capture()
    let cut = try inspect(Array(bytes.dropLast(1)))
    #expect(cut.status == 1 && cut.lines.count == 2)
    #expect(cut.error.hasPrefix("shoal-dump: error: ") && cut.error.contains(": byte "))
    #expect(cut.error.split(separator: "\n").count == 1)
    let json = try inspect(Array(bytes.dropLast(1)), "--json")
    #expect(json.status == 1 && json.lines.count == 3 && json.error.contains(": byte "))
    #expect(json.lines[2].hasPrefix(#"{"event":"error","message":""#) && json.lines[2].hasSuffix(#""code":"damaged"}"#))
    let foreign = try inspect(Array("hello, world".utf8))
    #expect(foreign.status == 1 && foreign.output == "" && foreign.error.contains(": byte 0: "))
    #expect(try inspect([]).status == 1)
    #expect(try run(["-"]).error == "shoal-dump: error: standard input: is empty; a capture has at least a header\n")
  }

  @Test func errorsOfUseAndOfFiles() throws {
    let missing = try run(["/nonexistent/a.pcapng"])
    #expect(missing.status == 1)
    #expect(missing.error == "shoal-dump: error: /nonexistent/a.pcapng: no such file or directory; check the path\n")
    #expect(try run(["/"]).error == "shoal-dump: error: /: is a directory; name a file\n")
    let nothing = try run([])
    #expect(nothing.status == 2 && nothing.output == "" && nothing.error.hasPrefix("OVERVIEW: "))
    let misuses = ["a b", "--nonsense", "a --count 0", "a --count x", "a --time never", "a --tables", "a --color"]
    for words in misuses.map({ $0.split(separator: " ").map(String.init) }) {
      let outcome = try run(words)
      #expect(outcome.status == 2 && outcome.output == "", "\(words)")
      #expect(outcome.error.hasPrefix("shoal-dump: error: "), "\(words)")
      #expect(outcome.error.split(separator: "\n").count == 1, "\(words)")
    }
  }

  @Test func whatACommandCannotDoIsRefused() throws {
    let scratch = try Scratch()
    let file = try scratch.write("a.pcapng", capture())
    let misuses = [
      "follow a --assert corrupt==0", "diff a b --assert corrupt==0", "report a --filter nonsense", "--hex --type data",
      "--hex --assert corrupt==0", "--hex --qlog", "--hex -w x", "a -x --json", "a -x --qlog", "report a --assert x==1",
    ]
    for words in misuses.map({ $0.split(separator: " ").map { $0 == "a" ? file : String($0) } }) {
      let outcome = try run(words)
      #expect(outcome.status == 2 && outcome.error.hasPrefix("shoal-dump: error: "), "\(words) \(outcome)")
    }
  }

  @Test func aReportOfWhatPassesAndItsAssertions() throws {
    let scratch = try Scratch()
    let file = try scratch.write("a.pcapng", capture())
    let output = scratch.at("a.html")
    let some = try run(["report", file, "-o", output, "-f", "seq > 0", "--assert", "data == 2"])
    #expect(some.status == 0)
    #expect(try scratch.text("a.html").contains(#""datagrams":2,"#))
    let failed = try run(["report", file, "-o", output, "--assert", "data == 2"])
    #expect(failed.status == 1 && failed.error.contains("assertion failed: data == 2: is 3"))
  }

  @Test func helpVersionAndTables() throws {
    let help = try run(["--help"])
    #expect(help.status == 0 && help.output.hasPrefix("OVERVIEW: ") && help.lines.count < 50)
    #expect(try run(["--version"]).output.hasPrefix("shoal-dump 0.1.0 ("))
    #expect(try run(["--tables"]).output == Schema.markdown() + "\n")
  }
}

/// Options that users know from tcpdump.
@Suite struct TcpdumpOptionTests {
  @Test func theyMeanTheSame() throws {
    let capture = TestCapture()
    for sequence in UInt32(0)..<5 { capture.add(try data(sequence)) }
    let scratch = try Scratch()
    let path = try scratch.write("a.pcapng", capture.bytes)
    let outcome = try run(["-nr", path, "-c", "2"])
    let same = try run([path, "--count=2"]).lines
    #expect(outcome.status == 0 && outcome.lines.count == 2 && outcome.lines == same)
    #expect(try run(["-r", path, path]).error.contains("--read: there is a <file> already"))
    #expect(try run(["-r", path, "-i", "lo"]).status == 2)
    #expect(try run(["--help"]).output.contains("\n  --lua "))
  }
}
