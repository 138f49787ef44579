import Testing

@testable import ShoalTerminal

@Suite struct HelpTests {
  @Test func helpOfASubcommand() throws {
    let expected = """
      OVERVIEW: Download a file from every peer that has it, and verify it.

      USAGE: shoal get <ticket> [<options>]

      EXAMPLES:
        shoal get 'shoal:6b0c…'

      ARGUMENTS:
        <ticket>                Ticket in single quotes, or a name or id.

      OPTIONS:
        --output <path>         Where to write. (default: the ticket's name)
        --force                 Replace a different file.
        --stay                  Keep serving afterwards.

      TRANSPORT:
        --arq <sr|gbn>          Selective repeat or go-back-N. (default: sr)
        --window <packets>      Most packets unacknowledged. (default: 65536)
        --link <spec>           Impair this link: loss=5%,delay=10ms.
        -c, --capture <file>    Record every datagram as pcapng.

        See 'shoal help' for the other subcommands and the options they share.
      """
    #expect(try printed(shoal, "get", "--help") == expected)
    #expect(try printed(shoal, "help", "get") == expected)
    #expect(try printed(shoal, "get", "t", "-h") == expected)
  }

  @Test func helpOfAProgram() throws {
    let expected = """
      OVERVIEW: Move files over UDP.

      USAGE: shoal <subcommand> [<options>]

      OPTIONS:
        -v, --verbose           Also show peers, retries and exact numbers.
        -q, --quiet             Print nothing but errors.
        --color <auto|always|never>
                                Use colours. (default: auto)
        --progress <auto|always|never>
                                Show a live progress line. (default: auto)
        -h, --help              Show help.
        --version               Show the version.

      SUBCOMMANDS:
        get                     Download a file from every peer that has it, and
                                verify it.
        share                   Offer files.
        lookup                  Ask a tracker.

        See 'shoal help <subcommand>' or --man. An option's last value counts.
      """
    #expect(try printed(shoal, "--help") == expected)
    #expect(try printed(shoal, "help") == expected)
    #expect(shoal.help() == expected)
    #expect(expected.split(separator: "\n", omittingEmptySubsequences: false).count < 50)
  }

  @Test func usageShowsCountsAndBothForms() throws {
    #expect(try printed(shoal, "help", "share").contains("USAGE: shoal share <file> ... [<port>]\n"))
    #expect(try printed(shoal, "help", "lookup").contains("USAGE: shoal lookup <id> [<peer> ...]\n"))
    let both = "USAGE: shoal-dump <file> [<options>]\n       shoal-dump <subcommand>\n"
    #expect(dump.help().contains(both))
  }

  @Test(arguments: [20, 30, 40, 49, 50, 60, 100]) func linesAreWrapped(width: Int) {
    for line in [shoal.withBuiltIns, get].help(width: width).split(separator: "\n") where line.contains(" ") {
      let words = line.split(separator: " ")
      // Labels and examples stay whole.
      let isWhole = words.count == 1 || line.contains("<") || line.contains("'")
      #expect(isWhole || displayWidth(String(line)) <= max(width, 20), "\(line)")
    }
  }

  @Test func wideTerminalsKeepTheColumn() {
    let line = shoal.help(width: 100).split(separator: "\n").first { $0.hasPrefix("  get") }
    #expect(line == "  get                     Download a file from every peer that has it, and verify it.")
    let narrow = shoal.help(width: 40)
    #expect(narrow.contains("  get\n        Download a file from every peer\n        that has it, and verify it.\n"))
  }

  @Test func versionIsPrinted() throws {
    let version = try printed(shoal, "--version")
    let form = /shoal 1\.0 \((commit [0-9a-f]{12}\+?|unknown commit), built 2\d\d\d-\d\d-\d\d\)/
    #expect(version.wholeMatch(of: form) != nil, "\(version)")
    #expect(Build.iso("Nov  9 2026") == "2026-11-09" && Build.iso("Feb 28 2027") == "2027-02-28")
    #expect(failure(dump, "--version").hasPrefix("unknown option --version"))
  }
}
