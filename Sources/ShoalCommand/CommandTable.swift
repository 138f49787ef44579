import Shoal
import ShoalBase
import ShoalContent
import ShoalTerminal

/// The one table from which parsing, help, completion and the man page come.
enum CommandTable {
  static let shoal = Command(
    "shoal", "Move files over UDP, from everybody who has them, over links that lose and corrupt.",
    examples: [
      "shoal share film.mkv              # prints a ticket", "shoal get 'shoal:6b0c...'         # elsewhere",
      "shoal demo                        # see it work",
    ],
    groups: [
      OptionGroup(
        "OPTIONS", shared: true,
        [.quiet, .verbose, Option("json", "Print one JSON object a line on standard output."), .progress, .color])
    ],
    manual: Manual(
      [
        "shoal share cuts a file into chunks, hashes it and serves it over UDP. It prints a ticket, which is all that shoal "
          + "get needs on another machine: with it, it fetches the file from all peers that it finds, verifies it, and "
          + "serves what it has meanwhile.",
        "Peers find each other by a tracker; share runs one on its own port unless it is told of others. shoal lookup asks a "
          + "tracker who has what.",
        "Datagrams may be lost, corrupted, doubled and reordered: each has a checksum and what is missing is sent again, and "
          + "no piece is written before it was verified against the BLAKE3 hash by which the file is known. Nothing is "
          + "encrypted.",
      ],
      sections: [
        Topic(
          "EXIT STATUS",
          [
            "0": "Done and verified.", "1": "Failed.", "2": "The command line was not understood.",
            "129, 130, 143": "Ended by SIGHUP, SIGINT or SIGTERM.",
          ]),
        .environment(
          hasProgress: true, others: ["TMPDIR": "Where shoal demo works, unless it is told of a directory."]),
        Topic(
          "FILES",
          [
            "NAME.part": "What is here of NAME until all of it is. A download that was interrupted goes on from it.",
            "NAME.pcapng": "What --capture and shoal demo leave, for shoal-dump, tcpdump and Wireshark.",
          ]),
      ],
      seeAlso: ["shoal-dump(1)", "shoal-wan(1)", "b3sum(1)", "tcpdump(8)"]),
    subcommands: [share, get, lookup, tracker, demo, simulate],
    version: shoalVersion)

  private static let tracker = Command(
    "tracker", "Run a tracker: it tells peers who has which chunks of which file.",
    examples: ["shoal tracker", "shoal tracker --listen 192.0.2.7:7400"],
    groups: [
      OptionGroup("OPTIONS", [listen("Where to listen, [ADDR]:PORT. (default: :7400)")] + access + [replaceCapture])
    ])

  private static let share = Command(
    "share", "Serve a file until interrupted, and print the ticket to get it by.",
    usage: ["shoal share <path> [<options>]"],
    examples: ["shoal share film.mkv", "shoal share film.mkv --tracker tracker.example.org"],
    arguments: [Argument("path", "The file.", count: .many, completes: .files)],
    groups: [
      OptionGroup(
        "OPTIONS",
        [
          Option(
            "tracker", "Tracker to register with; repeatable. (default: one of its own)", value: "host:port",
            repeats: true),
          listen("Where to listen, [ADDR]:PORT. (default: :7401, or any free port)"),
          Option("chunk-size", "Size of a chunk: 1MiB. (default: by the file's size)", value: "size"),
          Option("chunks", "Cut into so many chunks.", value: "n"),
        ]),
      transport(access + [qlog, Option("force", "Replace a capture or qlog that is there.")]),
    ],
    otherNames: ["send", "seed", "serve", "upload", "offer", "add"])

  private static let get = Command(
    "get", "Download a file from every peer that has it, and verify it.",
    examples: ["shoal get 'shoal:6b0c...'", "shoal get film.mkv --tracker tracker.example.org --output /data/"],
    arguments: [Argument("ticket", "Ticket in single quotes; or name or id.")],
    groups: [
      OptionGroup(
        "OPTIONS",
        [
          Option(
            "output", "Where to write: file or directory. (default: the ticket's name)", short: "o",
            value: "path", completes: .files),
          Option("force", "Replace a different file, capture or qlog."),
          Option("discard", "Fetch and verify, keep and serve nothing: a test of the way here."),
          Option("stay", "Keep serving afterwards."),
          Option("wait", "Fail once nothing has come for so long: 30s. (default: never)", value: "time"),
          Option("tracker", "Tracker to ask; repeatable.", value: "host:port", repeats: true),
          Option("peer", "Peer to ask, without a tracker; repeatable.", value: "host:port", repeats: true),
          listen("Where to listen, [ADDR]:PORT. (default: any free port)"),
        ]),
      transport(access + [qlog]),
    ],
    topics: [link], otherNames: ["receive", "recv", "download", "fetch", "leech"])

  /// What `--link` understands.
  private static let link = Topic(
    "LINK (A/B sets up and down apart)",
    [
      "loss=5%": "Lost; with burst=3, so many in a row on average.", "corrupt=1%": "With 1 to 3 bits flipped.",
      "reorder=1%, duplicate=1%": "Overtaken by others; come twice.",
      "delay=10ms, jitter=2ms": "One way, in us, ms or s.", "rate=100mbit": "In bit, kbit, mbit or gbit a second.",
      "queue=64kB, queue=2bdp": "What waits for the rate: B to MiB, or products.",
      "mtu=1400": "Longest IP packet in bytes, 1228 or more.", "outage=5s/2s": "Up for so long, then down for so long.",
      "seed=7": "Where all randomness comes from.",
    ])

  private static let lookup = Command(
    "lookup", "Ask a tracker who has a file, or a chunk of it.",
    examples: ["shoal lookup film.mkv --tracker tracker.example.org"],
    arguments: [Argument("name", "Name, id or ticket.")],
    groups: [
      OptionGroup(
        "OPTIONS",
        [
          Option("tracker", "Tracker to ask. (default: the ticket's)", value: "host:port", repeats: true),
          Option("chunk", "Only who has this chunk, from 0.", value: "n"),
        ] + access + [replaceCapture])
    ])

  private static let demo = Command(
    "demo", "Move a file between peers in this process over bad links, and show what happened.",
    examples: ["shoal demo", "shoal demo --file film.mkv --loss 10% --delay 50ms --arq gbn"],
    groups: [
      OptionGroup(
        "OPTIONS",
        [
          Option("file", "File to move. (default: one that is made up)", value: "path", completes: .files),
          Option("size", "Size of the file that is made up. (default: 20MB)", value: "size"),
          Option("peers", "How many peers download.", value: "n", default: "3"),
          Option("loss", "Datagrams that downloaders' links lose. (default: 5%)", value: "share"),
          Option("corrupt", "Datagrams that they corrupt. (default: 1%)", value: "share"),
          Option("delay", "Their delay, one way. (default: 10ms)", value: "time"),
          Option("link", "Their links instead of these three: rate=20mbit,queue=64kB.", value: "spec"),
          Option("directory", "Where to work. (default: a new temporary one)", value: "path", completes: .directories),
          Option("keep", "Keep the copies and the file that is made up."),
          Option("no-capture", "Record nothing."),
        ]),
      transport([]),
    ])

  private static let simulate = Command(
    "simulate", "Run a transfer over an ideal link in virtual time: the actual transport, and hosts that cost nothing.",
    examples: [
      "shoal simulate --link rate=100mbit,delay=20ms,loss=1%",
      "shoal simulate --link rate=20mbit,delay=15ms --arq gbn --congestion none",
      "shoal simulate --link rate=100mbit,delay=20ms --timeline run.csv",
    ],
    groups: [
      OptionGroup(
        "OPTIONS",
        [
          Option("size", "Size of the file.", value: "size", default: "10MB"),
          Option("seed", "Where all randomness comes from. (default: the link's, or 1)", value: "n"),
          Option("count", "How often, each time with the next seed.", value: "n", default: "1"),
          Option("limit", "Give up after so many simulated seconds.", value: "seconds", default: "3600"),
          Option("timeline", "Write how things stood every 10 ms, as CSV.", value: "file", completes: .files),
          Option("force", "Replace a timeline that is there."),
        ]),
      transport([Option("link", "The link, up being from sender to receiver.", value: "spec", default: "clean")]),
    ])

  private static func listen(_ help: String) -> Option { Option("listen", help, value: "address") }

  /// What an endpoint does with each of its datagrams.
  private static let access = [
    Option("link", "Impair this link: loss=5%; LINK in 'shoal help get'.", value: "spec"),
    Option("capture", "Record every datagram as pcapng.", value: "file", completes: .files),
  ]

  private static let replaceCapture = Option("force", "Replace a capture that is there.")

  private static let qlog = Option(
    "qlog", "Record windows, rates, timers, losses as qlog.", value: "file", completes: .files)

  private static func transport(_ access: [Option]) -> OptionGroup {
    OptionGroup(
      "TRANSPORT",
      [
        Option("arq", "Selective repeat or go-back-N.", oneOf: ["sr", "gbn"], default: "sr"),
        Option("window", "Most packets unacknowledged.", value: "packets", default: "65536"),
        Option(
          "congestion", "What decides how much is in flight.", oneOf: ["bbr", "cubic", "ledbat", "none"], default: "bbr"
        ),
        Option(
          "mtu", "Largest IP packet to send. (default: what the interface takes; 1500 through --link)", value: "bytes"),
      ] + access)
  }
}
