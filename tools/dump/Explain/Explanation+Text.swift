import ShoalTerminal

extension Explanation {
  /// The lines for people: who sent what, a table of the causes, and what to change.
  func lines(width: Int?) -> [String] {
    let whole = max(causes.duration, 1e-9)
    var table = Table([
      .init("limited by", .left, isVital: true), .init("s", .right), .init("", .right), .init("what to change"),
    ])
    for (cause, seconds) in causes.sums where seconds / whole >= 0.0005 {
      table.add([cause.label, Units.fixed(seconds, 3), Units.percent(seconds / whole, decimals: 1), advice(cause)])
    }
    return [headline, vantage] + table.lines(width: width)
  }

  var headline: String {
    var text = "\(flow.source) sent \(Units.total(counters.freshBytes)) to \(flow.destination)"
    text += " in \(Units.duration(causes.duration))"
    if causes.duration > 0 { text += ", \(Units.rate(Double(counters.freshBytes) / causes.duration))" }
    if let roundTrip { text += "; round trip at least \(Units.fixed(roundTrip * 1e3, 1)) ms" }
    return text
  }

  /// Where it was captured, and what cannot be told from there.
  private var vantage: String {
    if flow.vantage == .between {
      return "Captured between the two ends: what the sender knew does not show, so this is less certain."
    }
    switch (isReceivers, hasQlog) {
    case (false, true): return "Captured at the sender's end, with its qlog."
    case (false, false):
      return
        "Captured at the sender's end, without its qlog: a limit of the sender's side may look like one of the path."
    case (true, true): return "Captured at the receiver's end, with the sender's qlog."
    case (true, false):
      return "Captured at the receiver's end: what held the sender back shows only in its own capture and qlog."
    }
  }

  /// What to change, in plain words.
  func advice(_ cause: Cause) -> String {
    switch cause {
    case .path:
      "nothing: the path carried what it could" + (causes.lineRate.map { ", \(Units.rate($0)) of datagrams" } ?? "")
    case .startUp: "nothing for a long transfer; many small files: share their folder as one"
    case .loss: lossAdvice
    case .window:
      "raise --window at both ends" + (flow.window.map { ", now \(Units.grouped($0)) packets" } ?? "")
    case .requests: "the receiver asks for too little: drop its --max-download, or update it"
    case .receiver: "a faster disk or processor at the receiver; other programs may use them"
    case .returnPath: "the way back is too slow for acknowledgements and requests: keep other uploads off it"
    case .outage: "the link was down: nothing in the transfer can change that"
    case .application: "the sender's --max-upload, its disk or its processor; 'shoal limit' shows and changes limits"
    case .control: "nothing: congestion control was looking for the rate; --congestion chooses another"
    case .unknown:
      isReceivers
        ? "capture at the sender with --capture and --qlog: path or sender cannot be told apart here"
        : "give the sender's --qlog: path or sender cannot be told apart here"
    }
  }

  private var lossAdvice: String {
    let share = Units.percent(counters.resent, of: max(counters.dataPackets, 1))
    let other =
      flow.arq == .goBackN
      ? "use --arq sr" : "--congestion bbr copes best; find where packets are lost: Wi-Fi, a cable, a rate limiter"
    return "\(share) were sent again: \(other)"
  }
}
