import ShoalBase
import ShoalTerminal

/// The statistics for programs: an object for each flow, for the tracker, and for each second.
enum StatisticsJSON {
  static func objects(_ statistics: Statistics, _ flows: [Flow], _ remarks: [String] = []) -> [JSON] {
    var objects: [JSON] = []
    for (index, counters) in statistics.flows.enumerated() where counters.datagrams > 0 {
      objects.append(object(flows[index], counters, flows))
    }
    objects.append(object(statistics.tracker))
    for (index, row) in statistics.timeline.rows.enumerated() {
      objects.append(object(row, at: UInt64(index) * statistics.timeline.step, statistics.timeline.step))
    }
    let marks = Mark.allCases.map { JSON.Member($0.name, .uint(statistics.count(of: $0))) }
    objects.append([
      "kind": "all", "datagrams": .uint(statistics.all.datagrams), "marks": .object(marks),
      "remarks": .array(remarks.map { .string($0) }),
    ])
    return objects
  }

  private static func object(_ flow: Flow, _ counters: FlowCounters, _ flows: [Flow]) -> JSON {
    [
      "kind": "flow", "connection": .hex(flow.connection),
      "reverse": flow.reverse.map { .hex(flows[$0].connection) } ?? .null,
      "src": .string("\(flow.source)"), "dst": .string("\(flow.destination)"),
      "arq": flow.arq.map { .string("\($0)") } ?? .null, "window": flow.window.map { .uint(UInt64($0)) } ?? .null,
      "seconds": .double(counters.duration), "datagrams": .uint(counters.datagrams), "bytes": .uint(counters.bytes),
      "content_bytes": .uint(counters.freshBytes), "overhead": counters.overhead.map { .double($0) } ?? .null,
      "data_packets": .uint(counters.dataPackets),
      "resent": .uint(counters.resent), "resent_bytes": .uint(counters.resentBytes),
      "lost_by_ack": .uint(counters.lostByAck), "lost_by_timeout": .uint(counters.lostByTimeout),
      "missed": .uint(counters.missed),
      "pto": .uint(counters.probes), "spurious": .uint(counters.spurious), "corrupt": .uint(counters.corrupt),
      "reported_corrupt": .uint(UInt64(flow.reportedCorrupt)), "duplicates": .uint(counters.duplicates),
      "out_of_order": .uint(counters.outOfOrder), "timeouts": .uint(counters.timeouts),
      "go_backs": .uint(counters.goBacks), "acks": .uint(counters.acks), "late_acks": .uint(counters.lateAcks),
      "most_in_flight": counters.unknown(flow) == nil ? counters.mostInFlight.map { .int($0) } ?? .null : .null,
      "rtt": counters.unknown(flow) == nil ? object(counters.roundTrips) : .null,
      "captured_at": counters.dataPackets > 0 ? flow.vantage.map { .string($0.rawValue) } ?? .null : .null,
    ]
  }

  private static func object(_ times: Histogram) -> JSON {
    func seconds(_ nanoseconds: UInt64?) -> JSON { nanoseconds.map { .double(Double($0) / 1e9) } ?? .null }
    return [
      "samples": .uint(times.count), "min": seconds(times.count > 0 ? times.minimum : nil),
      "median": seconds(times.quantile(0.5)), "p99": seconds(times.quantile(0.99)),
    ]
  }

  private static func object(_ tracker: TrackerCounters) -> JSON {
    [
      "kind": "tracker", "requests": .uint(tracker.requests), "retries": .uint(tracker.retries),
      "replies": .uint(tracker.replies), "errors": .uint(tracker.errors), "latency": object(tracker.latencies),
    ]
  }

  private static func object(_ row: Timeline.Row, at second: UInt64, _ step: UInt64) -> JSON {
    [
      "kind": "second", "second": .uint(second), "seconds": .uint(step), "datagrams": .uint(row.datagrams),
      "bytes": .uint(row.bytes), "content_bytes": .uint(row.freshBytes), "resent": .uint(row.resent),
      "corrupt": .uint(row.corrupt), "most_in_flight": row.mostInFlight.map { .int($0) } ?? .null,
      "rtt": row.roundTrips.count == 0
        ? .null : .double(Double(row.roundTrips.sum) / Double(row.roundTrips.count) / 1e9),
    ]
  }
}
