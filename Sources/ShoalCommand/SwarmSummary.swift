import ShoalBase
import ShoalSimulator
import ShoalTerminal
import ShoalTransport

/// One simulated swarm and its seed.
struct SwarmResult {
  let seed: UInt64
  let swarm: SimulatedSwarm
  let run: SimulatedSwarm.Result

  init(seed: UInt64, _ swarm: SimulatedSwarm, _ run: SimulatedSwarm.Result) {
    (self.seed, self.swarm, self.run) = (seed, swarm, run)
  }

  /// When the last receiver had the file, in seconds; nil if one never did.
  var last: Double? { run.last.map(seconds) }
  /// The last receiver's time divided by the least possible time.
  var ratio: Double? { last.flatMap { last in swarm.bound.map { last / $0 } } }
  /// How many copies of the file the origin sent, retransmissions included.
  var copies: Double { Double(run.origin.contentSent) / Double(swarm.size) }
  var retransmitted: Int {
    run.receivers.reduce(run.origin.transport.retransmitted) { $0 + $1.transport.retransmitted }
  }
  var queueDropped: Int { run.receivers.reduce(run.origin.queueDropped) { $0 + $1.queueDropped } }

  /// The receivers, fastest first, with those that never got the file last.
  private var ranked: [(number: Int, host: SimulatedSwarm.Host)] {
    run.receivers.enumerated().map { ($0 + 1, $1) }
      .sorted { ($0.host.time ?? .max, $0.number) < ($1.host.time ?? .max, $1.number) }
  }

  /// The most receivers that get a row each.
  private static let mostRows = 20

  /// A row for each receiver, or for those at certain ranks; then a row for the origin.
  func rows() -> [[String]] {
    var rows: [[String]]
    if run.receivers.count <= SwarmResult.mostRows {
      rows = run.receivers.enumerated().map { row("\($0 + 1)", $1) }
    } else {
      let ranked = ranked
      let places = [("first", 0.0), ("10%", 0.1), ("median", 0.5), ("90%", 0.9), ("last", 1.0)]
      rows = places.map { name, share in row(name, ranked[Int(Double(ranked.count - 1) * share + 0.5)].host) }
    }
    return rows + [row("origin", run.origin)]
  }

  private func row(_ name: String, _ host: SimulatedSwarm.Host) -> [String] {
    let isOrigin = name == "origin"
    let time = host.time.map(seconds)
    return [
      name, time.map { Units.fixed($0, 3) } ?? "-", time.map { Units.fixed(Double(swarm.size) / $0 / 1e6, 2) } ?? "-",
      isOrigin ? "-" : megabytes(Int(host.fromOrigin)), isOrigin ? "-" : megabytes(Int(host.fromPeers)),
      megabytes(host.contentSent), Units.grouped(host.transport.retransmitted), Units.grouped(host.queueDropped),
    ]
  }

  private func megabytes(_ bytes: Int) -> String { Units.fixed(Double(bytes) / 1e6, 2) }

  /// The conclusion.
  var verdict: String {
    let origin = "the origin sent \(Units.fixed(copies, 2)) copies"
    guard let last else {
      return
        "\(run.complete) of \(run.receivers.count) have the file after \(Units.duration(seconds(run.time))); \(origin)"
    }
    guard let ratio, let bound = swarm.bound else { return "last after \(Units.fixed(last, 3)) s; \(origin)" }
    return
      "last after \(Units.fixed(last, 3)) s, \(Units.fixed(ratio, 2)) times the bound of \(Units.fixed(bound, 3)) s; \(origin)"
  }

  var summaryRow: [String] {
    let ranked = ranked
    func time(_ index: Int) -> String { ranked[index].host.time.map { Units.fixed(seconds($0), 3) } ?? "-" }
    return [
      "\(seed)", time(0), time((ranked.count - 1) / 2), last.map { Units.fixed($0, 3) } ?? "-",
      ratio.map { Units.fixed($0, 2) } ?? "-", Units.fixed(copies, 2), Units.grouped(retransmitted),
      Units.grouped(queueDropped),
    ]
  }

  /// An object for each receiver, and one for the run.
  var objects: [JSON] {
    run.receivers.enumerated().map { number, host in
      [
        "event": "receiver", "seed": .uint(seed), "number": .int(number + 1), "arrived": .double(seconds(host.arrived)),
        "seconds": host.time.map { .double(seconds($0)) } ?? .null, "from_origin": .uint(host.fromOrigin),
        "from_peers": .uint(host.fromPeers), "content_sent": .int(host.contentSent),
        "redundant": .uint(host.redundant), "retransmitted": .int(host.transport.retransmitted),
        "queue_dropped": .int(host.queueDropped), "failure": host.failure.map { .string($0) } ?? .null,
      ]
    } + [
      [
        "event": "run", "seed": .uint(seed), "seconds": last.map { .double($0) } ?? .null,
        "bound": swarm.bound.map { .double($0) } ?? .null, "complete": .int(run.complete),
        "copies": .double(copies), "content_sent": .int(run.origin.contentSent), "retransmitted": .int(retransmitted),
        "queue_dropped": .int(queueDropped),
      ]
    ]
  }

  private func seconds(_ span: Nanoseconds) -> Double { Double(span) / 1e9 }
}

/// What the simulations cost this machine.
struct SwarmCost {
  /// Seconds of processor time.
  let cpu: Double
  /// Bytes of memory per host.
  let memory: Int

  var line: String {
    "simulated in \(Units.fixed(cpu, 1)) s of processor time and \(Units.bytes(UInt64(memory))) of memory per host"
  }
}

/// All runs of one command, for people and for programs.
struct SwarmSummary {
  private let results: [SwarmResult]
  private let swarm: SimulatedSwarm

  init(_ results: [SwarmResult], of swarm: SimulatedSwarm) { (self.results, self.swarm) = (results, swarm) }

  /// The failure if not all receivers of all runs have the file; nil if they have.
  var failure: Failure? {
    guard let worst = results.first(where: { $0.run.last == nil }) else { return nil }
    let missing = worst.run.receivers.count - worst.run.complete
    let what = "seed \(worst.seed): \(missing) of \(counted(swarm.receivers, "receiver")) without the file"
    if let index = worst.run.receivers.firstIndex(where: { $0.failure != nil }) {
      return Failure(
        "\(what); the first, number \(index + 1): \(worst.run.receivers[index].failure ?? "")", code: "stalled")
    }
    if worst.run.isStalled {
      let gone = swarm.originLasts == nil ? "" : "; the origin is gone, and the rest lack some of it"
      let span = Units.duration(Double(swarm.patience) / 1e9)
      return Failure("\(what), and none has got any further for \(span) of simulated time\(gone)", code: "stalled")
    }
    return .limit(what, after: swarm.limit)
  }

  func lines(width: Int? = nil) -> [String] {
    let transport = swarm.transport
    let arq = transport.repeatMode == .goBackN ? "go-back-N" : "selective repeat"
    let origin = swarm.originLink == swarm.link ? "" : ", origin over \(swarm.originLink)"
    let start =
      "\(counted(swarm.receivers, "receiver")) of \(Units.total(UInt64(swarm.size))) over \(swarm.link)\(origin); \(arq), "
      + "window \(transport.window), congestion \(transport.congestion)"
    guard results.count > 1 else {
      return [start] + results.flatMap { hosts($0).lines(width: width) + [$0.verdict] }
    }
    var table = Table([
      .init("seed", .right), .init("first s", .right), .init("median s", .right), .init("last s", .right),
      .init("by bound", .right), .init("copies", .right), .init("repeats", .right), .init("queue drops", .right),
    ])
    for result in results { table.add(result.summaryRow) }
    let medians = "median of \(results.count): last by bound \(Units.fixed(median(\.ratio) ?? .nan, 2)), "
    return [start] + table.lines(width: width) + [medians + "copies \(Units.fixed(median { $0.copies } ?? .nan, 2))"]
  }

  private func hosts(_ result: SwarmResult) -> Table {
    var table = Table([
      .init("receiver"), .init("s", .right), .init("MB/s", .right), .init("MB from origin", .right),
      .init("from peers", .right), .init("sent", .right), .init("repeats", .right), .init("queue drops", .right),
    ])
    for row in result.rows() { table.add(row) }
    return table
  }

  func json(_ cost: SwarmCost) -> JSON {
    [
      "event": "done", "runs": .int(results.count), "by_bound_median": median(\.ratio).map { .double($0) } ?? .null,
      "copies_median": median { $0.copies }.map { .double($0) } ?? .null, "cpu_seconds": .double(cost.cpu),
      "memory_per_host": .int(cost.memory),
    ]
  }

  private func median(_ value: (SwarmResult) -> Double?) -> Double? {
    let values = results.compactMap(value).sorted()
    return values.isEmpty ? nil : (values[(values.count - 1) / 2] + values[values.count / 2]) / 2
  }
}
