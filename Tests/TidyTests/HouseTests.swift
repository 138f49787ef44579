import Foundation
import TestSupport
import Testing

/// The house is tidy: small files, no leftovers, documents that agree with the code.
@Suite struct HouseTests {
  @Test(arguments: Tree.all) func isSmall(_ file: Tree.File) {
    #expect(file.lines.count <= 401, "over 400 lines: is it one thing?")
  }

  @Test(arguments: Tree.all) func leavesNothingUnfinished(_ file: Tree.File) throws {
    guard !file.path.hasPrefix("Tests/TidyTests") else { return }
    // Few files have any such word, and looking at each line takes long.
    guard ["TODO", "FIXME", "XXX", "HACK"].contains(where: { file.text.contains($0) }) else { return }
    for line in file.lines {
      #expect(!line.contains(/\b(TODO|FIXME|XXX|HACK)\b/), "\(line)")
    }
  }

  @Test(arguments: Tree.swift.filter { !$0.path.hasPrefix("Sources/ShoalCommand") && !$0.path.hasPrefix("tools") })
  func isUsedByAnother(_ file: Tree.File) throws {
    let pattern =
      /^(?:(?:public|package|internal|final|indirect) )*(?:struct|class|enum|protocol|actor|func|typealias) (\w+)/
    let names = try file.lines.compactMap { try pattern.firstMatch(in: $0).map { String($0.1) } }
    guard !names.isEmpty else { return }
    let others = Tree.all.filter { $0.path != file.path }
    let isUsed = names.contains { name in others.contains { $0.text.contains(name) } }
    #expect(isUsed, "nobody else names any of \(names.joined(separator: ", "))")
  }

  /// `--filter` takes a suite's name, so no two suites may share one.
  @Test func everyTestFileAndSuiteHasANameOfItsOwn() {
    let files = Tree.files(["Tests"], [".swift"])
    let names = files.map { file in (name: file.path.split(separator: "/").last?.description ?? "", file: file.path) }
    let pattern = /\b(?:struct|class|enum|actor|extension) (\w+Tests)\b/
    let suites = files.flatMap { file in
      Set(file.text.matches(of: pattern).map { String($0.1) }).map { (name: $0, file: file.path) }
    }
    for (name, places) in Dictionary(grouping: names + suites, by: \.name) where places.count > 1 {
      Issue.record("\(name): \(places.map(\.file).sorted().joined(separator: ", "))")
    }
  }

  /// `.ci/run` takes a skipped test for a missing tool, so only that may skip one.
  @Test func noTestWaitsToBeAskedFor() {
    for file in Tree.files(["Tests"], [".swift"]) where !file.path.hasPrefix("Tests/TidyTests") {
      for line in file.lines where line.contains(".enabled(if:") {
        #expect(!line.contains("environment"), "\(file.path): \(line)")
      }
    }
  }

  /// Each `await` of others waits for whatever only computes, while their time limits pass.
  @Test func whatAwaitsPeersRunsInRealTime() {
    for file in Tree.files(["Tests/EndToEndTests"], ["Tests.swift"]) where file.text.contains("async throws") {
      #expect(file.text.contains(".inRealTime"), "\(file.path)")
    }
  }

  @Test func hasTheLayoutThatTheUserAskedFor() throws {
    let allowed: Set = ["Package.swift", "Sources", "Tests", "Protocol.md", "tools", "README.md", "LICENSE"]
    let names = try FileManager.default.contentsOfDirectory(atPath: Checkout.root.path)
    for name in names where !name.hasPrefix(".") && name != "Package.resolved" {
      #expect(allowed.contains(name), "\(name) at the top level")
    }
  }

  @Test func refersToSectionsThatExist() throws {
    let headings = try Checkout.text("Protocol.md").split(separator: "\n").filter { $0.hasPrefix("#") }
    for file in Tree.all {
      for match in file.text.matches(of: /Protocol\.md §((?:[0-9]+|[A-Z])(?:\.[0-9]+)*)/) {
        let exists = headings.contains { $0.contains(try! Regex("^#+ (Appendix )?\(match.1)[. ]")) }
        #expect(exists, "\(file.path): Protocol.md has no §\(match.1)")
      }
    }
  }

  @Test(arguments: [
    "create_chunks", "get_local_ip", "get_peers_for_file", "handle_client", "register", "request_chunk",
    "request_chunks", "start_server", "update_chunk_availability", "update_files_from_tracker", "calculate_checksum",
    "validate_checksum", "deregister", "get_peers", "update",
  ])
  func hasAPlaceForTheOriginals(_ function: String) throws {
    let readme = try Checkout.text("README.md")
    #expect(readme.contains(try Regex("`[^`]*\\b\(function)\\b[^`]*`")), "the README does not say what became of it")
  }

  @Test func theReadmeNamesTheTwoCommands() throws {
    let readme = try Checkout.text("README.md")
    #expect(readme.contains("swift run -c release shoal demo"))
    #expect(readme.contains("swift test"))
  }
}
