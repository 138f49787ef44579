import Glibc
import ShoalBase
import ShoalCapture
import ShoalWire
import TestSupport
import Testing

@testable import shoal_dump

/// No command destroys its input or another capture unless it is told to.
@Suite struct OutputFileTests {
  private let scratch: Scratch
  private let capture: String
  private let bytes: [UInt8]

  init() throws {
    let capture = TestCapture()
    for sequence in UInt32(0)..<3 { capture.add(try data(sequence)) }
    bytes = capture.bytes
    scratch = try Scratch()
    self.capture = try scratch.write("a.pcapng", bytes)
  }

  @Test func theInputStays() throws {
    #expect(TestFile.makeLink(scratch.at("link"), to: capture))
    #expect(TestFile.name(capture, also: scratch.at("other")))
    for name in ["a.pcapng", "link", "other"] {
      for words in [
        [capture, "-w", scratch.at(name), "--force"], ["report", capture, "-o", scratch.at(name)],
        ["diff", capture, scratch.at("second"), "--svg", scratch.at(name)],
      ] {
        try scratch.write("second", bytes)
        let outcome = try run(words)
        #expect(outcome.status == 1, "\(words)")
        #expect(outcome.error.contains("\(name) is being read; write to another file"), "\(outcome.error)")
        #expect(try scratch.read("a.pcapng") == bytes, "\(words)")
      }
    }
  }

  @Test func anotherCaptureStaysUnlessForced() throws {
    try scratch.write("b.pcapng", "precious".utf8)
    let refused = try run([capture, "-w", scratch.at("b.pcapng")])
    #expect(refused.status == 1)
    #expect(refused.error.contains("b.pcapng exists; write to another file, or replace it with --force"))
    #expect(try scratch.text("b.pcapng") == "precious")
    #expect(try run([capture, "-w", scratch.at("b.pcapng"), "--force"]).status == 0)
    #expect(try run([scratch.at("b.pcapng")]).lines.count == 3)
    // An empty file may be filled, and anything but a regular file may be written to.
    try scratch.write("empty", [])
    #expect(try run([capture, "-w", scratch.at("empty")]).status == 0)
    #expect(try run([capture, "-w", "/dev/null"]).status == 0)
  }

  /// A report is made again and again; a file that is not a report stays.
  @Test func whatIsNoReportStaysUnlessForced() throws {
    try scratch.write("second", bytes)
    for (words, name) in [
      (["report", capture, "-o", scratch.at("report.html")], "report.html"),
      (["report", capture, "--svg", scratch.at("graphs")], "graphs/1-sequence.svg"),
      (["diff", capture, scratch.at("second"), "--svg", scratch.at("delay.svg")], "delay.svg"),
    ] {
      for _ in 0..<2 { #expect(try run(words).status == 0, "\(words)") }
      try scratch.write(name, "precious".utf8)
      let refused = try run(words)
      #expect(refused.status == 1, "\(words)")
      #expect(refused.error.contains(" exists; write to another file, or replace it with --force"), "\(refused.error)")
      #expect(try scratch.text(name) == "precious")
      #expect(try run(words + ["--force"]).status == 0)
      #expect(try scratch.text(name) != "precious")
    }
  }

  @Test func onlyWhatIsRemarkableHasAComment() throws {
    let talk = TestCapture()
    try talk.add(ConnectPacket(), connection: 5, to: tracker)
    try talk.add(ConnectedPacket(), connection: 5, from: tracker, to: alice)
    talk.add(try data(1, attempt: 1))
    #expect(try inspect(talk.bytes).lines[1].contains("[reply to 1, "))
    #expect(try inspect(talk.bytes, "-w", scratch.at("b.pcapng")).status == 0)
    var reader = CaptureReader()
    let file = try scratch.read("b.pcapng")
    reader.feed(file.span)
    reader.finish()
    var comments: [String?] = []
    while let record = try reader.next() {
      comments.append(record.comment.map { String(decoding: $0, as: UTF8.self) })
    }
    #expect(comments == [nil, nil, "resent, attempt 1"])
  }
}
