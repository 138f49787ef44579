import ShoalTerminal

/// A command table with one of everything, close to the real one.
let get = Command(
  "get", "Download a file from every peer that has it, and verify it.",
  examples: ["shoal get 'shoal:6b0c…'"],
  arguments: [Argument("ticket", "Ticket in single quotes, or a name or id.")],
  groups: [
    OptionGroup(
      "OPTIONS",
      [
        Option("output", "Where to write. (default: the ticket's name)", value: "path", completes: .files),
        Option("force", "Replace a different file."),
        Option("stay", "Keep serving afterwards."),
      ]),
    OptionGroup(
      "TRANSPORT",
      [
        Option("arq", "Selective repeat or go-back-N.", oneOf: ["sr", "gbn"], default: "sr"),
        Option("window", "Most packets unacknowledged.", value: "packets", default: "65536"),
        Option("link", "Impair this link: loss=5%,delay=10ms.", value: "spec", repeats: true),
        Option("capture", "Record every datagram as pcapng.", short: "c", value: "file", completes: .files),
      ]),
  ],
  otherNames: ["receive"])

let shoal = Command(
  "shoal", "Move files over UDP.",
  groups: [OptionGroup("OPTIONS", shared: true, [.verbose, .quiet, .color, .progress])],
  subcommands: [
    get,
    Command(
      "share", "Offer files.",
      arguments: [
        Argument("file", "Files to offer.", count: .many, completes: .files),
        Argument("port", "Port.", count: .optional),
      ],
      otherNames: ["send"]),
    Command(
      "lookup", "Ask a tracker.", arguments: [Argument("id", "Which."), Argument("peer", "Of whom.", count: .any)]),
  ],
  version: "1.0")

let dump = Command(
  "shoal-dump", "Show captures.",
  arguments: [Argument("file", "Capture to read, or - for standard input.", completes: .files)],
  groups: [
    OptionGroup("OPTIONS", [Option("time", "Time.", oneOf: ["relative", "delta", "utc"], default: "relative")])
  ],
  subcommands: [Command("stats", "Sum up.", arguments: [Argument("file", "Capture.")])])

/// The invocation that `command` parses from words.
func run(_ command: Command, _ words: String...) throws -> Invocation {
  guard case .run(let invocation) = try command.parse(words) else { throw UsageError("printed instead") }
  return invocation
}

/// What words make `command` print.
func printed(_ command: Command, _ words: String...) throws -> String {
  guard case .print(let text) = try command.parse(words) else { throw UsageError("ran instead") }
  return text
}

/// The error message for words.
func failure(_ command: Command, _ words: String...) -> String {
  do throws(UsageError) {
    _ = try command.parse(words)
    return "no failure"
  } catch { return error.message }
}
