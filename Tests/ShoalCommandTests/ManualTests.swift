import TestSupport
import Testing

/// The man pages of the three programs.
@Suite struct ManualTests {
  @Test(arguments: ["shoal", "shoal-dump", "shoal-wan"]) func aPageHasWhatPagesHave(program: String) throws {
    let page = try RunningProgram.run(program, ["--man"]).output
    for section in [
      "NAME", "SYNOPSIS", "DESCRIPTION", "\"OPTIONS\"", "\"EXIT STATUS\"", "\"ENVIRONMENT\"", "\"FILES\"",
      "\"SEE ALSO\"", "EXAMPLES",
    ] {
      #expect(page.contains("\n.SH \(section)\n"), "\(section)")
    }
    // The line that `apropos` shows is a single one, and fits the screen.
    let lines = page.split(separator: "\n")
    let name = try #require(lines.firstIndex(of: ".SH NAME"))
    #expect(lines[name + 1].hasPrefix("\(program.replacing("-", with: "\\-")) \\- ") && lines[name + 2].hasPrefix("."))
    #expect(lines[name + 1].count <= 100)
  }
}
