import ShoalBase
import ShoalSimulator
import ShoalTerminal
import ShoalTransport

/// One simulated transfer and its seed.
struct SimulationResult {
  let seed: UInt64
  let transfer: SimulatedTransfer.Result

  init(seed: UInt64, _ transfer: SimulatedTransfer.Result) { (self.seed, self.transfer) = (seed, transfer) }

  var json: JSON {
    [
      "event": "run", "seed": .uint(seed), "seconds": transfer.time.map { .double(Double($0) / 1e9) } ?? .null,
      "received": .int(transfer.received), "goodput": .double(transfer.goodput), "wire": .double(transfer.wire),
      "wire_bytes": .int(transfer.wireBytes), "sent": .int(transfer.sender.sent),
      "retransmitted": .int(transfer.sender.retransmitted), "lost": .int(transfer.sender.lost),
      "spurious": .int(transfer.sender.spurious), "corrupt": .int(transfer.receiver.corrupt),
      "acks": .int(transfer.receiver.sent), "queue_dropped": .int(transfer.up.droppedQueue),
      "rtt_median": transfer.roundTrip.map { .double(Double($0.median) / 1e9) } ?? .null,
      "rtt_p99": transfer.roundTrip.map { .double(Double($0.high) / 1e9) } ?? .null,
    ]
  }

  fileprivate var row: [String] {
    func milliseconds(_ span: Nanoseconds) -> String { Units.fixed(Double(span) / 1e6, 1) }
    let repeats = transfer.sender.retransmitted
    return [
      "\(seed)", transfer.time.map { Units.fixed(Double($0) / 1e9, 3) } ?? "-",
      Units.fixed(transfer.goodput / 1e6, 2), Units.fixed(transfer.goodput * 8 / 1e6, 1), Units.fixed(transfer.wire, 3),
      Units.grouped(repeats), Units.percent(UInt64(repeats), of: UInt64(max(1, transfer.sender.sent))),
      Units.grouped(transfer.up.droppedQueue),
      transfer.roundTrip.map { "\(milliseconds($0.median))/\(milliseconds($0.high))" } ?? "-",
    ]
  }
}

/// All runs of one command, for people and for programs.
struct SimulationSummary {
  private let results: [SimulationResult]
  private let transfer: SimulatedTransfer

  init(_ results: [SimulationResult], of transfer: SimulatedTransfer) {
    (self.results, self.transfer) = (results, transfer)
  }

  /// How many runs were given up.
  var incomplete: Int { results.count { $0.transfer.time == nil } }
  /// Whether no run was given up.
  var isComplete: Bool { incomplete == 0 }

  func lines(width: Int? = nil) -> [String] {
    let transport = transfer.transport
    let arq = transport.repeatMode == .goBackN ? "go-back-N" : "selective repeat"
    let start =
      "\(Units.total(UInt64(transfer.size))) over \(transfer.link); \(arq), window \(transport.window), "
      + "congestion \(transport.congestion)"
    var table = Table([
      .init("seed", .right), .init("s", .right), .init("MB/s", .right), .init("Mbit/s", .right),
      .init("wire/byte", .right), .init("repeats", .right), .init("", .right), .init("queue drops", .right),
      .init("RTT median/p99 ms", .right),
    ])
    for result in results { table.add(result.row) }
    var lines = [start] + table.lines(width: width)
    if results.count > 1 {
      lines.append(
        "median of \(results.count): \(Units.fixed(median(\.goodput) / 1e6, 2)) MB/s, wire/byte \(Units.fixed(median(\.wire), 3))"
      )
    }
    return lines
  }

  var json: JSON {
    [
      "event": "done", "runs": .int(results.count), "goodput_median": .double(median(\.goodput)),
      "wire_median": .double(median(\.wire)),
    ]
  }

  private func median(_ value: (SimulatedTransfer.Result) -> Double) -> Double {
    let values = results.map { value($0.transfer) }.sorted()
    return values.isEmpty ? 0 : (values[(values.count - 1) / 2] + values[values.count / 2]) / 2
  }
}

/// The course of a simulated transfer, as CSV.
enum Timeline {
  static let header =
    "seconds,received,in_flight,congestion_window,rtt_seconds,pacing_rate,queue_delay_seconds,state\n"

  static func text(_ samples: [SimulatedTransfer.Sample]) -> String {
    samples.reduce(into: header) { text, sample in
      func seconds(_ span: Nanoseconds?) -> String { span.map { Units.fixed(Double($0) / 1e9, 6) } ?? "" }
      text +=
        "\(seconds(sample.time)),\(sample.received),\(sample.inFlight),"
        + "\(sample.congestionWindow.map { "\($0)" } ?? ""),\(seconds(sample.roundTrip)),"
        + "\(sample.pacingRate.map { Units.fixed($0, 0) } ?? ""),\(seconds(sample.queueDelay)),\(sample.state)\n"
    }
  }
}
