import Glibc
import ShoalBase
import ShoalTerminal
import ShoalWire

/// The `shoal-wan` executable.
@main
enum ShoalWan {
  static let command = Command(
    "shoal-wan",
    "Join two network namespaces by a bad link, for anything that speaks IP. A command runs in A with the link up; without "
      + "one the link stays until Ctrl-C. Counters are printed at the end and at SIGUSR1. Needs root.",
    usage: ["shoal-wan [<options>]", "shoal-wan [<options>] -- <command> ..."],
    examples: [
      "shoal-wan --link rate=100mbit,delay=20ms,loss=1%",
      "  ip netns exec shoal-b iperf3 -s               # meanwhile, in another shell",
      "  ip netns exec shoal-a iperf3 -c 10.77.0.2     # and in a third",
      "  ip netns exec shoal-b shoal share film.mkv    # or Shoal over the same link",
      "shoal-wan --link delay=20ms --serve 'iperf3 -s' -- iperf3 -c 10.77.0.2",
    ],
    arguments: [Argument("command", "Command to run in A, after --.", count: .any)],
    groups: [
      OptionGroup(
        "OPTIONS",
        [
          Option(
            "link",
            "The link: rate=100mbit,delay=20ms,loss=1%; U/D sets A to B and B to A separately; keys as in 'shoal help get'.",
            value: "spec", default: "clean"),
          Option("serve", "Shell command to run in B; <command> starts once it listens.", value: "command"),
          Option("break-checksums", "Corrupt any bit after the IP header, without fixing checksums."),
          Option("mtu", "MTU of the devices.", value: "bytes", default: "1500"),
          Option("json", "Print one JSON object a line."),
          .quiet, .color,
        ]),
      OptionGroup(
        "NAMESPACES",
        [
          Option("name", "Make namespaces <name>-a and <name>-b, and remove them.", value: "name", default: "shoal"),
          Option("replace", "First remove namespaces that a killed run left under that name."),
          Option("ns-a", "Use this namespace as A instead.", value: "name"),
          Option("ns-b", "Use this namespace as B instead.", value: "name"),
          Option(
            "address-a", "Address in A; repeatable. (default: 10.77.0.1/24, fd53:686f:616c::1/64)", value: "ip/length",
            repeats: true),
          Option(
            "address-b", "Address in B; repeatable. (default: 10.77.0.2/24, fd53:686f:616c::2/64)", value: "ip/length",
            repeats: true),
          Option("device", "Name of the device in both.", value: "name", default: "wan0"),
        ]),
    ],
    manual: Manual(
      [
        "shoal-wan makes two network namespaces, A and B, and joins them by a link that delays, loses, corrupts, duplicates "
          + "and reorders IP packets as specified: the link of shoal's --link, for TCP, QUIC and anything else.",
        "A command runs in A with the link up, and the link ends with it. Without a command the link stays until a signal "
          + "comes. What happened to how many packets is printed at the end and at SIGUSR1.",
      ],
      sections: [
        Topic(
          "EXIT STATUS",
          [
            "0": "Done.", "1": "Failed.", "2": "The command line is wrong.",
            "126, 127": "The command cannot be run, or does not exist.", "Others": "The command's own.",
          ]),
        .environment(),
        Topic(
          "FILES",
          [
            "/run/netns/<name>-a, /run/netns/<name>-b": "The namespaces, as 'ip netns' knows them.",
            "/dev/net/tun": "Creates their devices.",
          ]),
      ],
      seeAlso: ["shoal(1)", "ip-netns(8)", "tc-netem(8)"]),
    version: shoalVersion)

  static func main() {
    StandardStreams.reserve()
    // Before there is any other thread, so that only this one receives them.
    let signals = Signals()
    exit(run(Array(CommandLine.arguments.dropFirst()), signals))
  }

  /// Runs the command line; returns the exit status.
  static func run(
    _ words: [String], _ signals: Signals, output: Int32 = STDOUT_FILENO, error: Int32 = STDERR_FILENO
  ) -> Int32 {
    var console = Console(program: "shoal-wan", output: output, error: error)
    // Even a command line with errors is answered in JSON, if it asks for that.
    let isJSON = words.prefix { $0 != "--" }.contains("--json")
    func fail(_ message: String, _ code: String, status: Int32) -> Int32 {
      console.error(message)
      if isJSON { console.emit(["event": "error", "message": .string(message), "code": .string(code)]) }
      return status
    }
    do {
      switch try command.parse(words, width: console.standardOutput.helpWidth) {
      case .print(let text):
        console.print(text)
        return 0
      case .misuse(let help):
        console.note(help)
        return 2
      case .run(let invocation):
        let options = try WanOptions(invocation)
        // Standard output belongs to the command, if there is one.
        console = Console(
          program: "shoal-wan", invocation: invocation, output: options.command.isEmpty ? output : error, error: error,
          quitsWhenClosed: false)
        let status = try Session(console: console, options: options, signals: signals).run()
        // Everything has been removed by now, so the process may die of SIGPIPE, like any program whose output is
        // closed.
        if console.isClosed { Signals.die(of: SIGPIPE) }
        return status
      }
    } catch let error as UsageError {
      return fail(error.message, "usage", status: 2)
    } catch let error as Failure {
      return fail(error.message, "system", status: error.status)
    } catch {
      return fail("\(error)", "unexpected", status: 1)
    }
  }
}
