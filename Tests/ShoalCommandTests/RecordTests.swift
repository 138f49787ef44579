import Foundation
import Shoal
import Testing

@testable import ShoalCommand

/// What an earlier run has recorded is not lost.
@Suite struct RecordTests {
  @Test func theCommandThatResumesRecordsNothing() {
    let words = ["get", someID, "--capture", "a b", "--output", "x", "--qlog=q", "--", "--capture"]
    #expect(Session.resumeCommand(words) == "shoal get \(someID) --output x -- --capture")
    #expect(Session.resumeCommand(["get", "a?b", "--qlog", "q"]) == "shoal get 'a?b'")
  }

  @Test(arguments: ["--capture", "--qlog"])
  func recordsAreNotReplacedUnlessForced(_ option: String) async throws {
    let path = NSTemporaryDirectory() + "record-\(UUID())"
    defer { try? FileManager.default.removeItem(atPath: path) }
    func start(_ words: String...) throws -> Peer {
      let invocation = try invocation("share", "x", option, path, words: words)
      var options = try NodeOptions(access: invocation, listen: "127.0.0.1:0")
      options.qlog = invocation.first("qlog")?.text
      return try Peer.start(options)
    }
    try Data("precious".utf8).write(to: URL(filePath: path))
    #expect(
      failure { _ = try start() }
        == "1 exists: \(option) \(path) exists; name another file, or replace it with --force")
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "precious")
    await (try start("--force")).close()
    #expect(try !String(contentsOfFile: path, encoding: .isoLatin1).contains("precious"))
  }

  @Test func aDemoRefusesTheCapturesOfAnother() throws {
    let folder = NSTemporaryDirectory() + "demo-\(UUID())"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try Data("precious".utf8).write(to: URL(filePath: folder + "/origin.pcapng"))
    let plan = try DemoPlan(invocation("demo", "--directory", folder))
    #expect(
      failure { _ = try DemoFiles(plan) }
        == "1 exists: \(folder)/origin.pcapng exists; remove it, or use another --directory")
    #expect(throws: Never.self) {
      _ = try DemoFiles(DemoPlan(invocation("demo", "--directory", folder, "--no-capture")))
    }
  }
}
