import ShoalBase
import ShoalTerminal

extension ShoalDump {
  /// The commands and options of the program.
  static let command = Command(
    "shoal-dump", "Show the Shoal datagrams in a capture, and what happened to them.",
    usage: ["shoal-dump [<subcommand>] <file> [<options>]"],
    examples: [
      "shoal-dump -f 'resent && attempt > 1' a.pcapng"
    ],
    arguments: [
      Argument("file", "Capture to read, pcapng or pcap; - for standard input.", count: .optional, completes: .files)
    ],
    groups: [
      OptionGroup(
        "OPTIONS",
        [
          Option("verbose", "Show every field.", short: "v"),
          Option("bytes", "Show the bytes, with a bar before each field.", short: "x"),
          Option(
            "read", "The same as <file>, as in tcpdump.", short: "r", value: "file", completes: .files,
            isListed: false),
          Option(
            "numeric", "Accepted, as in tcpdump: addresses and ports are always numbers.", short: "n",
            isListed: false),
          Option("interface", "Capture live, as root; 'any': on all interfaces.", short: "i", value: "name"),
          Option(
            "write", "Write a pcapng instead; --force replaces one.", short: "w", value: "file",
            completes: .files),
          Option("force", "Replace the file that --write names.", isListed: false),
          Option("qlog", "Print a qlog instead of lines."),
          Option(
            "merge", "Show a peer's qlog too, from 'shoal --qlog'.", value: "file", repeats: true,
            completes: .files, isListed: false),
          Option("hex", "Decode a hex dump of one datagram, on standard input."),
          Option("all", "Show other UDP datagrams and IP fragments too."),
          Option("count", "Stop after this many datagrams.", short: "c", value: "n"),
          Option(
            "time", "How to show the time.",
            oneOf: TimeStyle.allCases.map(\.rawValue), default: TimeStyle.relative.rawValue),
          Option("absolute", "Show DATA numbers as on the wire.", isListed: false),
          Option("tables", "Print the tables of all packets and messages.", isListed: false),
          Option("lua", "Print the dissector for Wireshark."),
          Option("fields", "List the fields of --filter and --assert."),
        ]),
      OptionGroup(
        "OPTIONS", shared: true,
        [
          Option("json", "Print one JSON object a line."), Option("quiet", "Print nothing but errors.", short: "q"),
          .color,
        ]),
      FilterOptions.group,
    ],
    manual: Manual(
      [
        "shoal-dump reads captures of Shoal's traffic (its own, tcpdump's and Wireshark's) and prints a line for each "
          + "datagram: number, time, addresses, content, and in brackets what happened to it. To know that, it follows every "
          + "flow: which packets are repeats and why, and what was lost, corrupted, duplicated, reordered or late.",
        "Its subcommands sum up a capture, compare the captures of both ends, reassemble the files, and draw a report.",
      ],
      sections: [
        Topic(
          "EXIT STATUS",
          [
            "0": "Done.", "1": "Failed, or an --assert does not hold.",
            "2": "The command line is wrong.",
          ]),
        .environment(),
        Topic("FILES", ["*.pcapng, *.pcap": "Captures.", "*.qlog": "What a peer recorded with --qlog."]),
      ],
      seeAlso: ["shoal(1)", "shoal-wan(1)", "tcpdump(8)", "tshark(1)", "wireshark(1)"]),
    subcommands: [
      StatsCommand.command, FollowCommand.command, DiffCommand.command, ExplainCommand.command, ReportCommand.command,
    ],
    version: shoalVersion)
}
