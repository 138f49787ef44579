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
    #expect(page.hasPrefix(".TH SHOAL 1 \"\" \"shoal 1.0\"\n.SH NAME\nshoal \\- Move files over UDP.\n.SH SYNOPSIS\n"))
    #expect(page.contains(".SS \"shoal get\"\nDownload a file"))
    #expect(page.contains(".TP\n.B \"\\-\\-arq <sr|gbn>\"\nSelective repeat or go\\-back\\-N. (default: sr)"))
    #expect(page.contains("shoal get \\(aqshoal:6b0c\\[u2026]\\(aq"))
  }

  @Test func topicsAreInHelpAndOnTheManPage() throws {
    let command = Command(
      "x", "X.", topics: [Topic("LINK", ["loss=5%": "Lost."])], exitStatus: Topic("EXIT STATUS", ["0": "Done."]))
    #expect(command.help().contains("LINK:\n  loss=5%                 Lost.\n"))
    let sections = ".SH \"LINK\"\n.TP\n.B \"loss=5%\"\nLost.\n.SH \"EXIT STATUS\"\n.TP\n.B \"0\"\nDone."
    #expect(command.manPage.hasSuffix(sections))
  }

  @Test func manPageTakesNoTextForARequest() {
    let page = Command("x", ".TH is \\fBnot\\fR a 'request'.").manPage
    #expect(page.contains("x \\- \\&.TH is \\efBnot\\efR a \\(aqrequest\\(aq."))
  }
}
