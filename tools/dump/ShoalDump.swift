import Glibc
import ShoalTerminal
import ShoalWire

/// The `shoal-dump` executable.
@main
enum ShoalDump {
  static let command = Command(
    "shoal-dump", "Show what Shoal datagrams in a capture say.",
    usage: ["shoal-dump <file> [<options>]", "shoal-dump --tables"],
    examples: [
      "shoal-dump demo/a.pcapng", "shoal-dump -v --count 1 a.pcapng", "shoal-dump --json a.pcapng | jq .fields.seq",
      "tcpdump -w - udp port 7401 | shoal-dump -",
    ],
    arguments: [
      Argument("file", "Capture to read, pcapng or pcap; - for standard input.", count: .optional, completes: .files)
    ],
    groups: [
      OptionGroup(
        "OPTIONS",
        [
          Option("verbose", "Show every field.", short: "v"),
          Option("json", "Print one JSON object a datagram."),
          Option("all", "Show UDP datagrams that are not Shoal's too."),
          Option("count", "Stop after so many datagrams.", value: "n"),
          Option(
            "time", "Seconds since the first packet or the line before, or the time in UTC.",
            oneOf: TimeStyle.allCases.map(\.rawValue), default: TimeStyle.relative.rawValue),
          Option("tables", "Print the tables of all packets and messages."),
          .color,
        ])
    ],
    version: "0.1.0")

  static func main() { exit(run(Array(CommandLine.arguments.dropFirst()))) }

  /// Does what the words ask for; the exit status.
  static func run(
    _ words: [String], input: Int32 = STDIN_FILENO, output: Int32 = STDOUT_FILENO, error: Int32 = STDERR_FILENO
  ) -> Int32 {
    var console = Console(program: "shoal-dump", output: output, error: error)
    do throws(UsageError) {
      switch try command.parse(words, width: console.standardOutput.helpWidth) {
      case .print(let text):
        console.print(text)
        return 0
      case .run(let invocation):
        console = Console(program: "shoal-dump", invocation: invocation, output: output, error: error)
        let options = try DumpOptions(invocation)
        guard let file = options.file else {
          console.print(Schema.markdown())
          return 0
        }
        return Session(console: console, options: options).run(file, input: input) ? 0 : 1
      }
    } catch {
      console.error(error.message)
      return 2
    }
  }
}
