import Foundation
import Shoal
import TestSupport
import Testing

/// The example in the documentation of `Peer` compiles, runs, and is the one that is shown there.
@Suite(.inRealTime) struct ExampleTests {
  @Test func runsAsDocumented() async throws {
    let scratch = try Scratch()
    _ = try scratch.file("film.mkv", 200_000)
    try await within(60) { try await Example.run(in: scratch.path + "/") }
    #expect(same(scratch.at("film.mkv"), scratch.at("copy.mkv")))
  }

  @Test func isTheDocumentedOne() throws {
    let here = URL(fileURLWithPath: #filePath)
    let test = try String(contentsOf: here, encoding: .utf8).replacing("directory" + " + ", with: "")
    let source = here.deletingLastPathComponent().appendingPathComponent("../../Sources/Shoal/API/Peer.swift")
    let text = try String(contentsOf: source, encoding: .utf8)
    let parts = text.components(separatedBy: "/// ```")
    try #require(parts.count >= 3)
    for line in parts[1].split(separator: "\n").dropFirst() {
      let code = line.drop { $0 == "/" || $0 == " " }
      #expect(code.isEmpty || test.contains(code), "\(code)")
    }
  }
}

enum Example {
  static func run(in directory: String) async throws {
    // One side serves a file, with a tracker of its own.
    let origin = try Peer.start(Peer.Options(listen: "127.0.0.1:0", runsTracker: true))
    let share = try await origin.share(directory + "film.mkv")
    print(share.ticket)

    // The other fetches it by its ticket.
    let peer = try Peer.start()
    let download = try await peer.download(share.ticket, to: .file(directory + "copy.mkv"))
    for try await progress in download.progress {
      print(progress.phase, progress.bytes, "of", progress.total ?? 0)
    }
    await peer.close()
    await origin.close()
  }
}
