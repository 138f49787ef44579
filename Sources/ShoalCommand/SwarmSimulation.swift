import Shoal
import ShoalBase
import ShoalLink
import ShoalSimulator
import ShoalTerminal

/// `shoal simulate --peers N`.
struct SwarmSimulation {
  private let session: Session
  private let plan: SwarmPlan

  init(_ session: Session, _ plan: SwarmPlan) { (self.session, self.plan) = (session, plan) }

  func run() async throws {
    let before = ProcessUsage.now
    let results = try runAll()
    let usage = ProcessUsage.now
    let cost = SwarmCost(
      cpu: usage.cpu - before.cpu, memory: max(usage.peakMemory - before.peakMemory, 0) / (plan.swarm.receivers + 1))
    await session.ending.claim()
    let summary = SwarmSummary(results, of: plan.swarm)
    if summary.failure == nil { session.emit(summary.json(cost)) }
    if !session.isJSON {
      let width = session.console.standardOutput.tableWidth
      session.console.print(summary.lines(width: width).joined(separator: "\n"))
      // This goes elsewhere than the results, which a seed reproduces exactly.
      session.note(cost.line)
    }
    if let failure = summary.failure { throw failure }
  }

  /// Not part of `run`: in an asynchronous function, Swift 6.3's optimiser crashes on it.
  private func runAll() throws -> [SwarmResult] {
    let records = try SimulationRecords(plan.records)
    var results: [SwarmResult] = []
    for seed in plan.seeds {
      let result = SwarmResult(seed: seed, plan.swarm, run(seed, records?.watch))
      session.console.endProgress()
      try records?.finish()
      if let violation = result.run.violations.first { throw Failure.violation(seed, violation) }
      results.append(result)
      for object in result.objects { session.emit(object) }
    }
    return results
  }

  private func run(_ seed: UInt64, _ watch: WorldWatch?) -> SimulatedSwarm.Result {
    var state = ProgressState(name: "seed=\(seed)")
    var shownAt = -Double.infinity
    let whole = UInt64(plan.swarm.receivers) * UInt64(plan.swarm.size)
    return plan.swarm.run(seed: seed, watch: watch) { progress in
      let now = Session.now
      // A hundredth of a second of simulated time may take almost no real time.
      guard now >= shownAt + 0.1 else { return }
      shownAt = now
      state.show(phase: "simulating", done: progress.verified, of: whole, at: now)
      session.progress(state)
    }
  }
}

/// The options of a simulated swarm.
struct SwarmPlan {
  let swarm: SimulatedSwarm
  let seeds: ClosedRange<UInt64>
  let records: SimulationRecords.Plan

  /// The most receivers, and the largest file, in bytes; its pieces are held in memory once for all receivers.
  static let mostPeers = 10_000
  static let mostBytes: UInt64 = 4_000_000_000
  /// The most bytes that all receivers get together: days of simulation.
  static let mostWork: UInt64 = 1_000_000_000_000
  /// A typical home link; over a clean link nothing would take any time.
  static let link: LinkSpec = {
    var up = LinkParameters()
    (up.rate, up.delay, up.loss) = (20_000_000, 10 * .millisecond, 0.01)
    var down = up
    down.rate = 100_000_000
    return LinkSpec(up: up, down: down)
  }()

  init(_ invocation: Invocation) throws(UsageError) {
    guard !invocation.has("timeline") else { throw UsageError("--timeline: shows one transfer; leave out --peers") }
    let peers = try invocation["peers"].integer(from: 1, to: SwarmPlan.mostPeers, of: "peers")
    let size = try invocation["size"].bytes(from: 1, to: SwarmPlan.mostBytes)
    guard UInt64(peers) * size <= SwarmPlan.mostWork else {
      let most = Units.bytes(SwarmPlan.mostWork)
      throw invocation["size"].error("\(peers) receivers would get more than \(most); take fewer, or a smaller file")
    }
    let link = try invocation.first("link")?.link(named: "link") ?? SwarmPlan.link
    var swarm = SimulatedSwarm(receivers: peers, size: Int(size), link: link, transport: try invocation.transport)
    if let origin = invocation.first("origin-link") { swarm.originLink = try origin.link(named: "origin-link") }
    if let second = invocation.first("second-link") { swarm.secondLink = try second.link(named: "second-link") }
    if let span = invocation.first("arrive") { swarm.arrival = Nanoseconds(try span.seconds(from: 0) * 1e9) }
    if let share = invocation.first("kill-origin") { swarm.originLasts = try share.share() }
    if let count = invocation.first("restart") {
      swarm.restarts = try count.integer(from: 0, to: peers, of: "receivers")
    }
    swarm.limit = try invocation.simulatedLimit
    seeds = try invocation.seeds(link)
    records = try invocation.simulationRecords(receivers: peers, runs: seeds.count)
    swarm.transport.recordsLosses = records.qlog != nil
    self.swarm = swarm
  }
}

extension GivenValue {
  /// A share with its percent sign, `50%`.
  func share() throws(UsageError) -> Double {
    guard text.hasSuffix("%"), let percent = Double(text.dropLast()), (0...100).contains(percent) else {
      throw error("must be 0% to 100%, with the percent sign")
    }
    return percent / 100
  }
}
