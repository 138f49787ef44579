import ShoalTerminal

/// What can be asserted about a capture.
enum Measure {
  case count(Mark)
  case plain(Plain)

  enum Plain: String, CaseIterable {
    case datagrams, bytes, data, acks, content, goodput, overhead, duration
    case inFlight = "in_flight"
    case rttMin = "rtt.min"
    case rttMedian = "rtt.median"
    case rttP99 = "rtt.p99"
    case requests = "tracker.requests"
    case retries = "tracker.retries"
    case errors = "tracker.errors"
    case latency = "tracker.latency"
  }

  static let names = Plain.allCases.map(\.rawValue) + Mark.allCases.map(\.name) + ["retransmitted"]

  init?(_ name: String) {
    if let plain = Plain(rawValue: name) {
      self = .plain(plain)
    } else if let mark = Mark(name: name == "retransmitted" ? "resent" : name) {
      self = .count(mark)
    } else {
      return nil
    }
  }

  var dimension: Dimension {
    switch self {
    case .count: .count
    case .plain(let plain):
      switch plain {
      case .duration, .rttMin, .rttMedian, .rttP99, .latency: .time
      case .bytes, .content, .inFlight: .size
      case .goodput: .rate
      default: .plain
      }
    }
  }

  /// The value, and how to say it; without a number where nothing was measured.
  func value(_ statistics: Statistics, asShare: Bool) -> (number: Double?, text: String) {
    switch self {
    case .count(let mark):
      let count = statistics.count(of: mark)
      guard asShare else { return (Double(count), Units.grouped(count)) }
      let whole = Self.whole(mark, statistics)
      let share = whole == 0 ? 0 : Double(count) / Double(whole)
      return (share, "\(Units.percent(share, decimals: 2)) (\(Units.grouped(count)) of \(Units.grouped(whole)))")
    case .plain(let plain): return Self.value(plain, statistics)
    }
  }

  /// What a share is a share of: DATA packets, ACKs, or all datagrams.
  private static func whole(_ mark: Mark, _ statistics: Statistics) -> UInt64 {
    switch mark {
    case .resent, .spurious, .lostByAck, .lostByTimeout, .pto, .goBack, .outOfOrder, .duplicate, .windowFull:
      statistics.all.dataPackets
    case .ackLate, .beyondSent: statistics.all.acks
    default: statistics.all.datagrams
    }
  }

  private static func value(_ plain: Plain, _ statistics: Statistics) -> (number: Double?, text: String) {
    func count(_ number: UInt64) -> (Double?, String) { (Double(number), Units.grouped(number)) }
    func bytes(_ number: UInt64) -> (Double?, String) { (Double(number), Units.total(number)) }
    func time(_ nanoseconds: UInt64?) -> (Double?, String) {
      nanoseconds.map { (Double($0) / 1e9, Units.duration(Double($0) / 1e9)) } ?? (nil, "not known: no samples")
    }
    let all = statistics.all
    switch plain {
    case .datagrams: return count(all.datagrams)
    case .bytes: return bytes(all.bytes)
    case .data: return count(all.dataPackets)
    case .acks: return count(all.acks)
    case .content: return bytes(all.freshBytes)
    case .goodput:
      return all.goodput.map { ($0, Units.rate($0)) } ?? (nil, "not known: no time passed")
    case .overhead: return all.overhead.map { ($0, Units.fixed($0, 2)) } ?? (nil, "not known: no content")
    case .duration: return (all.duration, Units.duration(all.duration))
    case .inFlight:
      return all.mostInFlight.map { bytes(UInt64($0)) } ?? (nil, "not known: captured where the data arrive")
    case .rttMin: return time(all.roundTrips.count > 0 ? all.roundTrips.minimum : nil)
    case .rttMedian: return time(all.roundTrips.quantile(0.5))
    case .rttP99: return time(all.roundTrips.quantile(0.99))
    case .requests: return count(statistics.tracker.requests)
    case .retries: return count(statistics.tracker.retries)
    case .errors: return count(statistics.tracker.errors)
    case .latency: return time(statistics.tracker.latencies.quantile(0.5))
    }
  }
}
