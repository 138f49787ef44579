import Glibc
import ReportPage
import ShoalTerminal

/// `shoal-dump report`: one HTML file that shows what happened.
struct ReportCommand {
  static let command = Command(
    "report", "Draw a capture as one HTML file: sent, lost, repeated.",
    examples: ["shoal-dump report a.pcapng -o report.html", "shoal-dump report a.pcapng --svg graphs"],
    arguments: [Argument("file", "Capture to read, pcapng or pcap; - for standard input.", completes: .files)],
    groups: [
      OptionGroup(
        "OPTIONS",
        [
          Option(
            "output", "HTML file to write; - for standard output.", short: "o", value: "file",
            default: "report.html", completes: .files),
          Option(
            "qlog", "A peer's record, from 'shoal --qlog'; repeatable.", value: "file", repeats: true,
            completes: .files),
          Option(
            "svg", "Write each graph as an SVG file into this directory instead.", value: "directory",
            completes: .directories),
          Option("force", "Replace files that are not such reports or drawings."),
        ])
    ])

  private let console: Console
  private let file: String
  private let output: String
  private let directory: String?
  private let qlogs: [String]
  private let filters: FilterOptions
  private let replaces: Bool
  private let isJSON: Bool

  init(_ invocation: Invocation, console: Console) throws(UsageError) {
    self.console = console
    file = invocation["file"].text
    output = invocation["output"].text
    directory = invocation.first("svg")?.text
    qlogs = invocation.all("qlog").map(\.text)
    filters = try FilterOptions(invocation)
    replaces = invocation.has("force")
    isJSON = invocation.has("json")
    if isJSON, output == "-", directory == nil {
      throw UsageError("--json and --output -: both want standard output; name a file")
    }
  }

  /// Runs it; returns whether all of it could be read and written. If not, the reason was printed.
  func run(input: Int32) -> Bool {
    guard let qlog = QlogData.read(qlogs, console) else { return false }
    var data = ReportData(filters.filter, qlog)
    var failure: InputFailure?
    do throws(InputFailure) {
      var capture = try CaptureFile(file, input: input)
      try capture.forEach { data.observe(&$0) }
      for remark in capture.reader.remarks { console.note("shoal-dump: \(remark)") }
    } catch { failure = error }
    // What could be read is drawn; then the reason is reported.
    if let failure { console.error(failure.reason, code: failure.code) }
    guard data.count > 0 || failure == nil else { return false }
    if data.count == 0, filters.filter.isEmpty {
      console.warning("\(file == "-" ? "standard input" : escaped(file, asciiOnly: true)): \(noDatagram)")
    }
    if let limit = data.limitReached { console.warning(limit) }
    if !qlogs.isEmpty, data.known(qlog.series.keys) == 0 {
      console.warning(strangeQlog)
    }
    if isJSON { for verdict in data.verdicts { console.print(verdict) } }
    let title = file == "-" ? "standard input" : escaped(String(file.split(separator: "/").last ?? ""))
    let isWritten =
      directory.map { writeGraphs(data.graphs(title: title), to: $0) } ?? write(Self.page(data.json(file: title)))
    return filters.check(data.statistics, console) && isWritten && failure == nil
  }

  /// The page around its data; `<` is written as an escape, so that no name ends the script.
  static func page(_ json: JSON) -> [UInt8] {
    var page = ReportPage.head
    let bytes = Array(json.description.utf8)
    page.reserveCapacity(page.count + bytes.count + ReportPage.tail.count + 64)
    for byte in bytes {
      if byte == UInt8(ascii: "<") { page += Array("\\u003c".utf8) } else { page.append(byte) }
    }
    return page + ReportPage.tail
  }

  private func writeGraphs(_ graphs: [(name: String, svg: String)], to directory: String) -> Bool {
    guard SystemCall.makeDirectory(directory) else {
      console.error("\(escaped(directory, asciiOnly: true)): \(systemError())", code: "file")
      return false
    }
    guard !graphs.isEmpty else {
      console.error("nothing to draw: the capture holds no DATA", code: "empty")
      return false
    }
    for graph in graphs {
      guard save(Array(graph.svg.utf8), to: "\(directory)/\(graph.name)") else { return false }
    }
    console.note("shoal-dump: wrote \(graphs.count) graphs into \(escaped(directory, asciiOnly: true))")
    return true
  }

  private func write(_ bytes: [UInt8]) -> Bool {
    if output == "-" {
      console.write(bytes.span)
      if let failure = console.outputFailure { console.error(failure, code: "output") }
      return console.outputFailure == nil
    }
    guard save(bytes, to: output) else { return false }
    console.note("shoal-dump: wrote \(escaped(output, asciiOnly: true)), \(Units.bytes(UInt64(bytes.count)))")
    return true
  }

  /// Writes a file that is not one of those that were read; if that fails, the reason was printed.
  private func save(_ bytes: [UInt8], to path: String) -> Bool {
    do throws(InputFailure) {
      let inputs = ([file] + qlogs).compactMap { FileIdentity(path: $0) }
      try OutputFile.write(bytes, to: path, existing: replaces ? .replace : .replaceOwn, inputs: inputs)
      if isJSON { console.print(["event": "written", "path": .string(path), "bytes": .int(bytes.count)]) }
      return true
    } catch {
      console.error(error.reason, code: error.code)
      return false
    }
  }
}
