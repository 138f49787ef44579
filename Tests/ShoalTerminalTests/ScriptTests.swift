import Testing

@testable import ShoalTerminal

@Suite struct ScriptTests {
  @Test(arguments: Shell.allCases) func scriptsNameEverything(shell: Shell) throws {
    let script = try printed(shoal, "--generate-completion-script", shell.rawValue)
    #expect(script == shoal.completionScript(for: shell))
    for word in ["get", "share", "lookup", "help", "output", "window", "capture", "sr gbn", "auto always never", "man"]
    {
      #expect(script.contains(word), "\(word)")
    }
  }

  @Test func manPage() throws {
    let page = try printed(shoal, "--man")
    let date = Build.date.replacing("-", with: "\\-")
    #expect(
      page.hasPrefix(
        ".TH \"SHOAL\" \"1\" \"\(date)\" \"shoal 1.0\" \"User Commands\"\n.SH NAME\nshoal \\- move files over UDP\n"))
    #expect(page.contains(".SS \"shoal get\"\nDownload a file"))
    #expect(page.contains(".TP\n.B \"\\-\\-arq <sr|gbn>\"\nSelective repeat or go\\-back\\-N. (default: sr)"))
    #expect(page.contains("shoal get \\(aqshoal:6b0c\\[u2026]\\(aq"))
  }

  @Test func topicsAreInHelpAndOnTheManPage() throws {
    let command = Command(
      "x", "Does x. Well.", topics: [Topic("LINK", ["loss=5%": "Lost."])],
      manual: Manual(
        ["At length."], sections: [Topic("EXIT STATUS", ["0": "Done."])], seeAlso: ["a(1)", "b\u{2D}c(8)"]))
    #expect(command.help().contains("LINK:\n  loss=5%                 Lost.\n"))
    let page = command.manPage
    #expect(page.contains(".SH NAME\nx \\- does x\n.SH SYNOPSIS\n"))
    #expect(page.contains(".SH DESCRIPTION\n.PP\nAt length.\n"))
    let sections = ".SH \"LINK\"\n.TP\n.B \"loss=5%\"\nLost.\n.SH \"EXIT STATUS\"\n.TP\n.B \"0\"\nDone."
    #expect(page.hasSuffix(sections + "\n.SH \"SEE ALSO\"\na(1),\nb\\-c(8)"))
  }

  @Test func manPageTakesNoTextForARequest() {
    let page = Command("x", ".TH is \\fBnot\\fR a 'request'.").manPage
    #expect(page.contains(".PP\n\\&.TH is \\efBnot\\efR a \\(aqrequest\\(aq."))
  }
}
