import Foundation
import ShoalLink
import ShoalTransport
import TestSupport
import Testing

@testable import ShoalSimulator
@testable import shoal_dump

/// How much of the time `explain` attributes rightly, in runs whose own state tells what limited them.
///
/// `tools/lab/explained` does this for a thousand runs, with a release build.
@Suite struct AccuracyTests {
  @Test func limitsAreExplained() throws {
    let environment = ProcessInfo.processInfo.environment
    let many = environment["SHOAL_EXPLAINED"].flatMap { Int($0) }
    let table = try explain(
      many.map { try KnownRun.Plan.some($0) } ?? smallPlans(), folder: environment["SHOAL_EXPLAINED_FILES"])
    print(table.text)
    print(table.worst(20).map { "worst: \($0)" }.joined(separator: "\n"))
    #expect(table.accuracy("sender") >= 0.85 && table.accuracy("receiver") >= 0.7, "\(table.worst(5))")
  }

  /// One short run for each of the most frequent limits.
  private func smallPlans() throws -> [KnownRun.Plan] {
    let link = "rate=4mbit,delay=10ms,queue=20kB"
    return [
      KnownRun.Plan(name: "path", size: 1_000_000, link: try LinkSpec(parsing: link)),
      KnownRun.Plan(name: "window", size: 100_000, link: try LinkSpec(parsing: link), window: 2),
      KnownRun.Plan(name: "receiver", size: 400_000, link: try LinkSpec(parsing: link), disk: 200_000, buffer: 1 << 18),
      KnownRun.Plan(name: "application", size: 150_000, link: try LinkSpec(parsing: link), upload: 100_000),
      KnownRun.Plan(name: "outage", size: 600_000, link: try LinkSpec(parsing: link + ",outage=600ms/500ms")),
    ]
  }

  /// Runs the plans, has both ends' captures explained, and compares. What they recorded is kept in a folder.
  private func explain(_ plans: [KnownRun.Plan], folder: String? = nil) throws -> Confusion {
    var table = Confusion()
    for (number, plan) in plans.enumerated() {
      let ends = try [WorldWatch.Place.sender, .receiver(1)].map { try SimulatedCapture($0) }
      let run = KnownRun(plan, seed: UInt64(number) + 1, watches: ends.map(\.watch))
      #expect(run.violations.isEmpty && run.isComplete, "\(plan.name) \(number): \(run.violations)")
      for (place, records) in zip(["sender", "receiver"], ends) {
        let files = records.finish()
        if let folder { try keep(run, files, at: "\(folder)/\(number)-\(plan.name)-\(place)") }
        let words = place == "sender" ? ["--qlog", files.qlog] : []
        let objects = try objects(inspected(["explain", files.capture, "--json"] + words))
        let flow = try #require(objects.first { $0["src"] as? String == "10.0.0.1:7400" }, "\(plan.name): \(objects)")
        try table.add(run, flow, place)
      }
    }
    return table
  }

  /// Keeps what an end recorded, and what limited the run, as CSV.
  private func keep(_ run: KnownRun, _ files: (capture: String, qlog: String), at path: String) throws {
    try FileManager.default.copyItem(atPath: files.capture, toPath: path + ".pcapng")
    try FileManager.default.copyItem(atPath: files.qlog, toPath: path + ".qlog")
    let rows = zip(run.samples, run.limits).map { "\($0.time),\($1.rawValue)" }
    try rows.joined(separator: "\n").write(toFile: path + ".csv", atomically: true, encoding: .utf8)
  }
}

/// The program, whose name is that of a variable in a test's body.
private func inspected(_ words: [String]) throws -> Outcome { try run(words) }
