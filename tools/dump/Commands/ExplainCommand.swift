import ShoalTerminal

/// `shoal-dump explain`: what limited each transfer, and when.
struct ExplainCommand {
  static let command = Command(
    "explain", "Say what limited each transfer, and what to change.",
    examples: ["shoal-dump explain a.pcapng --qlog a.qlog"],
    arguments: [
      Argument("file", "Capture of one end, pcapng or pcap; - for standard input.", completes: .files)
    ],
    groups: [
      OptionGroup(
        "OPTIONS",
        [
          Option(
            "qlog", "The sender's record, from 'shoal --qlog'; repeatable.", value: "file", repeats: true,
            completes: .files)
        ])
    ])

  private let console: Console
  private let file: String
  private let qlogs: [String]
  private let filter: PacketFilter
  private let isJSON: Bool

  init(_ invocation: Invocation, console: Console) throws(UsageError) {
    self.console = console
    file = invocation["file"].text
    qlogs = invocation.all("qlog").map(\.text)
    filter = try FilterOptions.filterAlone(invocation)
    isJSON = invocation.has("json")
  }

  /// Runs it; returns whether all of it could be read. If not, the reason was printed.
  func run(input: Int32) -> Bool {
    guard let qlog = QlogData.read(qlogs, console) else { return false }
    var data = ExplainData(filter, qlog)
    var failure: InputFailure?
    do throws(InputFailure) {
      var capture = try CaptureFile(file, input: input)
      try capture.forEach { data.observe(&$0) }
      for remark in capture.reader.remarks { console.note("shoal-dump: \(remark)") }
    } catch { failure = error }
    // What could be read is explained; then the reason is reported.
    let all = data.explanations
    if isJSON {
      for one in all { console.print(one.json(data.origin)) }
    } else if !all.isEmpty {
      let width = console.standardOutput.tableWidth
      console.print(all.map { $0.lines(width: width).joined(separator: "\n") }.joined(separator: "\n\n"))
    }
    if all.isEmpty, failure == nil, filter.isEmpty {
      let name = file == "-" ? "standard input" : escaped(file, asciiOnly: true)
      console.warning("\(name): \(data.count == 0 ? noDatagram : "no content was transferred")")
    }
    if let failure { console.error(failure.reason, code: failure.code) }
    if let failure = console.outputFailure { console.error(failure, code: "output") }
    return failure == nil && console.outputFailure == nil
  }
}
