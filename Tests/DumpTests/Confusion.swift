import ShoalBase
import Testing

/// For how long each cause was told while each limit held, by where it was captured.
struct Confusion {
  private var seconds: [String: [String: [String: Double]]] = [:]
  private var runs: [Run] = []

  private struct Run {
    var name: String
    var place: String
    var right: Double
    var wrong: [String: Double]
    /// The share of the time that was attributed rightly.
    var share: Double { right / max(right + wrong.values.reduce(0, +), 1e-9) }
  }

  /// Compares what was told of a run, as JSON, with what is known of it.
  mutating func add(_ run: KnownRun, _ flow: [String: Any], _ place: String) throws {
    let begin = try #require(flow["begin"] as? Double) - Double(SimulatedCapture.epoch) / 1e9
    let spans = try #require(flow["spans"] as? [[Any]]).map { span in
      (
        start: try #require(span[0] as? Double) + begin, end: try #require(span[1] as? Double) + begin,
        cause: try #require(span[2] as? String)
      )
    }
    var result = Run(name: run.plan.name, place: place, right: 0, wrong: [:])
    var (at, before) = (0, 0.0)
    for (sample, limit) in zip(run.samples, run.limits) {
      let time = Double(sample.time) / 1e9
      defer { before = time }
      guard time >= spans[0].start else { continue }
      while at + 1 < spans.count, spans[at].end < time { at += 1 }
      let told = time <= spans[at].end ? spans[at].cause : "nothing"
      seconds[place, default: [:]][limit.rawValue, default: [:]][told, default: 0] += time - before
      if told == limit.rawValue {
        result.right += time - before
      } else {
        result.wrong["\(limit.rawValue) as \(told)", default: 0] += time - before
      }
    }
    runs.append(result)
  }

  /// The share of the time that is attributed rightly, in the mean over the runs of a kind, or over all.
  func accuracy(_ place: String, _ name: String? = nil) -> Double {
    let these = runs.filter { $0.place == place && (name == nil || $0.name == name) }
    return these.reduce(0) { $0 + $1.share } / Double(max(these.count, 1))
  }

  /// Tables for people, in Markdown.
  var text: String {
    var lines: [String] = []
    let names = runs.map(\.name).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
    lines += ["| runs | sender's capture and qlog | receiver's capture |", "|---|---|---|"]
    lines.append("| all | \(percent(accuracy("sender"))) | \(percent(accuracy("receiver"))) |")
    for name in names {
      let count = runs.count { $0.name == name && $0.place == "sender" }
      let (sender, receiver) = (accuracy("sender", name), accuracy("receiver", name))
      lines.append("| \(name) (\(count)) | \(percent(sender)) | \(percent(receiver)) |")
    }
    for place in ["sender", "receiver"] {
      let rows = seconds[place] ?? [:]
      let told = (KnownLimit.allCases.map(\.rawValue) + ["unknown", "nothing"]).filter { told in
        rows.values.contains { $0[told] != nil }
      }
      lines += ["", "At the \(place)'s end, seconds:", ""]
      lines.append("| it was | " + told.map { "told " + $0 }.joined(separator: " | ") + " |")
      lines.append("|---|" + told.map { _ in "---" }.joined(separator: "|") + "|")
      for limit in KnownLimit.allCases {
        guard let row = rows[limit.rawValue] else { continue }
        let cells = told.map { row[$0].map { "\(Double(Int($0 * 10)) / 10)" } ?? "" }
        lines.append("| \(limit.rawValue) | \(cells.joined(separator: " | ")) |")
      }
    }
    return lines.joined(separator: "\n")
  }

  /// The runs of which least was attributed rightly, one a line.
  func worst(_ count: Int) -> [String] {
    runs.sorted { $0.share < $1.share }.prefix(count).map { run in
      let wrong = run.wrong.sorted { $0.value > $1.value }.prefix(3).map(\.key)
      return "\(run.name), \(run.place): \(percent(run.share)); \(wrong.joined(separator: ", "))"
    }
  }

  private func percent(_ share: Double) -> String { "\(Double(Int(share * 1_000)) / 10) %" }
}
