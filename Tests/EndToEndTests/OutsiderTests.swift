import Foundation
import Shoal
import TestSupport
import Testing

/// What is visible to a user's program, which only imports `Shoal` and is not part of this package.
@Suite(.inRealTime) struct OutsiderTests {
  private static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  private static func text(_ path: String) throws -> String {
    try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
  }

  private static func names(in folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: root.appendingPathComponent(folder).path).sorted()
  }

  private static let tutorial = "Sources/Shoal/Shoal.docc/Resources"

  /// Runs a program to its end on a thread of its own, as other tests need the pool's.
  private static func run(_ name: String, _ arguments: [String]) async throws -> Outcome {
    try await withCheckedThrowingContinuation { continuation in
      Thread.detachNewThread {
        continuation.resume(with: Result { try RunningProgram.run(name, arguments, deadline: .seconds(120)) })
      }
    }
  }

  /// Type-checks a file against the modules that were built.
  private static func check(_ path: String) async throws -> Outcome {
    let build = RunningProgram.buildFolder
    let maps = ["CShoal", "CShoalKernels"].flatMap {
      ["-Xcc", "-fmodule-map-file=\(build)/\($0).build/module.modulemap"]
    }
    return try await run(
      "swiftc",
      ["-typecheck", "-swift-version", "6", "-parse-as-library", "-warnings-as-errors", "-I", "\(build)/Modules"]
        + maps + [root.appendingPathComponent(path).path])
  }

  @Test func importingShoalIsEnough() async throws {
    let outcome = try await Self.check("Tests/EndToEndTests/Outsider/Vocabulary.swift")
    #expect(outcome.status == 0, "\(outcome)")
  }

  /// Every type that the library's own files make public.
  @Test func everyTypeIsNamed() throws {
    let vocabulary = try Self.text("Tests/EndToEndTests/Outsider/Vocabulary.swift")
    let pattern = /^ *public (?:final |indirect )?(?:struct|class|enum|typealias|protocol|actor) (\w+)/
    var count = 0
    for name in try Self.names(in: "Sources/Shoal/API") {
      for line in try Self.text("Sources/Shoal/API/\(name)").split(separator: "\n") {
        guard let type = line.firstMatch(of: pattern)?.1, !["Element", "Failure"].contains(type) else { continue }
        count += 1
        #expect(vocabulary.contains(try Regex("\\b\(type)\\b").wordBoundaryKind(.simple)), "\(type) in \(name)")
      }
    }
    #expect(count > 25)
    for folder in ["Loop", "Files", "Linux"] {
      for name in try Self.names(in: "Sources/Shoal/\(folder)") {
        let text = try Self.text("Sources/Shoal/\(folder)/\(name)")
        let isPublic = text.split(separator: "\n").contains { $0.drop { $0 == " " }.hasPrefix("public ") }
        #expect(!isPublic, "\(name): what is public is in API")
      }
    }
  }

  @Test func theTutorialCompiles() async throws {
    let files = try Self.names(in: Self.tutorial).filter { $0.hasSuffix(".swift") }
    #expect(files.count > 5)
    for file in files {
      let outcome = try await Self.check("\(Self.tutorial)/\(file)")
      #expect(outcome.status == 0, "\(outcome)")
    }
    let pages = try Self.names(in: "Sources/Shoal/Shoal.docc").filter { $0.hasSuffix(".tutorial") }
    let shown = try pages.map { try Self.text("Sources/Shoal/Shoal.docc/\($0)") }.joined()
    for file in files { #expect(shown.contains("file: \"\(file)\""), "\(file) is shown nowhere") }
  }

  // MARK: The examples

  @Test func theFirstExampleFetchesWhatItShares() async throws {
    let scratch = try Scratch()
    let file = try scratch.file("film.mkv", 300_000)
    let outcome = try await Self.run("example-fetch", [file, scratch.at("copy")])
    #expect(outcome.status == 0 && outcome.output.contains("film.mkv: 300000 bytes, shoal1"), "\(outcome)")
    #expect(try scratch.read("copy") == scratch.read("film.mkv"))
  }

  @Test func theSecondShowsProgressAndGivesUp() async throws {
    let scratch = try Scratch()
    let origin = try peer()
    let share = try await origin.share(try scratch.file("in", 300_000))
    let done = try await Self.run("example-progress", ["\(share.ticket)", scratch.at("out"), "30"])
    #expect(done.status == 0 && done.output.hasSuffix("\(scratch.at("out")) is here\n"), "\(done)")
    #expect(done.output.contains("finished 100 %"))
    await origin.close()
    let given = try await Self.run("example-progress", ["\(share.ticket)", scratch.at("other"), "1"])
    #expect(given.status == 0 && given.output.contains("given up"), "\(given)")
  }

  @Test func examplesSayHowTheyAreUsed() async throws {
    for name in ["example-fetch", "example-progress"] {
      let outcome = try await Self.run(name, [])
      #expect(outcome.status == 2 && outcome.output.hasPrefix("usage: \(name) "), "\(outcome)")
    }
  }

  @Test func theThirdFindsAndStreams() async throws {
    let outcome = try await Self.run("example-stream", ["all", "that", "glitters"])
    #expect(outcome.status == 0, "\(outcome)")
    #expect(outcome.lines == ["1 of 1 chunks are at a peer", "all that glitters"])
  }
}
