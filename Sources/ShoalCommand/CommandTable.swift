import Shoal
import ShoalBase
import ShoalContent
import ShoalTerminal

/// The table from which the parser, the help, the completion scripts and the man page are made.
enum CommandTable {
  static let shoal = Command(
    "shoal", "Move files over UDP from every peer that has them, even over links that lose or damage data.",
    examples: [
      "shoal share film.mkv              # prints a ticket", "shoal get shoal1nmgbfvc3...        # elsewhere",
      "shoal demo                        # see it work",
    ],
    groups: [
      OptionGroup(
        "OPTIONS", shared: true,
        [
          .quiet, .verbose, .logLevel, Option("json", "Print one JSON object a line on standard output."), .progress,
          .color, Option("no-config", "Do not read the file of defaults."),
        ])
    ],
    manual: Manual(
      [
        "shoal share cuts a file into chunks, hashes it and serves it over UDP. It prints a ticket, which is all that shoal "
          + "get needs on another machine to fetch the file from every peer it finds. shoal get verifies the file, and serves "
          + "what it has meanwhile.",
        "Peers find each other through a tracker; share runs one on its own port unless given others. shoal lookup asks a "
          + "tracker who has what.",
        "Datagrams may be lost, corrupted, duplicated and reordered: each has a checksum, what is missing is sent again, and "
          + "no piece is written before it has been verified against the file's BLAKE3 hash. Nothing is encrypted.",
      ],
      sections: [
        Topic(
          "EXIT STATUS",
          [
            "0": "Done and verified.", "1": "Failed.", "2": "The command line is wrong.",
            "129, 130, 143": "Ended by SIGHUP, SIGINT or SIGTERM.",
          ]),
        .environment(
          hasProgress: true, others: ["TMPDIR": "Where shoal demo works without --directory."]),
        Topic(
          "FILES",
          [
            "NAME.part": "What has arrived of a file or folder so far. An interrupted download resumes from it.",
            "NAME.part.journal":
              "Which pieces of NAME.part are verified. Without it, they are verified again.",
            "$XDG_CACHE_HOME/shoal, or ~/.cache/shoal":
              "Hashes of large shared files, so that one that has not been touched is shared again at once.",
            "$XDG_RUNTIME_DIR/shoal, or /tmp/shoal-UID":
              "A socket for each running process, for shoal status, stop and limit; only its own user may connect.",
            "$XDG_CONFIG_HOME/shoal/config, or ~/.config/shoal/config":
              "Defaults: a line option = value for each option, yes or no for one without a value; lines below [share] are "
              + "for shoal share alone; lines that begin with # are comments. The command line takes precedence.",
            "NAME.pcapng": "Captures of --capture and shoal demo, for shoal-dump, tcpdump and Wireshark.",
          ]),
      ],
      seeAlso: ["shoal-dump(1)", "shoal-wan(1)", "b3sum(1)", "tcpdump(8)"]),
    subcommands: [share, get, lookup, list, ticket, status, stop, limit, doctor, tracker, demo, simulate],
    version: shoalVersion)

  private static let tracker = Command(
    "tracker", "Run a tracker, which tells peers who has which chunks of which file.",
    examples: [
      "shoal tracker", "shoal tracker --listen 192.0.2.7:7400 --state tracker.state --memory 2GB",
      "shoal tracker status --top     # of one that runs",
    ],
    arguments: [Argument("status", "The word status: show the state of your running tracker.", count: .optional)],
    groups: [
      OptionGroup(
        "OPTIONS",
        [
          listen("Where to listen, [ADDR]:PORT. (default: :7400)"),
          Option("state", "Keep registrations in this file, to continue from after a restart.", value: "file"),
          Option("memory", "Memory for registrations. (default: 512MiB)", value: "bytes"),
          Option("interval", "How often peers register again, 10 to 600. (default: 60)", value: "seconds"),
          Option("workers", "Threads, each with a part of the files and limits. (default: 1)", value: "n"), metrics,
        ] + access + [replaceCapture]),
      OptionGroup("STATUS", [top, watch]),
    ])

  private static let watch = Option(
    "watch", "Show it again at this interval. (default: 1)", value: "seconds", mayStandAlone: true)
  private static let top = Option("top", "Also show the busiest files and hosts of a tracker.")

  private static let status = Command(
    "status", "Show the state of your shoal processes: files, peers, rates, use of limits.",
    examples: ["shoal status --watch", "shoal status film.mkv"],
    arguments: [which("The name or id of a file, or a process. (default: all)")],
    groups: [
      OptionGroup(
        "OPTIONS",
        [watch, top])
    ],
    otherNames: ["top", "ps", "info", "stats", "watch"])

  private static let stop = Command(
    "stop", "Stop one of your shoal processes in an orderly way, as Ctrl-C does.",
    arguments: [which("The name or id of a file, or a process. (default: the only one)")],
    groups: [OptionGroup("OPTIONS", [all])], otherNames: ["end", "kill", "quit"])

  private static let limit = Command(
    "limit", "Change the limits of one of your shoal processes while it runs.",
    examples: ["shoal limit --max-upload 2MB/s", "shoal limit film.mkv --max-upload none"],
    arguments: [which("The name or id of a file, or a process. (default: the only one)")],
    groups: [
      OptionGroup(
        "OPTIONS",
        limits + [all])
    ],
    otherNames: ["throttle"])

  private static let limits = [
    Option("max-upload", "Most bytes sent per second: 2MB/s, 20mbit, none.", value: "rate"),
    Option("max-download", "Most bytes fetched per second.", value: "rate"),
    Option("max-peers", "Most peers connected at a time.", value: "n"),
  ]

  /// The same, in a few lines for a long help text.
  private static let briefLimits = [
    Option("max-upload", "Most sent per second; also --max-download, -peers.", value: "rate"),
    Option("max-download", "Most bytes fetched per second.", value: "rate", isListed: false),
    Option("max-peers", "Most peers connected at a time.", value: "n", isListed: false),
  ]

  private static func which(_ help: String) -> Argument { Argument("what", help, count: .optional) }
  private static let all = Option("all", "Apply to every process that matches.")
  private static let metrics = Option(
    "metrics", "Serve Prometheus metrics over HTTP at [ADDR]:PORT.", value: "address")

  private static let share = Command(
    "share", "Serve files or folders until interrupted, and print the ticket that gets them.",
    examples: [
      "shoal share film.mkv", "shoal share album", "shoal share film.mkv --tracker tracker.example.org",
    ],
    arguments: [
      Argument(
        "path", "A file or folder, several together, or - for standard input.", count: .many, completes: .files)
    ],
    groups: [
      OptionGroup(
        "OPTIONS",
        [
          Option(
            "tracker", "Tracker to register with; repeatable. (default: one of its own)", value: "host:port",
            repeats: true),
          listen("Where to listen, [ADDR]:PORT. (default: :7401, or any free port)"),
          Option("chunk-size", "Size of a chunk: 1MiB. (default: by the file's size)", value: "size"),
          Option("chunks", "Number of chunks to cut the file into.", value: "n"),
          Option("name", "Name to share it under. (default: its own)", value: "name"),
          Option(
            "list", "Let its own tracker list it by name. (default: it is found only by its ticket)", value: "name",
            mayStandAlone: true),
          Option(
            "once", "End after this many complete copies. (default: 1)", value: "n", mayStandAlone: true),
          Option("no-cache", "Do not use or keep the hashes of earlier runs."),
          Option("qr", "Also draw the ticket as a QR code."), metrics,
        ]),
      transport(briefLimits + access + [qlog, Option("force", "Replace an existing capture or qlog.")]),
    ],
    otherNames: ["send", "seed", "serve", "upload", "offer", "add"])

  private static let get = Command(
    "get", "Download a file or folder from every peer that has it, and verify it.",
    examples: ["shoal get shoal1nmgbfvc3...", "shoal get film.mkv --tracker tracker.example.org --output /data/"],
    arguments: [Argument("ticket", "Ticket, name or id; 8 digits of a listed id do.")],
    groups: [
      OptionGroup(
        "OPTIONS",
        [
          Option(
            "output", "Where to write: file, directory or -.", short: "o",
            value: "path", completes: .files),
          Option(
            "include", "Only part of a folder: '*.jpg', a/b; repeatable.", value: "glob",
            repeats: true),
          Option("list", "Show what is in a folder without fetching it."),
          Option("force", "Replace a different file, capture or qlog."),
          Option("discard", "Keep and serve nothing, to test the speed."),
          Option("stay", "Keep serving afterwards."),
          Option("forget", "Start as if no peer had been visited before."),
          Option("wait", "Fail after this long without data: 30s.", value: "time"),
          Option("tracker", "Tracker to ask; repeatable.", value: "host:port", repeats: true),
          Option("peer", "Peer to ask, without a tracker; repeatable.", value: "host:port", repeats: true),
          listen("Where to listen, [ADDR]:PORT. (default: any free port)"), metrics,
        ]),
      transport(briefLimits + access + [qlog]),
    ],
    topics: [link], otherNames: ["receive", "recv", "download", "fetch", "leech"])

  /// The syntax of `--link`.
  private static let link = Topic(
    "LINK (A/B sets up and down separately)",
    [
      "loss=5%": "Lost; with burst=3, in runs of 3 on average.", "corrupt=1%": "Delivered with 1 to 3 bits flipped.",
      "reorder=1%": "Overtaken by others.", "duplicate=1%": "Delivered twice.",
      "delay=10ms, jitter=2ms": "One way, in us, ms or s.", "rate=100mbit": "Per second; or trace=FILE, as mahimahi's.",
      "queue=64kB, queue=2bdp": "Longest queue; bdp: bandwidth-delay products.",
      "mtu=1400": "Largest IP packet in bytes, 1228 or more.", "outage=5s/2s": "Up for 5 s, then down for 2 s.",
      "seed=7": "Seed of all randomness.",
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
          Option("chunk", "Only peers that have this chunk, from 0.", value: "n"),
        ] + access + [replaceCapture])
    ])

  private static let list = Command(
    "list", "Show which files a tracker lists by name.",
    examples: ["shoal list --tracker tracker.example.org"],
    groups: [
      OptionGroup(
        "OPTIONS",
        [
          Option("tracker", "The tracker.", value: "host:port", repeats: true),
          Option("most", "Most files to show.", value: "n", default: "1000"),
        ] + access + [replaceCapture])
    ],
    otherNames: ["ls", "dir", "browse", "search"])

  private static let doctor = Command(
    "doctor", "Check whether this machine, and the path to a peer, are fit for fast transfers, and suggest remedies.",
    examples: ["shoal doctor --peer 192.0.2.9"],
    groups: [
      OptionGroup(
        "OPTIONS",
        [
          Option("peer", "A running peer, to which the path is measured.", value: "host:port"),
          Option(
            "directory", "Where files will be kept.", value: "path", default: ".", completes: .directories),
        ])
    ],
    otherNames: ["check", "diagnose", "test"])

  private static let ticket = Command(
    "ticket", "Show what is in a ticket.", examples: ["shoal ticket shoal1nmgbfvc3..."],
    arguments: [Argument("ticket", "Ticket, or the text around it.", count: .many)],
    groups: [OptionGroup("OPTIONS", [Option("qr", "Draw it as a QR code.")])])

  private static let demo = Command(
    "demo", "Move a file between peers in this process over bad links, and sum up the run.",
    examples: ["shoal demo", "shoal demo --file film.mkv --loss 10% --delay 50ms --arq gbn"],
    groups: [
      OptionGroup(
        "OPTIONS",
        [
          Option("file", "File to move. (default: random data)", value: "path", completes: .files),
          Option("size", "Size of that random data. (default: 20MB)", value: "size"),
          Option("peers", "How many peers download.", value: "n", default: "3"),
          Option("loss", "Percentage of datagrams that the peers' links lose. (default: 5%)", value: "share"),
          Option("corrupt", "Percentage that they corrupt. (default: 1%)", value: "share"),
          Option("delay", "One-way delay of the peers' links. (default: 10ms)", value: "time"),
          Option(
            "link", "The peers' links, instead of --loss, --corrupt and --delay: rate=20mbit,queue=64kB.",
            value: "spec"),
          Option("directory", "Where to work. (default: a new temporary one)", value: "path", completes: .directories),
          Option("keep", "Keep the copies and the random data."),
          Option("no-capture", "Record nothing."),
        ]),
      transport([]),
    ])

  private static let simulate = Command(
    "simulate",
    "Run a transfer or a whole swarm in virtual time: the actual protocol, between hosts whose own work takes no time.",
    examples: [
      "shoal simulate --link rate=100mbit,delay=20ms,loss=1%",
      "shoal simulate --link rate=20mbit,delay=15ms --arq gbn --congestion none",
      "shoal simulate --link rate=100mbit,delay=20ms --timeline run.csv",
      "shoal simulate --peers 50 --link rate=20mbit/100mbit,delay=10ms,loss=1% --arrive 10s",
    ],
    groups: [
      OptionGroup(
        "OPTIONS",
        [
          Option("size", "Size of the file.", value: "size", default: "10MB"),
          Option("seed", "Seed of all randomness. (default: the link's, or 1)", value: "n"),
          Option("count", "Number of runs, each with the next seed.", value: "n", default: "1"),
          Option("limit", "Simulated seconds after which to give up.", value: "seconds", default: "3600"),
          Option("timeline", "Write the state every 10 ms, as CSV.", value: "file", completes: .files),
          Option("capture", "Record one end's datagrams as pcapng.", value: "file", completes: .files), qlog,
          Option("at", "The end: sender, receiver, or its number. (default: sender)", value: "end"),
          Option("force", "Replace existing files of these three kinds."),
        ]),
      OptionGroup(
        "SWARM",
        [
          Option(
            "peers", "Receivers, which get the file from an origin with a tracker and from each other.", value: "n"),
          Option("origin-link", "The origin's link. (default: as --link)", value: "spec"),
          Option("second-link", "The link of every second receiver. (default: as --link)", value: "spec"),
          Option("arrive", "Receivers arrive evenly over this time. (default: all at once)", value: "time"),
          Option(
            "kill-origin", "The origin loses power once receivers have this much: 50%. (default: never)",
            value: "share"),
          Option("restart", "This many receivers lose power halfway and come back 1 s later.", value: "n"),
        ]),
      transport([
        Option(
          "link",
          "The link, whose up is from sender to receiver; with --peers, each receiver's link. (default: clean; with "
            + "--peers \(SwarmPlan.link))", value: "spec")
      ]),
    ])

  private static func listen(_ help: String) -> Option { Option("listen", help, value: "address") }

  /// Options that affect every datagram of an endpoint.
  private static let access = [
    Option("link", "Impair this link: loss=5%; see 'shoal help get'.", value: "spec"),
    Option("capture", "Record every datagram as pcapng.", value: "file", completes: .files),
  ]

  private static let replaceCapture = Option("force", "Replace an existing capture.")

  private static let qlog = Option(
    "qlog", "Record windows, rates, timers, losses as qlog.", value: "file", completes: .files)

  private static func transport(_ access: [Option]) -> OptionGroup {
    OptionGroup(
      "TRANSPORT",
      [
        Option("arq", "Selective repeat or go-back-N.", oneOf: ["sr", "gbn"], default: "sr"),
        Option("window", "Most unacknowledged packets.", value: "packets", default: "1048576"),
        Option(
          "congestion", "Congestion control.", oneOf: ["bbr", "cubic", "ledbat", "none"], default: "bbr"
        ),
        Option(
          "mtu", "Largest IP packet. (default: the interface's)", value: "bytes"),
      ] + access)
  }
}
