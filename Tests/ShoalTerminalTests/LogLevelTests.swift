import Testing

@testable import ShoalTerminal

@Suite struct LogLevelTests {
  private func lines(_ level: String) throws -> [String] {
    let (output, error) = (try Pipe(), try Pipe())
    guard case .run(let invocation) = try table.parse(["share", "f", "--log-level", level]) else { return [] }
    let console = Console(
      program: "shoal", invocation: invocation, output: output.writer, error: error.writer,
      environment: Environment([:]))
    console.note("a\n\nb")
    console.log("c")
    console.detail("d")
    console.warning("e")
    console.error("f")
    return error.read().split(separator: "\n").map { String($0.dropFirst(25)) }
  }

  private let table = Command(
    "shoal", "Move.", groups: [OptionGroup("OPTIONS", shared: true, [.verbose, .quiet, .color, .progress, .logLevel])],
    subcommands: [Command("share", "Offer.", arguments: [Argument("file", "File.")])])

  @Test func linesHaveTimeAndLevel() throws {
    let all = ["info    a", "info    b", "info    c", "debug   d", "warning e", "error   f"]
    #expect(try lines("debug") == all)
    #expect(try lines("info") == all.filter { !$0.hasPrefix("debug") })
    #expect(try lines("warning") == ["warning e", "error   f"])
    #expect(try lines("error") == ["error   f"])
  }
}
