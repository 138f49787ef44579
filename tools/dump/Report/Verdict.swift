import ShoalTerminal

/// What became of a flow, in sentences, with the same numbers as in `stats`.
enum Verdict {
  /// `back` holds the counters of the other direction, if that is known.
  static func text(_ flow: Flow, _ counters: FlowCounters, _ limits: FlowLimits, back: FlowCounters? = nil) -> String {
    guard counters.datagrams > 0 else { return "Nothing went from \(flow.source) to \(flow.destination)." }
    var sentences = [carried(flow, counters)]
    if counters.isReceivers, counters.freshBytes > 0 { sentences.append(receiversEnd(limits, back)) }
    if counters.freshBytes > 0 {
      sentences += [limit(flow, counters, limits), pauses(counters, limits)].compactMap(\.self)
    }
    if counters.dataPackets > 0 {
      sentences += [repeats(counters), corruption(flow, counters)]
    }
    if let overhead = counters.overhead { sentences.append("Wire overhead \(Units.fixed(overhead, 2)).") }
    if let times = StatisticsText.roundTrips(flow, counters) {
      sentences.append("RTT seen from the capture point, min/median/p99: \(times).")
    }
    return sentences.joined(separator: " ")
  }

  /// At which end it was captured, and what only the other end's capture shows.
  private static func receiversEnd(_ limits: FlowLimits, _ back: FlowCounters?) -> String {
    let trips = back.flatMap { StatisticsText.roundTrips($0.roundTrips) }
    let own = trips.map { " RTT of what the receiver sent, min/median/p99: \($0)." } ?? ""
    let there =
      limits.isDivided
      ? "windows, rates and bytes in flight come from the sender's qlog"
      : "only the sender's capture and qlog show the congestion window, pacing, bytes in flight and round trips of DATA"
    return "Captured at the receiver's end: arrivals, gaps and ACK delays show here; \(there).\(own)"
  }

  private static func carried(_ flow: Flow, _ counters: FlowCounters) -> String {
    let what = counters.freshBytes > 0 ? "\(Units.total(counters.freshBytes)) of content" : "no content"
    var text = "\(flow.source) sent \(what) to \(flow.destination) in \(Units.duration(counters.duration))"
    if let goodput = counters.goodput, counters.freshBytes > 0 { text += ", \(Units.rate(goodput))" }
    if let arq = flow.arq { text += arq == .goBackN ? ", go-back-N" : ", selective repeat" }
    return text + "."
  }

  /// `Limited 61% of the time by the congestion window, 32% by pacing, 7% by the window of 512 packets.`
  private static func limit(_ flow: Flow, _ counters: FlowCounters, _ limits: FlowLimits) -> String? {
    let texts = limits.shares.filter { $0.share >= 0.01 }.sorted { $0.share > $1.share }.map { limit, share in
      (Units.percent(share, decimals: 0), words(limit, flow, counters, limits))
    }
    guard let (most, first) = texts.first else { return nil }
    return (["Limited \(most) of the time by \(first)"] + texts.dropFirst().map { "\($0.0) by \($0.1)" })
      .joined(separator: ", ") + "."
  }

  private static func words(
    _ limit: FlowLimits.Limit, _ flow: Flow, _ counters: FlowCounters, _ limits: FlowLimits
  ) -> String {
    switch limit {
    case .window: "the window of \(flow.window.map { Units.grouped($0) } ?? "?") packets"
    case .requests: "the receiver, which had requested nothing more"
    case .sender: "the sender, which had nothing in flight"
    case .congestion: "the congestion window"
    case .pacing: "pacing"
    case .host: "the sender's host, which sent less than windows and pacing allowed"
    case .path where counters.isReceivers && limits.isDivided:
      "pacing, the path or the sender's host (the sender's own capture would show which)"
    case .path where counters.isReceivers: "the path or the sender (its own capture would show which)"
    case .path where limits.isDivided:
      "what congestion control saw the path carry (the qlog does not match the capture there)"
    case .path:
      "what congestion control saw the path carry (by window or by pacing: only the sender's qlog shows which)"
    }
  }

  /// The stalls that are long compared with the round trip.
  static func long(_ limits: FlowLimits, _ counters: FlowCounters) -> [FlowLimits.Stall] {
    let roundTrip = Int64(clamping: (counters.roundTrips.quantile(0.5) ?? 0) / 1_000)
    let least = max(
      FlowLimits.leastStall, roundTrip.multipliedReportingOverflow(by: FlowLimits.leastRoundTrips).partialValue)
    return limits.stalls.filter { $0.length >= least }
  }

  /// `Stalled 3 times, 3.1 s in all: 2.1 s from 4.203 s on (nothing came back), …`: the longest, in the order of time.
  private static func pauses(_ counters: FlowCounters, _ limits: FlowLimits) -> String? {
    let stalls = long(limits, counters)
    guard !stalls.isEmpty else { return limits.spent.contains { $0 > 0 } ? "It never stalled." : nil }
    let shown = stalls.sorted { $0.length > $1.length }.prefix(mostNamed).sorted { $0.start < $1.start }
    let sum = Units.duration(stalls.reduce(0) { $0 + Double($1.length) / 1e6 })
    let many = stalls.count == 1 ? "Stalled once" : "Stalled \(Units.grouped(stalls.count)) times, \(sum) in all"
    let named = shown.map { stall in
      "\(Units.duration(Double(stall.length) / 1e6)) from \(Units.fixed(Double(stall.start) / 1e6, 3)) s on (\(stall.reason.rawValue))"
    }
    let rest = stalls.count > shown.count ? ", and \(Units.grouped(stalls.count - shown.count)) shorter" : ""
    return "\(many): \(named.joined(separator: ", "))\(rest)."
  }

  /// The most stalls that are described; others are only counted.
  private static let mostNamed = 4

  /// When, how long, and why, for the page.
  static func stalls(_ limits: FlowLimits, _ counters: FlowCounters) -> JSON {
    .array(
      long(limits, counters).map {
        [.int(Int($0.start)), .int(Int($0.length)), .string($0.reason.rawValue)]
      })
  }

  private static func repeats(_ counters: FlowCounters) -> String {
    let packets = "\(Units.grouped(counters.dataPackets)) packet\(counters.dataPackets == 1 ? "" : "s")"
    guard counters.resent > 0 else { return "None of \(packets) was sent again." }
    var causes: [String] = []
    if counters.lost > 0 { causes.append("\(Units.grouped(counters.lost)) lost (\(losses(counters)))") }
    if counters.probes > 0 {
      let timeouts = "\(Units.grouped(counters.timeouts)) probe timeout\(counters.timeouts == 1 ? "" : "s")"
      causes.append("\(Units.grouped(counters.probes)) in \(timeouts)")
    }
    var text = "Of \(packets) \(share(counters.resent, counters)) were sent again"
    if counters.goBacks > 0 {
      text += " in \(Units.grouped(counters.goBacks)) go-back\(counters.goBacks == 1 ? "" : "s")"
    }
    if !causes.isEmpty { text += ": \(causes.joined(separator: ", "))" }
    return counters.spurious == 0 ? text + "." : "\(text); \(Units.grouped(counters.spurious)) proved needless."
  }

  /// How losses were found: `5 found by ACK, 73 found by timeout`.
  private static func losses(_ counters: FlowCounters) -> String {
    let ways = [
      (counters.lostByAck, "found by ACK"), (counters.lostByTimeout, "found by timeout"),
      (counters.missed, "never came before"),
    ]
    return ways.filter { $0.0 > 0 }.map { "\(Units.grouped($0)) \($1)" }.joined(separator: ", ")
  }

  private static func corruption(_ flow: Flow, _ counters: FlowCounters) -> String {
    let reported = UInt64(flow.reportedCorrupt)
    switch (counters.corrupt, reported) {
    case (0, 0): return "None was corrupt."
    case (0, _): return "\(share(reported, counters)) were reported corrupt by the receiver."
    case (_, 0): return "\(share(counters.corrupt, counters)) were captured corrupt."
    default: return "\(share(counters.corrupt, counters)) were captured corrupt, \(Units.grouped(reported)) reported."
    }
  }

  /// A count and its share of the DATA packets: `3 (0.3%)`.
  private static func share(_ count: UInt64, _ counters: FlowCounters) -> String {
    "\(Units.grouped(count)) (\(Units.percent(count, of: counters.dataPackets)))"
  }
}
