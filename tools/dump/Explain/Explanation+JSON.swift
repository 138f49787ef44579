import ShoalTerminal

extension Explanation {
  /// The explanation for programs; `origin` is the time of the first packet.
  func json(_ origin: UInt64?) -> JSON {
    let whole = max(causes.duration, 1e-9)
    func seconds(_ time: Int64) -> JSON { .double(Double(time) / 1e6) }
    return [
      "event": "explain", "connection": .hex(flow.connection), "src": .string("\(flow.source)"),
      "dst": .string("\(flow.destination)"), "captured_at": flow.vantage.map { .string($0.rawValue) } ?? .null,
      "with_qlog": .bool(hasQlog), "begin": origin.map { .double(Double($0) / 1e9) } ?? .null,
      "seconds": .double(causes.duration), "content_bytes": .uint(counters.freshBytes),
      "line_rate": causes.lineRate.map { .double($0) } ?? .null, "rtt_min": roundTrip.map { .double($0) } ?? .null,
      "causes": .array(
        causes.sums.map { cause, seconds in
          [
            "cause": .string(cause.name), "seconds": .double(seconds), "share": .double(seconds / whole),
            "advice": .string(advice(cause)),
          ]
        }),
      "spans": .array(causes.spans.map { [seconds($0.start), seconds($0.end), .string($0.cause.name)] }),
    ]
  }
}
