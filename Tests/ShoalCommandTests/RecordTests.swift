import Shoal
import TestSupport
import Testing

@testable import ShoalCommand

/// What an earlier run recorded is not lost.
@Suite(.inRealTime) struct RecordTests {
  @Test func theCommandThatResumesRecordsNothing() {
    let words = ["get", someID, "--capture", "a b", "--output", "x", "--qlog=q", "--", "--capture"]
    #expect(Session.resumeCommand(words) == "shoal get \(someID) --output x -- --capture")
    #expect(Session.resumeCommand(["get", "a?b", "--qlog", "q"]) == "shoal get 'a?b'")
  }

  @Test(arguments: ["--capture", "--qlog"])
  func recordsAreNotReplacedUnlessForced(_ option: String) async throws {
    let scratch = try Scratch()
    let path = try scratch.write("record", "precious".utf8)
    func start(_ words: String...) throws -> Peer {
      let invocation = try invocation("share", "x", option, path, words: words)
      var options = try Peer.Options(access: invocation, listen: "127.0.0.1:0")
      options.qlog = invocation.first("qlog")?.text
      return try Peer.start(options)
    }
    #expect(
      failure { _ = try start() }
        == "1 exists: \(option) \(path) exists; name another file, or replace it with --force")
    #expect(try scratch.text("record") == "precious")
    await (try start("--force")).close()
    #expect(try !scratch.text("record").contains("precious"))
  }

  @Test func anInterruptedDemoSaysWhatItLeaves() throws {
    let scratch = try Scratch()
    let folder = scratch.at("demo")
    let files = try DemoFiles(DemoPlan(invocation("demo", "--directory", folder)))
    #expect(files.remainder.isEmpty)
    try scratch.write("demo/a.pcapng", "datagrams".utf8)
    #expect(files.remainder == "; 9 B stay in \(folder)")
  }

  @Test(arguments: [
    (["--capture", "x", "--qlog", "./x"], "--qlog and --capture: both are x; name two files"),
    (["--capture", "x", "--output", "x"], "--capture x: is where the file is written; name another"),
    (["--qlog", "/tmp/../tmp/x.part", "--output", "/tmp/x"], "--qlog /tmp/../tmp/x.part: is where"),
    (["--capture", "film.mkv.part"], "--capture film.mkv.part: is where the file is written; name another"),
  ])
  func recordsHaveAPlaceOfTheirOwn(_ words: [String], _ message: String) throws {
    let ticket = "shoal:\(someID)?peer=192.0.2.7:7401&name=film.mkv"
    let invocation = try invocation("get", ticket, words: words)
    let request = try GetRequest(ticket, invocation, allowsPeers: true)
    let destination = try GetCommand.destination(invocation)
    #expect(
      failure { try invocation.checkRecords(against: destination.paths(of: request.subject)) }
        .hasPrefix("2 usage: \(message)"))
  }

  @Test func aDemoRefusesTheCapturesOfAnother() throws {
    let scratch = try Scratch()
    let folder = scratch.path
    try scratch.write("origin.pcapng", "precious".utf8)
    let plan = try DemoPlan(invocation("demo", "--directory", folder))
    #expect(
      failure { _ = try DemoFiles(plan) }
        == "1 exists: \(folder)/origin.pcapng exists; remove it, or use another --directory")
    #expect(throws: Never.self) {
      _ = try DemoFiles(DemoPlan(invocation("demo", "--directory", folder, "--no-capture")))
    }
  }
}
