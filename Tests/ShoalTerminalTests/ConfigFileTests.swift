import Testing

@testable import ShoalTerminal

/// Defaults from a file.
@Suite struct ConfigFileTests {
  private func given(_ text: String, _ words: String...) throws -> Invocation {
    let request = try shoal.parse(words) { () throws(UsageError) in try ConfigFile(path: "/c", text: text) }
    guard case .run(let invocation) = request else { throw UsageError("printed") }
    return invocation
  }

  private func fault(_ text: String, _ words: [String] = ["share", "f"]) -> String {
    do {
      _ = try shoal.parse(words) { () throws(UsageError) in try ConfigFile(path: "/c", text: text) }
      return "none"
    } catch { return error.message }
  }

  @Test func whatTheCommandLineLeavesOutIsRead() throws {
    let text = """
      # a comment
      color = never

      [get]
        --window =  512
      arq=gbn
      link = loss=5%, delay = 1ms
      link = loss=1%
      force = yes
      stay = no
      [share]
      """
    let get = try given(text, "get", "t", "--arq", "sr")
    #expect(get["window"].text == "512" && get["arq"].text == "sr" && get["color"].text == "never")
    #expect(get.all("link").map(\.text) == ["loss=5%, delay = 1ms", "loss=1%"])
    #expect(get.has("force") && !get.has("stay"))
    #expect(try given(text, "get", "t", "--link", "x").all("link").map(\.text) == ["x"])
    #expect(try given(text, "share", "f")["color"].text == "never")
  }

  @Test func aFaultyValueIsFoundByItsLine() throws {
    let window = try given("[get]\nwindow = many", "get", "t")["window"]
    #expect(throws: UsageError("/c:2: window many: must be 0 or more")) { try window.integer() }
  }

  @Test(
    arguments: [
      ("nonsense", "/c:1: nonsense is not of the form option = value"),
      ("[get", "/c:1: a section is written [command]"),
      ("\n[gte]\n", "/c:2: gte is no command; did you mean [get]?"),
      ("[send]", "/c:1: send is no command; did you mean [share]?"),
      ("colour = never", "/c:1: colour is no option that a file may give; did you mean color?"),
      ("[share]\nwindow = 1", "/c:2: window is no option of 'shoal share' that a file may give"),
      ("help = yes", "/c:1: help is no option that a file may give"),
      ("color = blue", "/c:1: color blue: must be auto, always or never"),
      ("quiet = perhaps", "/c:1: quiet perhaps: must be yes or no"),
      ("[get]\nwindow =", "/c:2: window \"\": needs a value"),
      ("= 3", "/c:1: \"\" is no option that a file may give"),
      ("\u{1B}[2J", "/c:1: \"\\x1B[2J\" is not of the form option = value"),
    ])
  func faultsNameFileAndLine(_ text: String, _ message: String) {
    #expect(fault(text).hasPrefix(message), "\(fault(text))")
  }

  /// A broken file must not prevent the user from reading the help.
  @Test func helpNeedsNoFile() {
    #expect(fault("nonsense", ["--help"]) == "none" && fault("nonsense", ["help", "get"]) == "none")
    #expect(fault("nonsense", ["--version"]) == "none")
  }

  @Test func whatSpeaksLastIsHeard() throws {
    #expect(try given("verbose = yes", "share", "f").last(of: "quiet", "verbose") == "verbose")
    #expect(try given("verbose = yes", "share", "f", "-q").last(of: "quiet", "verbose") == "quiet")
  }

  @Test func linesMayEndAsElsewhere() throws {
    #expect(try given("color = never\r\n[get]\r\nwindow = 7\r\n", "get", "t")["window"].text == "7")
  }
}
