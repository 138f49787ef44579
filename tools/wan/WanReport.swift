import ShoalBase
import ShoalTerminal

/// What happened in both directions, for people and for programs.
struct WanReport {
  private let counters: [RelayCounters]
  private let names: [String]
  private let seconds: Double

  /// A report of `counters` from A to B and from B to A, after this many `seconds`.
  init(_ counters: [RelayCounters], sides: [String], seconds: Double) {
    self.counters = counters
    names = ["\(sides[0]) > \(sides[1])", "\(sides[1]) > \(sides[0])"]
    self.seconds = seconds
  }

  /// A table, for people; columns in which nothing happened are left out.
  func lines(width: Int? = nil) -> [String] {
    let columns: [(title: String, isShown: Bool, value: (RelayCounters) -> String)] = [
      ("offered", true, { Units.grouped($0.link.offered) }),
      ("", true, { Units.total(UInt64($0.link.offeredBytes)) }),
      count("MTU") { $0.link.droppedMTU }, count("queue full") { $0.link.droppedQueue },
      count("outage") { $0.link.droppedOutage }, count("lost") { $0.link.droppedLoss },
      count("corrupted") { $0.link.corrupted }, count("doubled") { $0.link.duplicated },
      count("reordered") { $0.link.reordered },
      ("delivered", true, { Units.grouped($0.delivered) }),
      ("", true, { Units.total(UInt64($0.deliveredBytes)) }),
      (
        "queue median/max", counters.contains { $0.queueDelay.largest > 0 },
        { milliseconds($0.queueDelay.quantile(0.5)) + "/" + milliseconds($0.queueDelay.largest) + " ms" }
      ),
    ]
    let shown = columns.filter(\.isShown)
    var table = Table([Table.Column()] + shown.map { Table.Column($0.title, .right) })
    for (name, counters) in zip(names, counters) { table.add([name] + shown.map { $0.value(counters) }) }
    return table.lines(width: width)
  }

  private func count(
    _ title: String, _ value: @escaping (RelayCounters) -> Int
  ) -> (title: String, isShown: Bool, value: (RelayCounters) -> String) {
    (
      title, counters.contains { value($0) > 0 },
      { counters in
        let count = value(counters)
        guard count > 0 else { return "0" }
        let share = Units.percent(UInt64(count), of: UInt64(counters.link.offered), decimals: 2)
        return "\(Units.grouped(count)) (\(share))"
      }
    )
  }

  /// Where the emulator itself fell short, and thereby did to the traffic what the link's specification does not ask
  /// for.
  var warnings: [String] {
    zip(names, counters).flatMap { name, counters in
      var warnings: [String] = []
      func warn(_ count: Int, _ text: String) {
        if count > 0 { warnings.append("\(name): \(Units.grouped(count)) packets \(text)") }
      }
      warn(counters.ringDropped, "came faster than this machine could carry them, and were dropped before the link")
      warn(counters.overflow, "were dropped because the link held too many")
      warn(counters.refused, "were refused by the receiving device")
      let late = counters.lateness.quantile(0.999)
      if late > .millisecond {
        warnings.append("\(name): one packet in 1,000 was over \(milliseconds(late)) ms late: this machine is too busy")
      }
      return warnings
    }
  }

  /// The report for programs, as one object.
  func json(_ event: String) -> JSON {
    [
      "event": .string(event), "seconds": .double(seconds), "up": WanReport.json(counters[0]),
      "down": WanReport.json(counters[1]),
    ]
  }

  private static func json(_ counters: RelayCounters) -> JSON {
    func spans(_ times: TimeHistogram) -> JSON {
      func seconds(_ span: Nanoseconds) -> JSON { .double(Double(span) / 1e9) }
      return [
        "median": seconds(times.quantile(0.5)), "p99": seconds(times.quantile(0.99)), "max": seconds(times.largest),
      ]
    }
    let link = counters.link
    return [
      "offered_packets": .int(link.offered), "offered_bytes": .int(link.offeredBytes),
      "dropped_mtu": .int(link.droppedMTU), "dropped_queue": .int(link.droppedQueue),
      "dropped_outage": .int(link.droppedOutage), "lost": .int(link.droppedLoss),
      "corrupted": .int(link.corrupted), "duplicated": .int(link.duplicated), "reordered": .int(link.reordered),
      "delivered_packets": .int(counters.delivered), "delivered_bytes": .int(counters.deliveredBytes),
      "ring_dropped": .int(counters.ringDropped), "overflow": .int(counters.overflow),
      "refused": .int(counters.refused), "queue_delay": spans(counters.queueDelay), "late": spans(counters.lateness),
    ]
  }
}

/// A span in milliseconds, as people read it.
private func milliseconds(_ span: Nanoseconds) -> String {
  let value = Double(span) / 1e6
  return Units.fixed(value, value < 9.95 ? 2 : value < 99.5 ? 1 : 0)
}
