import ShoalTerminal
import ShoalWire

/// What became of a flow, in sentences: the numbers are those of `stats`.
enum Verdict {
  static func text(_ flow: Flow, _ counters: FlowCounters) -> String {
    guard counters.datagrams > 0 else { return "Nothing went from \(flow.source) to \(flow.destination)." }
    var sentences = [carried(flow, counters)]
    if counters.dataPackets > 0 {
      sentences += [repeats(counters), corruption(flow, counters)]
    }
    if let overhead = counters.overhead { sentences.append("Wire overhead \(Units.fixed(overhead, 2)).") }
    if let times = StatisticsText.roundTrips(counters) {
      sentences.append("RTT from where it was captured, min/median/p99: \(times).")
    }
    return sentences.joined(separator: " ")
  }

  private static func carried(_ flow: Flow, _ counters: FlowCounters) -> String {
    let what = counters.freshBytes > 0 ? "\(Units.total(counters.freshBytes)) of content" : "no content"
    var text = "\(flow.source) sent \(what) to \(flow.destination) in \(Units.duration(counters.duration))"
    if let goodput = counters.goodput, counters.freshBytes > 0 { text += ", \(Units.rate(goodput))" }
    if let arq = flow.arq { text += arq == .goBackN ? ", go-back-N" : ", selective repeat" }
    return text + "."
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

  /// How losses show: `5 found by ACK, 73 found by timeout`.
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

  /// `3 (0.3%)`: of the packets.
  private static func share(_ count: UInt64, _ counters: FlowCounters) -> String {
    "\(Units.grouped(count)) (\(Units.percent(count, of: counters.dataPackets)))"
  }
}
