import ShoalTerminal

/// What peers' qlogs say about connections: the windows, rates and states that no capture shows.
struct QlogData {
  /// The most states that are kept: they are names for people to read, so more would be of no use.
  private static let mostStates = 1 << 14
  /// What one peer recorded about the connection over which it sends.
  struct Series {
    fileprivate var times: [String: [(time: Int64, value: Int64)]] = [:]
    fileprivate var states: [(time: Int64, name: String)] = []
  }

  /// The series, by the id in the header of the datagrams that the peer sends.
  private(set) var series: [UInt64: Series] = [:]

  /// The names in a qlog, the names on the page, and the factors that convert the values into whole numbers of bytes,
  /// microseconds and bytes per second.
  private static let metrics: [(name: String, column: String, scale: Double)] = [
    ("congestion_window", "cwnd", 1), ("smoothed_rtt", "srtt", 1_000), ("pacing_rate", "pacing", 0.125),
    ("bytes_in_flight", "flight", 1),
  ]

  mutating func add(_ event: PeerEvent) {
    let (at, id) = (Int64(event.time / 1_000), event.connection)
    switch event.name {
    case "recovery:metrics_updated":
      for metric in Self.metrics {
        guard let value = event.data[metric.name]?.number, abs(value) < 1e15 else { continue }
        series[id, default: Series()].times[metric.column, default: []].append((at, Int64(value * metric.scale)))
      }
    case "recovery:congestion_state_updated":
      guard let state = event.data["new"]?.string, series[id]?.states.count ?? 0 < Self.mostStates else { return }
      series[id, default: Series()].states.append((at, state))
    default: break
    }
  }

  /// What limits sending over a connection, by the page's clock, whose zero is `origin`; nil if no qlog has it.
  func control(_ connection: UInt64, origin: Int64) -> SenderControl? {
    guard let times = series[connection]?.times, times["flight"] != nil else { return nil }
    var samples: [Int64: SenderControl.Sample] = [:]
    func set(_ column: String, _ path: WritableKeyPath<SenderControl.Sample, Int64?>) {
      for (time, value) in times[column] ?? [] where value >= 0 {
        samples[time, default: SenderControl.Sample(time: time - origin)][keyPath: path] = value
      }
    }
    set("cwnd", \.window)
    set("pacing", \.rate)
    set("flight", \.inFlight)
    return SenderControl(samples.values.sorted { $0.time < $1.time })
  }

  /// When the state of congestion control changed, by the page's clock, and its new name.
  func states(_ connection: UInt64, origin: Int64) -> [(time: Int64, name: String)] {
    (series[connection]?.states ?? []).map { ($0.time - origin, $0.name) }.sorted { $0.0 < $1.0 }
  }

  /// What the page gets for a flow; `origin` is the page's zero, in microseconds since 1970.
  func json(_ connection: UInt64, origin: Int64) -> JSON {
    guard let series = series[connection] else { return .null }
    let columns = series.times.sorted { $0.key < $1.key }.map { name, rows -> JSON.Member in
      var columns = Columns("t", "value")
      for row in rows.sorted(by: { $0.time < $1.time }) { columns.append(row: [row.time - origin, row.value]) }
      return .init(name, columns.json)
    }
    let states = series.states.map { JSON.array([.int(Int($0.time - origin)), .string(escaped($0.name))]) }
    return .object(columns + [.init("states", .array(states))])
  }
}
