import ShoalCapture

/// Where along the path of a flow it was captured.
enum Vantage: String {
  /// Where its datagrams leave.
  case sender
  /// Where they arrive: the sender's round trips, its timers and what it has in flight cannot be seen there.
  case receiver
  /// In between: what lies beyond, in either direction, cannot be seen.
  case between
}

extension Analyzer {
  /// The length, in nanoseconds, below which a path is the same everywhere: a machine does not answer sooner.
  static var shortPath: UInt64 { 500_000 }
  /// A capture counts as made at an end if less than this fraction (one in so many) of the round trip lies beyond it.
  private static var endPart: UInt64 { 8 }

  /// Finds which way a datagram of a flow went, and where it was captured: from the capture if it says so, or else from
  /// the time that passes from here to either end and back.
  mutating func orient(_ datagram: inout Datagram, _ index: Int) {
    let reverse = flows[index].reverse
    if let direction = datagram.direction {
      flows[index].directions.insert(direction == .outbound ? .outbound : .inbound)
      let directions = flows[index].directions
      // On a host that forwards, everything arrives, or everything leaves.
      let isForwarded = directions != .both && reverse.map { flows[$0].directions == directions } ?? false
      guard isForwarded else {
        flows[index].vantage = direction == .outbound ? .sender : .receiver
        return
      }
    }
    flows[index].vantage = reverse.flatMap { inferred(flows[index].leg, flows[$0].leg) }
    switch flows[index].vantage {
    case .sender: datagram.way = .outbound
    case .receiver: datagram.way = .inbound
    case .between, nil: datagram.way = nil
    }
  }

  /// `ahead` and `behind`: the least time from here to the receiver and back, and to the sender and back.
  private func inferred(_ ahead: UInt64?, _ behind: UInt64?) -> Vantage? {
    guard let ahead, let behind else { return nil }
    let whole = ahead.saturatingAdd(behind)
    guard whole >= Self.shortPath else { return nil }
    if behind <= ahead { return behind < whole / Self.endPart ? .sender : .between }
    return ahead < whole / Self.endPart ? .receiver : .between
  }

  /// Notes how long an answer took from here to the receiver of a flow and back.
  mutating func noteLeg(_ span: UInt64, of index: Int) {
    flows[index].leg = min(flows[index].leg ?? .max, span)
  }

  /// Whether a round trip from here is that of the flow's sender.
  func isWholeRoundTrip(_ sample: UInt64, of index: Int) -> Bool {
    switch flows[index].vantage {
    case .sender: return true
    case .receiver, .between: return false
    case nil:
      // If only one end's part is known, a short one may well be all that is seen of a long path.
      let isOtherKnown = flows[index].reverse.map { flows[$0].leg != nil } ?? false
      return isOtherKnown || sample >= Self.shortPath
    }
  }
}

/// The directions that a capture gives for a flow.
struct CapturedDirections: OptionSet {
  var rawValue: UInt8
  static let inbound = CapturedDirections(rawValue: 1)
  static let outbound = CapturedDirections(rawValue: 2)
  static let both: CapturedDirections = [.inbound, .outbound]
}

extension UInt64 {
  func saturatingAdd(_ other: UInt64) -> UInt64 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }
}
