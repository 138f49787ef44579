import ShoalTerminal

/// The statistics for people.
struct StatisticsText {
  private static let mostRows = 120
  private(set) var lines: [String] = []

  /// `remarks` say what the user must know about the capture.
  init(_ statistics: Statistics, _ flows: [Flow], _ remarks: [String] = []) {
    for (index, counters) in statistics.flows.enumerated() where counters.datagrams > 0 {
      add(flows[index], counters)
    }
    let tracker = statistics.tracker
    if tracker.requests + tracker.retries + tracker.replies > 0 {
      var text =
        "tracker: \(Self.count(tracker.requests, "request")), \(Self.count(tracker.retries, "retry", "retries"))"
      text += ", \(Self.count(tracker.errors, "error"))"
      if let median = tracker.latencies.quantile(0.5), let p99 = tracker.latencies.quantile(0.99) {
        text += ", median \(Self.milliseconds(median)) ms, p99 \(Self.milliseconds(p99)) ms"
      }
      lines.append(text)
    }
    addMarks(statistics)
    lines += remarks.map { "remark: \($0)" }
    addTimeline(statistics.timeline)
    if lines.isEmpty { lines = ["no Shoal datagrams"] }
  }

  private mutating func add(_ flow: Flow, _ counters: FlowCounters) {
    var head = "\(flow.source) > \(flow.destination)  \(short(flow.connection))  \(Units.duration(counters.duration))"
    if counters.freshBytes > 0 {
      head += "  \(Units.total(counters.freshBytes))"
      if let goodput = counters.goodput { head += "  \(Units.rate(goodput))" }
      if let overhead = counters.overhead { head += "  overhead \(Units.fixed(overhead, 2))" }
    } else {
      let others = counters.datagrams - counters.acks
      head += "  no content, \(Self.count(counters.acks, "ACK")) and \(Self.count(others, "other datagram"))"
    }
    lines.append(head)
    let parts = Self.parts(flow, counters)
    if !parts.isEmpty { lines.append("  " + parts.joined(separator: "  ")) }
  }

  private static func parts(_ flow: Flow, _ counters: FlowCounters) -> [String] {
    var parts: [String] = []
    if counters.dataPackets > 0 {
      let share = Units.percent(counters.resent, of: counters.dataPackets)
      var resent = "resent \(share) (\(Units.grouped(counters.resent)) of \(Units.grouped(counters.dataPackets)))"
      if counters.spurious > 0 { resent += ", \(Units.grouped(counters.spurious)) needless" }
      parts.append(resent)
    }
    func add(_ name: String, _ count: UInt64) { if count > 0 { parts.append("\(name) \(Units.grouped(count))") } }
    add("lost by ACK", counters.lostByAck)
    add("lost by timeout", counters.lostByTimeout)
    add("never came before", counters.missed)
    add("corrupt", counters.corrupt)
    add("reported corrupt", UInt64(flow.reportedCorrupt))
    add("duplicate", counters.duplicates)
    add("out of order", counters.outOfOrder)
    add("probe timeouts", counters.timeouts)
    add("go-backs", counters.goBacks)
    add("late ACKs", counters.lateAcks)
    if let unknown = counters.unknown(flow) {
      parts.append(unknown)
      return parts
    }
    if let most = counters.mostInFlight, most > 0 { parts.append("in flight at most \(Units.total(UInt64(most)))") }
    if let times = roundTrips(flow, counters) { parts.append("RTT min/median/p99 \(times)") }
    return parts
  }

  /// `20.1/21.2/26.0 ms`: the minimum, the median, and the 99th percentile.
  static func roundTrips(_ flow: Flow, _ counters: FlowCounters) -> String? {
    guard counters.unknown(flow) == nil else { return nil }
    return roundTrips(counters.roundTrips)
  }

  static func roundTrips(_ times: Histogram) -> String? {
    guard let median = times.quantile(0.5), let p99 = times.quantile(0.99) else { return nil }
    return [times.minimum, median, p99].map(milliseconds).joined(separator: "/") + " ms"
  }

  private mutating func addMarks(_ statistics: Statistics) {
    let counts = Mark.allCases.filter { $0 != .reply && statistics.count(of: $0) > 0 }
    guard !counts.isEmpty else { return }
    let texts = counts.map { "\($0.name) \(Units.grouped(statistics.count(of: $0)))" }
    lines.append("marks: " + texts.joined(separator: ", "))
  }

  private mutating func addTimeline(_ timeline: Timeline) {
    let timeline = timeline.reduced(to: Self.mostRows)
    guard !timeline.rows.isEmpty else { return }
    var table = Table([
      .init("s", .right), .init("datagrams", .right), .init("wire MB/s", .right), .init("goodput MB/s", .right),
      .init("resent", .right), .init("corrupt", .right), .init("in flight kB", .right), .init("RTT ms", .right),
    ])
    for (index, row) in timeline.rows.enumerated() {
      let seconds = Double(timeline.step)
      table.add([
        "\(UInt64(index) * timeline.step)", Units.grouped(row.datagrams),
        Units.fixed(Double(row.bytes) / 1e6 / seconds, 2),
        Units.fixed(Double(row.freshBytes) / 1e6 / seconds, 2), Units.grouped(row.resent), Units.grouped(row.corrupt),
        row.mostInFlight.map { Units.fixed(Double($0) / 1e3, 1) } ?? "-",
        row.roundTrips.count == 0 ? "-" : Self.milliseconds(row.roundTrips.sum / row.roundTrips.count),
      ])
    }
    lines += [""] + table.lines
  }

  private static func count(_ number: UInt64, _ noun: String, _ plural: String? = nil) -> String {
    "\(Units.grouped(number)) \(number == 1 ? noun : plural ?? noun + "s")"
  }

  private static func milliseconds(_ nanoseconds: UInt64) -> String {
    Units.fixed(Double(nanoseconds) / 1e6, nanoseconds < 10_000_000 ? 2 : 1)
  }
}
