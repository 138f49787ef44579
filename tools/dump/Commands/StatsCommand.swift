import ShoalBase
import ShoalTerminal

/// `shoal-dump stats FILE`: conversations, tracker transactions, and what happened in each second.
struct StatsCommand: ~Copyable {
  static let command = Command(
    "stats", "Sum up conversations, trackers, and each second.",
    examples: ["shoal-dump stats a.pcapng", "shoal-dump stats --flow 27ffacef --assert 'resent < 5%' a.pcapng"],
    arguments: [Argument("file", "Capture to read; - for standard input.", completes: .files)])

  private let console: Console
  private let filters: FilterOptions
  private let isJSON: Bool
  private let isQuiet: Bool
  private var analyzer = Analyzer()
  private var statistics = Statistics()
  /// What a reader must know about the capture.
  private var remarks: [String] = []

  init(console: Console, _ invocation: Invocation) throws(UsageError) {
    self.console = console
    filters = try FilterOptions(invocation)
    isJSON = invocation.has("json")
    isQuiet = invocation.has("quiet")
  }

  /// Runs it; returns whether all of it could be read and written, and the assertions hold.
  consuming func run(_ path: String, input: Int32) -> Bool {
    var failure: InputFailure?
    do throws(InputFailure) {
      var capture = try CaptureFile(path, input: input)
      do throws(InputFailure) { try count(&capture) } catch { failure = error }
      remarks = capture.reader.remarks + analyzer.remarks
    } catch { failure = error }
    if !isQuiet, failure == nil || statistics.all.datagrams > 0 {
      if isJSON {
        for object in StatisticsJSON.objects(statistics, analyzer.flows, remarks) { console.print(object) }
      } else {
        console.print(StatisticsText(statistics, analyzer.flows, remarks).lines.joined(separator: "\n"))
      }
    }
    if failure == nil, statistics.all.datagrams == 0, filters.filter.isEmpty { warn(path) }
    if let limit = analyzer.limitReached { console.warning(limit) }
    if let failure { console.error(failure.reason, code: failure.code) }
    if let failure = console.outputFailure {
      console.error(failure, code: "output")
      return false
    }
    return filters.check(statistics, console) && failure == nil
  }

  private func warn(_ path: String) {
    let name = path == "-" ? "standard input" : escaped(path, asciiOnly: true)
    console.warning("\(name): \(noDatagram)")
  }

  private mutating func count(_ capture: inout CaptureFile) throws(InputFailure) {
    var clock = Clock(style: .relative)
    let filter = filters.filter
    var datagram = Datagram()
    repeat {
      while try capture.next(&datagram) {
        clock.begin(datagram.time)
        let seen = analyzer.observe(&datagram)
        guard datagram.isOurs, filter.passes(datagram, seen, clock, analyzer) else { continue }
        statistics.add(datagram, seen)
      }
    } while try capture.fill()
  }
}
