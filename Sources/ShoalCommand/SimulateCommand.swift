import Glibc
import Shoal
import ShoalBase
import ShoalLink
import ShoalSimulator
import ShoalTerminal
import ShoalTransport

/// `shoal simulate`: one transfer, or with `--peers` a whole swarm.
struct SimulateCommand {
  private enum Kind {
    case pair(SimulationPlan)
    case swarm(SwarmPlan)
  }

  private let session: Session
  private let kind: Kind

  init(_ session: Session) throws(UsageError) {
    self.session = session
    kind =
      try session.invocation.has("peers")
      ? .swarm(SwarmPlan(session.invocation)) : .pair(SimulationPlan(session.invocation))
  }

  func run() async throws {
    session.ending.onSignal { [session] in session.tellInterrupted("interrupted") }
    switch kind {
    case .pair(let plan): try await run(plan)
    case .swarm(let plan): try await SwarmSimulation(session, plan).run()
    }
  }

  /// Not asynchronous, for the reason that `SwarmSimulation.runAll` is not.
  private func runAll(_ plan: SimulationPlan) throws -> [SimulationResult] {
    let records = try SimulationRecords(plan.records)
    var results: [SimulationResult] = []
    for seed in plan.seeds {
      let result = SimulationResult(seed: seed, plan.transfer.run(seed: seed, watch: records?.watch))
      try records?.finish()
      if let violation = result.transfer.violations.first { throw Failure.violation(seed, violation) }
      results.append(result)
      session.emit(result.json)
    }
    return results
  }

  private func run(_ plan: SimulationPlan) async throws {
    // This comes first, so that no time is spent on a result that cannot be stored.
    let file = try plan.makeTimeline()
    let results = try runAll(plan)
    if let file {
      let text = Array(Timeline.text(results.flatMap(\.transfer.samples)).utf8)
      try file.write(text.span, at: 0)
    }
    await session.ending.claim()
    let summary = SimulationSummary(results, of: plan.transfer)
    if summary.isComplete { session.emit(summary.json) }
    if !session.isJSON {
      let width = session.console.standardOutput.tableWidth
      session.console.print(summary.lines(width: width).joined(separator: "\n"))
    }
    guard summary.isComplete else {
      throw Failure.limit("\(counted(summary.incomplete, "run")) not complete", after: plan.transfer.limit)
    }
  }
}

extension Failure {
  static func violation(_ seed: UInt64, _ what: String) -> Failure {
    Failure("seed \(seed): the protocol broke a rule, \(what); please report this command line", code: "violation")
  }

  static func limit(_ what: String, after limit: Nanoseconds) -> Failure {
    let time = Units.duration(Double(limit) / 1e9)
    return Failure("\(what) after \(time) of simulated time; allow more with --limit", code: "limit")
  }
}

/// The options of a simulation.
struct SimulationPlan {
  let transfer: SimulatedTransfer
  let seeds: ClosedRange<UInt64>
  let records: SimulationRecords.Plan
  private let timeline: String?
  private let replacesTimeline: Bool

  init(_ invocation: Invocation) throws(UsageError) {
    for option in ["origin-link", "second-link", "arrive", "kill-origin", "restart"] where invocation.has(option) {
      throw UsageError("--\(option): is for a swarm; say how many receivers with --peers")
    }
    let link = try invocation.first("link")?.link(named: "link") ?? .clean
    let size = try invocation["size"].bytes(from: 1, to: 1 << 40)
    var transfer = SimulatedTransfer(size: Int(size), link: link, transport: try invocation.transport)
    transfer.limit = try invocation.simulatedLimit
    seeds = try invocation.seeds(link)
    timeline = invocation.first("timeline")?.text
    replacesTimeline = invocation.has("force")
    records = try invocation.simulationRecords(receivers: 1, runs: seeds.count)
    transfer.transport.recordsLosses = records.qlog != nil
    if timeline != nil {
      guard seeds.count == 1 else { throw UsageError("--timeline: shows one run; leave out --count") }
      transfer.interval = 10 * .millisecond
    }
    self.transfer = transfer
  }

  /// The file of `--timeline`, empty; an existing one is not replaced unless that was asked for.
  func makeTimeline() throws -> File? {
    guard let timeline else { return nil }
    do throws(SystemError) {
      return try File.create(timeline, existing: replacesTimeline ? .empty : .refuseContent)
    } catch {
      guard error.code == EEXIST else { throw error }
      throw Failure.exists("timeline", timeline)
    }
  }
}

extension Invocation {
  /// The options under TRANSPORT.
  var transport: TransportConfiguration {
    get throws(UsageError) {
      var options = Peer.Options()
      try options.setTransport(self)
      do { return try NodeOptions(options).swarm.transport } catch { throw UsageError(error.inFlags) }
    }
  }

  /// The simulated time after which a run is given up.
  var simulatedLimit: Nanoseconds {
    get throws(UsageError) { Nanoseconds(try self["limit"].double(from: 0.001, to: 1e9, of: "seconds") * 1e9) }
  }

  /// The seeds of all runs: `--count` of them from `--seed` on or, without it, from the link's own seed on.
  func seeds(_ link: LinkSpec) throws(UsageError) -> ClosedRange<UInt64> {
    let first = try first("seed").map { value throws(UsageError) in UInt64(try value.integer()) }
    let count = UInt64(try self["count"].integer(from: 1, to: 1_000_000, of: "runs"))
    let lowest = min(first ?? link.seed ?? 1, .max - count)
    return lowest...(lowest + count - 1)
  }
}
