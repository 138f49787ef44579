import ShoalWire

/// What a capture shows of each flow's transfer, collected as it is read.
struct EvidenceTable {
  /// In the order of the analyzer's flows.
  private(set) var flows: [FlowEvidence] = []
  private let qlog: QlogData
  private let most: Int

  /// A table of at most this many flows, about some of which a qlog says more.
  init(_ qlog: QlogData = QlogData(), atMost most: Int) { (self.qlog, self.most) = (qlog, most) }

  /// Takes a datagram and what the analyzer has found; `zero` is the page's zero in microseconds since 1970, and `now`
  /// microseconds since then. `carried` are the messages of a DATA packet.
  mutating func add(
    _ datagram: Datagram, _ seen: Observation, _ carried: CarriedMessages?, _ analyzer: borrowing Analyzer, zero: Int64,
    at now: Int64
  ) {
    while flows.count < min(analyzer.flows.count, most) {
      let connection = analyzer.flows[flows.count].connection
      var evidence = FlowEvidence(qlog.control(connection, origin: zero))
      evidence.states = qlog.states(connection, origin: zero)
      flows.append(evidence)
    }
    guard let index = seen.subject ?? seen.flow, index < flows.count else { return }
    let reverse = analyzer.flows[index].reverse.flatMap { $0 < flows.count ? $0 : nil }
    let isInbound = datagram.way == .inbound
    switch datagram.content {
    case .data(let packet):
      guard let carried else { return }
      let trip = analyzer.leastRoundTrip(index).map { Int64($0 / 1_000) }
      flows[index].send(
        packet, carried, datagram.length, seen, isReceivers: isInbound, roundTrip: trip, at: now)
      if let reverse {
        flows[reverse].hear(packet, carried, seen, isReceivers: !isInbound, at: now)
      }
    case .ack:
      guard seen.next != nil else { return }
      flows[index].acknowledge(seen, isReceivers: !isInbound, at: now)
      if isInbound, let reverse, let trip = seen.roundTrip { flows[reverse].hear(roundTrip: trip, at: now) }
    case .other where datagram.type == .open || datagram.type == .accept:
      flows[index].open(at: now)
      if let reverse { flows[reverse].open(at: now) }
    case .other, .none: break
    }
  }

  /// What limited a flow; nil if no content went over it.
  func attribution(_ index: Int, _ analyzer: borrowing Analyzer) -> Attribution? {
    Attribution(flows[index], roundTrip: analyzer.leastRoundTrip(index).map { Int64($0 / 1_000) } ?? 0)
  }
}

extension Analyzer {
  /// The least time from the end where a flow was captured to the other and back, in nanoseconds, in whichever direction
  /// it was measured.
  func leastRoundTrip(_ index: Int) -> UInt64? {
    let reverse = flows[index].reverse
    return [index, reverse ?? index].compactMap { flows[$0].roundTrips > 0 ? flows[$0].shortestRoundTrip : nil }.max()
  }
}
