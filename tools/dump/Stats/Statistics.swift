import ShoalWire

/// Counts what a capture holds: per flow, per second, per mark.
struct Statistics {
  /// The counters of each flow, by its index in the analyzer.
  private(set) var flows: [FlowCounters] = []
  /// All Shoal datagrams, whether in a flow or not.
  private(set) var all = FlowCounters()
  /// The counters of tracker packets, which belong to no flow.
  private(set) var tracker = TrackerCounters()
  private var marks = [UInt64](repeating: 0, count: Mark.allCases.count)
  private(set) var timeline = Timeline()

  mutating func add(_ datagram: Datagram, _ seen: Observation) {
    guard datagram.isOurs else { return }
    all.add(datagram, seen)
    if seen.roundTrip != nil || seen.needless > 0 { all.addAcknowledgement(seen) }
    if seen.marks.rawValue != 0 {
      for mark in Mark.allCases where seen.marks.contains(mark) { marks[Int(mark.rawValue)] += 1 }
    }
    timeline.add(datagram, seen)
    if let type = datagram.type, type.isTracker {
      // A datagram that a machine sends to itself is captured as it leaves, and again as it arrives.
      let isCopy = datagram.direction == .inbound && datagram.source == datagram.destination
      if !isCopy { tracker.add(type, seen) }
      return
    }
    if let flow = seen.flow {
      reach(flow)
      flows[flow].add(datagram, seen)
    }
    if let subject = seen.subject, subject != seen.flow, seen.roundTrip != nil || seen.needless > 0 {
      reach(subject)
      flows[subject].addAcknowledgement(seen)
    }
  }

  /// How many datagrams have a mark; for `spurious`, how many retransmissions were needless, since one ACK may report
  /// several.
  func count(of mark: Mark) -> UInt64 { mark == .spurious ? all.spurious : marks[Int(mark.rawValue)] }

  /// The counters of the flow with this index in the analyzer.
  func counters(of flow: Int) -> FlowCounters { flow < flows.count ? flows[flow] : FlowCounters() }

  private mutating func reach(_ flow: Int) {
    while flows.count <= flow { flows.append(FlowCounters()) }
  }
}

/// Counts what trackers were asked.
struct TrackerCounters {
  private(set) var requests: UInt64 = 0
  private(set) var retries: UInt64 = 0
  private(set) var replies: UInt64 = 0
  private(set) var errors: UInt64 = 0
  /// The times from the last try to the answer, in nanoseconds.
  private(set) var latencies = Histogram()

  mutating func add(_ type: PacketType, _ seen: Observation) {
    if type.isTrackerRequest {
      if seen.marks.contains(.retry) { retries += 1 } else { requests += 1 }
      return
    }
    replies += 1
    if type == .error { errors += 1 }
    if let span = seen.request.span { latencies.add(span) }
  }
}
