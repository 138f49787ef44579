import Glibc
import Testing

@testable import ShoalTerminal

@Suite struct TerminalTests {
  @Test(
    arguments: [
      ([:], true, true), ([:], false, false), (["NO_COLOR": "1"], true, false), (["NO_COLOR": ""], true, true),
      (["CLICOLOR_FORCE": "1"], false, true), (["CLICOLOR_FORCE": "0"], false, false),
      (["NO_COLOR": "1", "CLICOLOR_FORCE": "1"], true, false), (["CLICOLOR": "0"], true, false),
      (["CLICOLOR": "1"], false, false), (["CLICOLOR": "0", "CLICOLOR_FORCE": "1"], true, true),
      (["TERM": "dumb"], true, false), (["TERM": "dumb", "CLICOLOR_FORCE": "1"], false, true),
    ] as [([String: String], Bool, Bool)])
  func colorPolicy(variables: [String: String], isTTY: Bool, expected: Bool) {
    #expect(Environment(variables).allowsColor(isTTY: isTTY) == expected)
  }

  @Test func colorOptionWins() throws {
    let pipe = try Pipe()
    let environment = Environment(["NO_COLOR": "1"])
    #expect(Terminal(pipe.writer, color: .always, environment: environment).paint("x", .red) == "\u{1B}[31mx\u{1B}[0m")
    #expect(
      Terminal(pipe.writer, color: .never, environment: Environment(["CLICOLOR_FORCE": "1"])).paint("x", .red) == "x")
  }

  @Test(
    arguments: [
      (["LANG": "en_US.UTF-8"], true), (["LC_CTYPE": "C.utf8"], true), (["LANG": "C"], false), ([:], false),
      (["LC_ALL": "C", "LANG": "en_US.UTF-8"], false), (["LC_ALL": "", "LANG": "en_US.UTF-8"], true),
      (["LC_ALL": "de_DE.UTF-8", "LANG": "C"], true),
    ] as [([String: String], Bool)])
  func charset(variables: [String: String], expected: Bool) { #expect(Environment(variables).isUTF8 == expected) }

  @Test func widthFollowsTheWindow() throws {
    let screen = try Screen(columns: 123)
    let terminal = Terminal(screen.terminal, environment: Environment(["COLUMNS": "70"]))
    #expect(terminal.isTTY)
    #expect(terminal.columns == 123)
    #expect(terminal.helpWidth == 100)
    screen.resize(columns: 41)
    #expect(terminal.columns == 41)
    #expect(terminal.helpWidth == 41)
    screen.resize(columns: 0)
    #expect(terminal.columns == 70)
  }

  @Test func widthWithoutAWindow() throws {
    let pipe = try Pipe()
    #expect(Terminal(pipe.writer, environment: Environment(["COLUMNS": "70"])).columns == 70)
    #expect(Terminal(pipe.writer, environment: Environment(["COLUMNS": "70"])).helpWidth == 80)
    #expect(Terminal(pipe.writer, environment: Environment(["COLUMNS": "x"])).columns == 80)
    #expect(Terminal(pipe.writer, environment: Environment([:])).columns == 80)
  }

  @Test func animation() throws {
    let screen = try Screen(columns: 80)
    let pipe = try Pipe()
    func animated(_ descriptor: Int32, _ variables: [String: String], _ policy: Policy = .auto) -> Bool {
      Terminal(descriptor, environment: Environment(variables)).isAnimated(policy)
    }
    #expect(animated(screen.terminal, ["TERM": "xterm"]))
    #expect(!animated(screen.terminal, ["TERM": "dumb"]))
    #expect(!animated(screen.terminal, ["CI": "true"]))
    #expect(!animated(pipe.writer, [:]))
    #expect(animated(pipe.writer, [:], .always))
    #expect(!animated(screen.terminal, [:], .never))
  }
}
