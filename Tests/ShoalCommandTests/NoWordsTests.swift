import Testing

/// The three programs behave alike when they are asked for nothing.
@Suite struct NoWordsTests {
  @Test(arguments: ["shoal", "shoal-dump", "shoal-wan"]) func helpIsAnErrorWhereNothingWasAsked(program: String) throws
  {
    let result = try BuiltProgram.shell(program)
    #expect(result.status == 2)
    #expect(result.output == "")
    #expect(result.error.hasPrefix("OVERVIEW: "))
    #expect(result.error == (try BuiltProgram.shell("\(program) --help")).output)
  }

  @Test func aSubcommandThatIsMisspeltIsNoFile() throws {
    let result = try BuiltProgram.shell("shoal-dump stat")
    #expect(result.status == 1)
    #expect(result.error.hasSuffix("did you mean stats?\n"))
  }
}
