import Foundation
import ShoalBase
import ShoalCapture
import ShoalWire
import Testing

@testable import shoal_dump

/// No command destroys what it reads, or another capture without being told to.
@Suite struct OutputFileTests {
  private let folder: URL
  private let capture: URL
  private let bytes: [UInt8]

  init() throws {
    folder = try temporaryFolder()
    capture = folder.appending(path: "a.pcapng")
    let capture = TestCapture()
    for sequence in UInt32(0)..<3 { capture.add(try data(sequence)) }
    bytes = capture.bytes
    try Data(bytes).write(to: self.capture)
  }

  private func path(_ name: String) -> String { folder.appending(path: name).path }

  @Test func theInputStays() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileManager.default.createSymbolicLink(atPath: path("link"), withDestinationPath: capture.path)
    try FileManager.default.linkItem(atPath: capture.path, toPath: path("other"))
    for name in ["a.pcapng", "link", "other"] {
      for words in [
        [capture.path, "-w", path(name), "--force"], ["report", capture.path, "-o", path(name)],
        ["diff", capture.path, path("second"), "--svg", path(name)],
      ] {
        try Data(bytes).write(to: folder.appending(path: "second"))
        let outcome = try run(words)
        #expect(outcome.status == 1, "\(words)")
        #expect(outcome.error.contains("\(name) is what is being read; write to another file"), "\(outcome.error)")
        #expect(try Data(contentsOf: capture) == Data(bytes), "\(words)")
      }
    }
  }

  @Test func anotherCaptureStaysUnlessForced() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    try Data("precious".utf8).write(to: folder.appending(path: "b.pcapng"))
    let refused = try run([capture.path, "-w", path("b.pcapng")])
    #expect(refused.status == 1)
    #expect(refused.error.contains("b.pcapng exists; write to another file, or replace it with --force"))
    #expect(try Data(contentsOf: folder.appending(path: "b.pcapng")) == Data("precious".utf8))
    #expect(try run([capture.path, "-w", path("b.pcapng"), "--force"]).status == 0)
    #expect(try run([path("b.pcapng")]).lines.count == 3)
    // What is empty may be filled, and what is no file takes what it is given.
    try Data().write(to: folder.appending(path: "empty"))
    #expect(try run([capture.path, "-w", path("empty")]).status == 0)
    #expect(try run([capture.path, "-w", "/dev/null"]).status == 0)
  }

  /// A report is made again and again; what is no report stays.
  @Test func whatIsNoReportStaysUnlessForced() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    try Data(bytes).write(to: folder.appending(path: "second"))
    let graph = path("graphs/1-sequence.svg")
    for (words, name) in [
      (["report", capture.path, "-o", path("report.html")], path("report.html")),
      (["report", capture.path, "--svg", path("graphs")], graph),
      (["diff", capture.path, path("second"), "--svg", path("delay.svg")], path("delay.svg")),
    ] {
      for _ in 0..<2 { #expect(try run(words).status == 0, "\(words)") }
      try Data("precious".utf8).write(to: URL(fileURLWithPath: name))
      let refused = try run(words)
      #expect(refused.status == 1, "\(words)")
      #expect(refused.error.contains(" exists; write to another file, or replace it with --force"), "\(refused.error)")
      #expect(try String(contentsOfFile: name, encoding: .utf8) == "precious")
      #expect(try run(words + ["--force"]).status == 0)
      #expect(try String(contentsOfFile: name, encoding: .utf8) != "precious")
    }
  }

  @Test func onlyWhatIsRemarkableHasAComment() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let talk = TestCapture()
    try talk.add(ConnectPacket(), connection: 5, to: tracker)
    try talk.add(ConnectedPacket(), connection: 5, from: tracker, to: alice)
    talk.add(try data(1, attempt: 1))
    #expect(try inspect(talk.bytes).lines[1].contains("[reply to 1, "))
    #expect(try inspect(talk.bytes, "-w", path("b.pcapng")).status == 0)
    var reader = CaptureReader()
    try Data(contentsOf: folder.appending(path: "b.pcapng")).withUnsafeBytes { reader.feed($0) }
    reader.finish()
    var comments: [String?] = []
    while let record = try reader.next() {
      comments.append(record.comment.map { String(decoding: $0, as: UTF8.self) })
    }
    #expect(comments == [nil, nil, "resent, attempt 1"])
  }
}
