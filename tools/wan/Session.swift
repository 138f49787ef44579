import Glibc
import ShoalBase
import ShoalTerminal

/// One run: makes the namespaces, the devices and the link, waits for the end, reports what happened, and removes
/// everything.
final class Session {
  /// How long a server may take before it listens.
  private static let patience = 5.0

  private let console: Console
  private let options: WanOptions
  private let signals: Signals
  private var namespaces: [Namespace] = []
  private var server: ChildProcess?

  init(console: Console, options: WanOptions, signals: Signals) {
    (self.console, self.options, self.signals) = (console, options, signals)
  }

  /// The exit status.
  func run() throws(Failure) -> Int32 {
    guard geteuid() == 0 else {
      throw Failure("network namespaces and TUN devices need root; run it with sudo")
    }
    defer { tidy() }
    let link = try build()
    let started = MonotonicClock.now()
    func report(_ event: String, isOver: Bool) {
      let counters = link.counters(isOver: isOver)
      let report = WanReport(
        counters, sides: namespaces.map(\.name), seconds: Double((MonotonicClock.now() - started)) / 1e9)
      if options.isJSON {
        console.emit(report.json(event))
      } else if console.verbosity != .quiet {
        for line in report.lines(width: console.standardOutput.tableWidth) { console.print(line) }
      }
      for warning in report.warnings { console.warning(warning) }
    }
    if options.command.isEmpty { announce() }
    let outcome = try wait { report("counters", isOver: false) }
    report("done", isOver: true)
    switch outcome {
    case .exited(let status): return status
    case .signalled(let number):
      tidy()
      Signals.die(of: number)
    }
  }

  private enum Outcome {
    case exited(Int32)
    case signalled(Int32)
  }

  private func build() throws(Failure) -> WanLink {
    try makeRoom()
    for side in options.sides {
      if let name = side.existing {
        namespaces.append(try Namespace(existing: name))
      } else {
        namespaces.append(try Namespace(new: side.name))
      }
    }
    var devices: [TunDevice] = []
    for (namespace, side) in zip(namespaces, options.sides) {
      devices.append(
        try TunDevice(options.device, in: namespace, mtu: options.mtu, addresses: side.addresses))
    }
    for device in devices { try device.settle() }
    for device in devices { device.drain() }
    return try WanLink(
      devices, spec: options.spec, seed: options.seed, mtu: options.mtu, breaksChecksums: options.breaksChecksums)
  }

  /// Removes what an earlier run of the same name left, if asked to.
  private func makeRoom() throws(Failure) {
    let names = options.sides.filter { $0.existing == nil }.map(\.name)
    let left = names.compactMap(Namespace.init(left:))
    guard !left.isEmpty else { return }
    let which = "namespace\(left.count == 1 ? "" : "s") \(left.map(\.name).joined(separator: " and "))"
    guard left.allSatisfy({ !$0.isInUse }) else {
      throw Failure("another shoal-wan uses \(which); choose another --name")
    }
    guard options.replacesNamespaces else {
      let way = "add --replace to remove \(left.count == 1 ? "it" : "both"), or choose another --name"
      throw Failure("an earlier run left \(which); \(way)")
    }
    for namespace in left { namespace.remove() }
  }

  /// Waits for the command, or for a signal if there is none.
  private func wait(_ snapshot: () -> Void) throws(Failure) -> Outcome {
    var command: ChildProcess?
    if !options.command.isEmpty {
      if let serve = options.serve { server = try start(server: serve) }
      command = try ChildProcess(options.command, in: namespaces[0])
    }
    // A parent that ignores SIGPIPE passes that on, so no signal comes.
    if command == nil, console.isClosed { return .signalled(SIGPIPE) }
    while let number = signals.next() {
      switch number {
      case SIGUSR1: snapshot()
      case SIGCHLD:
        if let status = command?.status() { return .exited(status) }
      default:
        guard let command else { return .signalled(number) }
        // The terminal has already sent Ctrl-C to the command, and a SIGPIPE concerns only this process's own output.
        if ![SIGINT, SIGQUIT, SIGPIPE].contains(number) { command.send(number) }
      }
    }
    return .exited(1)
  }

  private func start(server words: String) throws(Failure) -> ChildProcess {
    let server = try ChildProcess(["/bin/sh", "-c", words], in: namespaces[1], hasGroup: true)
    let limit = MonotonicClock.now() + Int64(Session.patience * 1e9)
    while !server.hasListener {
      if let status = server.status() { throw Failure("--serve: it ended with status \(status)") }
      guard MonotonicClock.now() < limit else {
        console.warning("--serve: nothing is listening after \(Int(Session.patience)) s; going on")
        break
      }
      usleep(5_000)
    }
    return server
  }

  /// Says that the link is up, and how to use it.
  private func announce() {
    if options.isJSON {
      let sides = zip(namespaces, options.sides).map { namespace, side in
        JSON.object([
          .init("namespace", .string(namespace.name)), .init("device", .string(options.device)),
          .init("addresses", .array(side.addresses.map { .string($0.host) })),
        ])
      }
      console.emit([
        "event": "ready", "a": sides[0], "b": sides[1], "link": .string("\(options.spec)"), "seed": .uint(options.seed),
      ])
      return
    }
    var table = Table([Table.Column(), Table.Column(), Table.Column()])
    for (letter, (namespace, side)) in zip(["A", "B"], zip(namespaces, options.sides)) {
      table.add([letter, side.addresses.map(\.host).joined(separator: " "), "ip netns exec \(namespace.name) COMMAND"])
    }
    for line in table.lines { console.note(line) }
    console.note("\(options.spec), seed \(options.seed); Ctrl-C ends it.")
    console.print("READY")
  }

  /// Removes everything that was made.
  private func tidy() {
    server?.end()
    server = nil
    for namespace in namespaces { namespace.remove() }
    namespaces = []
  }
}
