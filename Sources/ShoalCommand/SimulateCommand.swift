import Glibc
import Shoal
import ShoalTransport
import ShoalBase
import ShoalLink
import ShoalSimulator
import ShoalTerminal

/// `shoal simulate`.
struct SimulateCommand {
  private let session: Session
  private let plan: SimulationPlan

  init(_ session: Session) throws(UsageError) {
    self.session = session
    plan = try SimulationPlan(session.invocation)
  }

  func run() async throws {
    session.ending.onSignal { [session] in session.tellInterrupted("interrupted") }
    // Before time is spent whose result could not be kept.
    let file = try plan.makeTimeline()
    var results: [SimulationResult] = []
    for seed in plan.seeds {
      let result = SimulationResult(seed: seed, plan.transfer.run(seed: seed))
      if let violation = result.transfer.violations.first {
        throw Failure(
          "seed \(seed): the transport broke a rule, \(violation); please report this command line", code: "violation")
      }
      results.append(result)
      session.emit(result.json)
    }
    if let file {
      let text = Timeline.text(results.flatMap(\.transfer.samples))
      try Array(text.utf8).withUnsafeBytes { try file.write($0, at: 0) }
    }
    await session.ending.claim()
    let summary = SimulationSummary(results, of: plan.transfer)
    if summary.isComplete { session.emit(summary.json) }
    if !session.isJSON {
      let width = session.console.standardOutput.tableWidth
      session.console.print(summary.lines(width: width).joined(separator: "\n"))
    }
    guard summary.isComplete else {
      throw Failure(
        "\(counted(summary.incomplete, "run")) not complete after \(Units.duration(Double(plan.transfer.limit) / 1e9)) of "
          + "simulated time; allow more with --limit",
        code: "limit")
    }
  }
}

/// What the options of a simulation ask for.
struct SimulationPlan {
  let transfer: SimulatedTransfer
  let seeds: ClosedRange<UInt64>
  private let timeline: String?
  private let replacesTimeline: Bool

  init(_ invocation: Invocation) throws(UsageError) {
    var options = Peer.Options()
    try options.setTransport(invocation)
    let transport: TransportConfiguration
    do {
      transport = try NodeOptions(options).swarm.transport
    } catch { throw UsageError(error.inFlags) }
    let link = try invocation["link"].link(named: "link")
    let size = try invocation["size"].bytes(from: 1, to: 1 << 40)
    var transfer = SimulatedTransfer(size: Int(size), link: link, transport: transport)
    transfer.limit = Nanoseconds(try invocation["limit"].double(from: 0.001, to: 1e9, of: "seconds") * 1e9)
    let first = try invocation.first("seed").map { value throws(UsageError) in UInt64(try value.integer()) }
    let count = UInt64(try invocation["count"].integer(from: 1, to: 1_000_000, of: "runs"))
    let lowest = min(first ?? link.seed ?? 1, .max - count)
    seeds = lowest...(lowest + count - 1)
    timeline = invocation.first("timeline")?.text
    replacesTimeline = invocation.has("force")
    if timeline != nil {
      guard count == 1 else { throw UsageError("--timeline: shows one run; leave out --count") }
      transfer.interval = 10 * .millisecond
    }
    self.transfer = transfer
  }

  /// The file of `--timeline`, empty; what is there is not replaced unless that is asked for.
  func makeTimeline() throws -> File? {
    guard let timeline else { return nil }
    do throws(SystemError) {
      return try File.create(timeline, existing: replacesTimeline ? .empty : .refuseContent)
    } catch {
      guard error.code == EEXIST else { throw error }
      let way = "name another file, or replace it with --force"
      throw Failure("--timeline \(escaped(timeline)) exists; \(way)", code: "exists")
    }
  }
}
