import Glibc
import ShoalContent
import ShoalTerminal
import ShoalWire

/// `shoal-dump diff A B`: the fate of each datagram between two captures, taken at the two ends; or with `--before A
/// --after B`, what differs between two runs, and what of it mattered.
struct DiffCommand {
  static let command = Command(
    "diff", "Compare captures of both ends, or of two runs.",
    usage: ["shoal-dump diff <a> <b> [<options>]", "shoal-dump diff --before <file> --after <file> [<options>]"],
    examples: ["shoal-dump diff a.pcapng b.pcapng", "shoal-dump diff --before old.pcapng --after new.pcapng"],
    arguments: [
      Argument("a", "Capture of one end.", count: .optional, completes: .files),
      Argument("b", "Capture of the other end, of the same time.", count: .optional, completes: .files),
    ],
    groups: [
      OptionGroup(
        "OPTIONS",
        [
          Option("svg", "Draw the delays.", value: "file", completes: .files),
          Option("force", "Replace a file that is not such a drawing."),
          Option("before", "Compare the transfer in this capture,", value: "file", completes: .files),
          Option("after", "with that in this one: what mattered?", value: "file", completes: .files),
          Option(
            "qlog", "With these two: the senders' records; repeatable.", value: "file", repeats: true,
            completes: .files),
        ])
    ])

  private let console: Console
  private let filter: PacketFilter
  private let paths: (String, String)
  /// Whether the captures are of two runs, not of two ends.
  private let isOfRuns: Bool
  private let qlogs: [String]
  private let picture: String?
  private let replaces: Bool
  private let isJSON: Bool

  init(console: Console, _ invocation: Invocation) throws(UsageError) {
    self.console = console
    filter = try FilterOptions.filterAlone(invocation)
    isOfRuns = invocation.has("before") || invocation.has("after")
    qlogs = invocation.all("qlog").map(\.text)
    let names = isOfRuns ? ["before", "after"] : ["a", "b"]
    for name in isOfRuns ? ["a", "b", "svg", "force"] : ["qlog"] where invocation.has(name) {
      throw UsageError(
        "diff: --before and --after compare two runs; \(isOfRuns ? "leave \(name) out" : "--\(name) needs them")")
    }
    guard let first = invocation.first(names[0]), let second = invocation.first(names[1]) else {
      throw UsageError(isOfRuns ? "diff: --before and --after: give both" : "diff: name two captures, one of each end")
    }
    paths = (first.text, second.text)
    picture = invocation.first("svg")?.text
    replaces = invocation.has("force")
    isJSON = invocation.has("json")
    guard paths.0 != paths.1 else { throw UsageError("diff: both captures are the same file; name one of each end") }
  }

  func run(input: Int32) -> Bool {
    do throws(InputFailure) {
      guard !isOfRuns else { return try compareRuns(input) }
      let a = try read(paths.0, input)
      let b = try read(paths.1, input)
      let comparison = CaptureComparison(a, b)
      guard !comparison.forth.passages.isEmpty || !comparison.back.passages.isEmpty else {
        throw InputFailure(reason: "the captures have no datagram in common: are they of the same time?")
      }
      show(comparison)
      if let picture { try draw(comparison, picture) }
    } catch {
      console.error(error.reason, code: error.code)
      return false
    }
    if let failure = console.outputFailure { console.error(failure, code: "output") }
    return console.outputFailure == nil
  }

  private func compareRuns(_ input: Int32) throws(InputFailure) -> Bool {
    guard let qlog = QlogData.read(qlogs, console) else { return false }
    let comparison = RunComparison(
      before: try largest(in: paths.0, qlog, input), after: try largest(in: paths.1, qlog, input))
    console.print(isJSON ? comparison.json.description : comparison.lines.joined(separator: "\n"))
    if let failure = console.outputFailure { console.error(failure, code: "output") }
    return console.outputFailure == nil
  }

  /// The transfer of a capture that carried most.
  private func largest(in path: String, _ qlog: QlogData, _ input: Int32) throws(InputFailure) -> Explanation {
    var data = ExplainData(filter, qlog)
    var capture = try CaptureFile(path, input: input)
    try capture.forEach { data.observe(&$0) }
    guard let most = data.explanations.max(by: { $0.counters.freshBytes < $1.counters.freshBytes }) else {
      throw InputFailure(reason: "\(capture.name): no content was transferred", code: "empty")
    }
    return most
  }

  private func read(_ path: String, _ input: Int32) throws(InputFailure) -> Sightings {
    var capture = try CaptureFile(path, input: input)
    var sightings = Sightings()
    var analyzer = Analyzer()
    var clock = Clock(style: .relative)
    try capture.forEach { datagram in
      clock.begin(datagram.time)
      let seen = analyzer.observe(&datagram)
      if filter.passes(datagram, seen, clock, analyzer) { sightings.add(datagram) }
    }
    for remark in capture.reader.remarks { console.note("shoal-dump: \(capture.name): \(remark)") }
    return sightings
  }

  private func show(_ comparison: CaptureComparison) {
    let (a, b) = comparison.ends
    let reports = [(comparison.forth, "A > B", (a, b)), (comparison.back, "B > A", (b, a))]
      .filter { !$0.0.passages.isEmpty }
    if isJSON {
      for (report, name, ends) in reports { console.print(object(report, name, ends, comparison)) }
      return
    }
    var lines = [
      "A is \(Self.text(comparison.ends.a)), in \(lastComponent(paths.0))",
      "B is \(Self.text(comparison.ends.b)), in \(lastComponent(paths.1))",
    ]
    if let (value, uncertainty) = comparison.offset {
      let way = value < 0 ? "behind" : "ahead"
      lines.append(
        "clock of B \(way) by \(milliseconds(abs(value))) ms, if the minimum delays are equal both ways;"
          + " +-\(milliseconds(uncertainty)) ms at most")
    } else {
      lines.append("clock offset not known: no traffic both ways; delays include it")
    }
    for (report, name, _) in reports { lines += [""] + text(report, name) }
    if comparison.unrelated > 0 {
      lines += ["", "\(Units.grouped(comparison.unrelated)) datagrams between others, seen in one capture only"]
    }
    console.print(lines.joined(separator: "\n"))
  }

  private static func text(_ addresses: [Address]) -> String {
    let others = addresses.count - 1
    return (addresses.first.map { "\($0)" } ?? "unknown")
      + (others > 0 ? " and \(others) other\(others == 1 ? "" : "s")" : "")
  }

  private func text(_ report: PathReport, _ name: String) -> [String] {
    let whole = UInt64(report.passages.count)
    var table = Table([.init(), .init("", .right), .init("", .right), .init()])
    func add(_ name: String, _ count: Int, _ note: String = "") {
      table.add([name, Units.grouped(count), Units.percent(UInt64(count), of: whole), note])
    }
    let arrived = report.count(.delivered) + report.count(.late)
    var notes: [String] = []
    if report.duplicated > 0 { notes.append("duplicated \(Units.grouped(report.duplicated))") }
    if report.reordered > 0 { notes.append("reordered \(Units.grouped(report.reordered))") }
    if report.count(.late) > 0 { notes.append("late \(Units.grouped(report.count(.late)))") }
    add("delivered", arrived, notes.joined(separator: ", "))
    let run = report.longestRun > 0 ? "longest run of lost and corrupted: \(Units.grouped(report.longestRun))" : ""
    add("lost", report.count(.lost), run)
    add("corrupted", report.count(.corrupted))
    var lines = ["\(Units.grouped(whole)) datagrams \(name)"] + table.lines
    let delays = report.delays
    if !delays.isEmpty {
      let values = [0, 0.5, 0.99].map { milliseconds(delays[nearestRank($0, of: delays.count)]) }
      lines.append("one-way delay min/median/p99: \(values.joined(separator: "/")) ms")
    }
    if report.unmatched > 0 {
      lines.append("\(Units.grouped(report.unmatched)) arrivals match nothing captured as sent")
    }
    return lines
  }

  private func object(
    _ report: PathReport, _ name: String, _ ends: (from: [Address], to: [Address]), _ comparison: CaptureComparison
  ) -> JSON {
    let delays = report.delays
    func delay(_ share: Double) -> JSON {
      delays.isEmpty ? .null : .double(Double(delays[nearestRank(share, of: delays.count)]) / 1e9)
    }
    return [
      "path": .string(name),
      "from": .array(ends.from.map { .string("\($0)") }), "to": .array(ends.to.map { .string("\($0)") }),
      "datagrams": .int(report.passages.count),
      "delivered": .int(report.count(.delivered) + report.count(.late)), "lost": .int(report.count(.lost)),
      "corrupted": .int(report.count(.corrupted)), "late": .int(report.count(.late)),
      "reordered": .int(report.reordered), "duplicated": .int(report.duplicated),
      "longest_run": .int(report.longestRun), "unmatched": .int(report.unmatched),
      "delay": ["min": delay(0), "median": delay(0.5), "p99": delay(0.99)],
      "clock_offset": comparison.offset.map { .double(Double($0.value) / 1e9) } ?? .null,
      "clock_uncertainty": comparison.offset.map { .double(Double($0.uncertainty) / 1e9) } ?? .null,
    ]
  }

  private func draw(_ comparison: CaptureComparison, _ path: String) throws(InputFailure) {
    let names = (
      "\(lastComponent(paths.0)) (\(Self.text(comparison.ends.a)))",
      "\(lastComponent(paths.1)) (\(Self.text(comparison.ends.b)))"
    )
    let text = DelayPicture.svg(comparison, names: names)
    let inputs = [paths.0, paths.1].compactMap { FileIdentity(path: $0) }
    try OutputFile.write(Array(text.utf8), to: path, existing: replaces ? .replace : .replaceOwn, inputs: inputs)
  }

  private func lastComponent(_ path: String) -> String {
    escaped(path.split(separator: "/").last.map(String.init) ?? path, asciiOnly: true)
  }

  private func milliseconds(_ nanoseconds: Int64) -> String { Units.fixed(Double(nanoseconds) / 1e6, 2) }
}
