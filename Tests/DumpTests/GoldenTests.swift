import Foundation
import TestSupport
import Testing

@testable import shoal_dump

/// The outputs for a real capture, of a transfer over a link that loses and corrupts, compared word by word.
///
/// After an intended change, `SHOAL_GOLDEN=1 swift test --filter GoldenTests` writes them anew: read the difference.
@Suite struct GoldenTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Captures")
  private static let capture = folder.appending(path: "trace.pcapng").path

  @Test(arguments: [
    ("trace.txt", [capture]), ("trace.jsonl", [capture, "--json"]),
    ("trace.fields.txt", [capture, "-v", "-x", "--marks", "any"]), ("trace.stats.txt", ["stats", capture]),
    ("trace.stats.jsonl", ["stats", "--json", capture]),
    ("trace.delta.txt", [capture, "--time", "delta", "--type", "ack"]),
  ])
  func outputs(_ name: String, _ words: [String]) throws {
    let outcome = try run(words)
    #expect(outcome.status == 0 && outcome.error == "")
    let file = Self.folder.appending(path: name)
    if environmentNumber("SHOAL_GOLDEN", as: Int.self) != nil {
      try outcome.output.write(to: file, atomically: true, encoding: .utf8)
    }
    let expected = try String(contentsOf: file, encoding: .utf8)
    for (line, golden) in zip(outcome.lines, expected.split(separator: "\n", omittingEmptySubsequences: false)) {
      #expect(line == golden, "\(name)")
    }
    #expect(outcome.output == expected, "\(name)")
  }

  /// The trace in Protocol.md is what the tool prints, except for the lines left out.
  @Test func theTraceInProtocolMd() throws {
    let root = Self.folder.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let text = try String(contentsOf: root.appending(path: "Protocol.md"), encoding: .utf8)
    let section = try #require(text.range(of: "## 14. A trace\n")).upperBound
    let blocks = text[section...].components(separatedBy: "```")
    let shown = blocks[1].split(separator: "\n").map(String.init)
    var printed = try run([Self.capture]).lines[...]
    var isGap = false
    #expect(shown.count > 50)
    for line in shown {
      if line == "..." {
        isGap = true
        continue
      }
      if isGap { printed = printed.drop { $0 != line } }
      isGap = false
      #expect(printed.popFirst() == line)
    }
    #expect(printed.isEmpty)
  }

  /// Its datagrams in hexadecimal are those of the capture.
  @Test func theTraceAsHex() throws {
    let root = Self.folder.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let text = try String(contentsOf: root.appending(path: "Protocol.md"), encoding: .utf8)
    let block = try #require(text.components(separatedBy: "\n```vector trace\n").dropFirst().first)
    var written: [(number: UInt64, bytes: [UInt8])] = []
    for line in block.split(separator: "\n").prefix(while: { $0 != "```" }) {
      let words = line.split(separator: " ")
      if words.count == 2 { written.append((try #require(UInt64(words[0])), [])) }
      written[written.count - 1].bytes += try bytes(try #require(words.last))
    }
    #expect(written.count > 50)
    var file = try CaptureFile(Self.capture, input: -1)
    var number: UInt64 = 0
    var rest = written[...]
    var datagram = Datagram()
    repeat {
      while try file.next(&datagram) {
        number += 1
        guard let expected = rest.first, expected.number == number else { continue }
        rest = rest.dropFirst()
        #expect(Array(datagram.bytes) == expected.bytes, "\(number)")
      }
    } while try file.fill()
    #expect(rest.isEmpty)
  }

  private func bytes(_ notation: Substring) throws -> [UInt8] {
    if notation.hasPrefix("00*") { return Array(repeating: 0, count: try #require(Int(notation.dropFirst(3)))) }
    let digits = Array(notation)
    return try stride(from: 0, to: digits.count, by: 2).map {
      try #require(UInt8(String(digits[$0...$0 + 1]), radix: 16))
    }
  }
}
