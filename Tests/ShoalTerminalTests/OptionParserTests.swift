import ShoalTerminal
import Testing

@Suite struct OptionParserTests {
  @Test func valuesComeInEitherForm() throws {
    let separate = try run(shoal, "get", "--output", "a", "t", "--window", "9")
    let joined = try run(shoal, "get", "--output=a", "--window=9", "t")
    for invocation in [separate, joined] {
      #expect(invocation.path == ["shoal", "get"])
      #expect(invocation.name == "get")
      #expect(invocation["output"].text == "a")
      #expect(try invocation["window"].integer() == 9)
      #expect(invocation["ticket"].text == "t")
    }
    #expect(try run(shoal, "get", "t", "--output=")["output"].text == "")
    #expect(try run(shoal, "get", "t", "--output=a=b")["output"].text == "a=b")
    #expect(try run(shoal, "get", "t", "--window", "-5")["window"].text == "-5")
  }

  @Test func shortOptionsCombine() throws {
    let invocation = try run(shoal, "get", "-vqcx.pcapng", "t")
    #expect(invocation.has("verbose") && invocation.has("quiet"))
    #expect(invocation["capture"].text == "x.pcapng")
    #expect(try run(shoal, "get", "-c", "y", "t")["capture"].text == "y")
  }

  @Test func flagsAndDefaults() throws {
    let invocation = try run(shoal, "get", "t", "--force")
    #expect(invocation.has("force") && !invocation.has("stay"))
    #expect(invocation["arq"].text == "sr")
    #expect(invocation.first("output") == nil)
    #expect(invocation.all("link").isEmpty)
  }

  @Test func repeatedOptionsAreKeptAndOthersOverridden() throws {
    let invocation = try run(shoal, "get", "t", "--link", "loss=1%", "--link=delay=2ms", "--arq", "gbn", "--arq", "sr")
    #expect(invocation.all("link").map(\.text) == ["loss=1%", "delay=2ms"])
    #expect(invocation["arq"].text == "sr")
  }

  @Test func doubleDashEndsOptionsAndDashIsAnArgument() throws {
    #expect(try run(shoal, "get", "--", "--force")["ticket"].text == "--force")
    #expect(try run(shoal, "get", "-")["ticket"].text == "-")
    #expect(try run(shoal, "share", "--", "help", "-v").all("file").map(\.text) == ["help", "-v"])
  }

  @Test func sharedOptionsWorkOnBothSidesOfTheSubcommand() throws {
    #expect(try run(shoal, "--verbose", "get", "t").has("verbose"))
    #expect(try run(shoal, "get", "t", "--verbose").has("verbose"))
  }

  @Test func argumentsAreBoundByCount() throws {
    let share = try run(shoal, "share", "a", "b", "c")
    #expect(share.all("file").map(\.text) == ["a", "b", "c"])
    #expect(!share.has("port"))
    let lookup = try run(shoal, "lookup", "id", "p", "q")
    #expect(lookup.all("peer").map(\.text) == ["p", "q"])
    #expect(try run(shoal, "lookup", "id").all("peer").isEmpty)
  }

  @Test func commandMayHaveBothArgumentsAndSubcommands() throws {
    #expect(try run(dump, "a.pcapng", "--time=utc").path == ["shoal-dump"])
    #expect(try run(dump, "stats", "a.pcapng").path == ["shoal-dump", "stats"])
    #expect(
      failure(dump, "--time", "utc", "stats", "a")
        == "--time: not an option of 'shoal-dump stats'; see 'shoal-dump stats --help'")
    #expect(failure(dump, "--time", "utc") == "missing <file>; see 'shoal-dump --help'")
    #expect(failure(dump, "stat", "a") == "unknown subcommand \"stat\"; did you mean stats?")
  }

  @Test func errorsAreOneLineAndSayWhatToDo() {
    #expect(failure(shoal, "get", "--widnow", "1") == "unknown option --widnow; did you mean --window?")
    #expect(failure(shoal, "get", "--win=1") == "unknown option --win; did you mean --window?")
    #expect(failure(shoal, "get", "--zzz") == "unknown option --zzz; see 'shoal get --help'")
    #expect(failure(shoal, "get", "-x") == "unknown option -x; see 'shoal get --help'")
    #expect(failure(shoal, "gte") == "unknown subcommand \"gte\"; did you mean get?")
    #expect(failure(shoal, "frobnicate") == "unknown subcommand \"frobnicate\"; see 'shoal --help'")
    #expect(failure(shoal, "help", "shrae") == "unknown subcommand \"shrae\"; did you mean share?")
    #expect(failure(shoal, "get") == "missing <ticket>; see 'shoal get --help'")
    #expect(failure(shoal, "get", "a", "b") == "unexpected argument \"b\"; see 'shoal get --help'")
    #expect(failure(shoal, "get", "t", "--output") == "--output: needs <path>")
    #expect(
      failure(shoal, "get", "--output", "--force")
        == "--output: needs <path>; if --force is meant, write --output=--force")
    #expect(failure(shoal, "get", "--force=yes") == "--force yes: takes no value")
    #expect(failure(shoal, "get", "--arq", "tcp") == "--arq tcp: must be sr or gbn")
    #expect(failure(shoal, "--color=red") == "--color red: must be auto, always or never")
  }

  @Test func theLastOfOptionsThatContradictCounts() throws {
    for (words, verbosity) in [
      ([], Console.Verbosity.normal), (["-v"], .verbose), (["-q"], .quiet), (["-q", "-v"], .verbose),
      (["-v", "-q"], .quiet), (["-v", "-q", "-v"], .verbose),
    ] {
      guard case .run(let invocation) = try shoal.parse(["get", "t"] + words) else { continue }
      #expect(Console(program: "shoal", invocation: invocation).verbosity == verbosity, "\(words)")
    }
  }

  @Test func wordsThatOtherProgramsUseAreUnderstood() {
    #expect(failure(shoal, "receive") == "unknown subcommand \"receive\"; did you mean get?")
    #expect(failure(shoal, "SEND", "a") == "unknown subcommand \"SEND\"; did you mean share?")
    #expect(failure(shoal, "help", "send") == "unknown subcommand \"send\"; did you mean share?")
  }

  @Test func anOptionBeforeItsSubcommandIsToldItsPlace() {
    let place = "--window is an option of 'shoal get': write it after get"
    #expect(failure(shoal, "--window", "9", "get", "t") == place)
    #expect(failure(shoal, "--window=9", "get", "t") == place)
    #expect(failure(shoal, "--window", "9") == place)
    #expect(failure(shoal, "-c", "a", "get", "t") == "-c is an option of 'shoal get': write it after get")
    #expect(failure(shoal, "--window", "9", "share", "t") == "unknown option --window; see 'shoal --help'")
  }

  @Test func aValueThatTheShellHasCutIsNamed() {
    #expect(
      failure(shoal, "get", "t", "--link", "loss=5%", "delay=10ms")
        == "unexpected argument \"delay=10ms\"; for --link, write commas without spaces: loss=5%,delay=10ms")
    #expect(failure(shoal, "get", "t", "a=b") == "unexpected argument \"a=b\"; see 'shoal get --help'")
  }

  @Test func noWordsAtAllAreAnsweredByHelp() throws {
    for command in [shoal, dump] {
      guard case .misuse(let help) = try command.parse([]) else { Issue.record("not help"); continue }
      #expect(help == command.help())
    }
    #expect(failure(shoal, "--verbose") == "missing <subcommand>; see 'shoal --help'")
  }

  @Test func hostileWordsAreEscaped() {
    #expect(failure(shoal, "get", "--\u{1B}[2J") == "unknown option \"--\\x1B[2J\"; see 'shoal get --help'")
    #expect(failure(shoal, "get", "a", "\u{202E}b") == "unexpected argument \"\\u{202E}b\"; see 'shoal get --help'")
    #expect(failure(shoal, String(repeating: "x", count: 100_000)).hasSuffix("see 'shoal --help'"))
  }

  @Test func integersStayInRange() throws {
    func window(_ text: String) throws -> GivenValue { try run(shoal, "get", "t", "--window", text)["window"] }
    func message(_ body: () throws -> Int) -> String {
      do { return "\(try body())" } catch { return (error as? UsageError)?.message ?? "" }
    }
    #expect(try window("").text == "")
    #expect(message { try window("0").integer(from: 1, of: "packets") } == "--window 0: must be 1 or more packets")
    #expect(message { try window("9x").integer(from: 1, to: 8) } == "--window 9x: must be 1 to 8")
    #expect(message { try window("").integer() } == "--window \"\": must be 0 or more")
    #expect(message { try window("99999999999999999999").integer(to: 8) }.hasSuffix("must be 0 to 8"))
    #expect(message { try window("7").integer(from: 1, to: 8) } == "7")
  }

  @Test func numbersAndSizesStayInRange() throws {
    func value(_ text: String) throws -> GivenValue { try run(shoal, "get", "t", "--window", text)["window"] }
    func message(_ body: () throws -> Any) -> String {
      do { return "\(try body())" } catch { return (error as? UsageError)?.message ?? "" }
    }
    #expect(message { try value("2.5").double() } == "2.5")
    #expect(message { try value("nan").double(from: 0.5, to: 2, of: "s") } == "--window nan: must be 0.5 to 2 s")
    #expect(message { try value("inf").double() } == "--window inf: must be 0 or more")
    #expect(message { try value("1MiB").bytes() } == "1048576")
    #expect(message { try value("1K").bytes() } == "--window 1K: must be a size such as 65536, 64kB or 1MiB")
    #expect(message { try value("1").bytes(from: 65536, to: 1 << 22) } == "--window 1: must be 64 KiB to 4 MiB")
  }
}
