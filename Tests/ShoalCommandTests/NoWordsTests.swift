import TestSupport
import Testing

/// The three programs behave alike when they are run without arguments.
@Suite struct NoWordsTests {
  @Test(arguments: ["shoal", "shoal-dump", "shoal-wan"]) func helpIsAnErrorWhereNothingWasAsked(program: String) throws
  {
    let result = try RunningProgram.run(program)
    #expect(result.status == 2)
    #expect(result.output == "")
    #expect(result.error.hasPrefix("OVERVIEW: "))
    #expect(result.error == (try RunningProgram.run(program, ["--help"])).output)
  }

  @Test func aSubcommandThatIsMisspeltIsNoFile() throws {
    let result = try RunningProgram.run("shoal-dump", ["stat"])
    #expect(result.status == 1)
    #expect(result.error.hasSuffix("did you mean stats?\n"))
  }
}
