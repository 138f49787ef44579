import ShoalTerminal

/// Collects what `explain` needs while a capture is read.
struct ExplainData: ~Copyable {
  /// The most directions of connections that are explained.
  private static let mostFlows = 1 << 10

  private(set) var analyzer = Analyzer()
  private(set) var statistics = Statistics()
  private var evidence: EvidenceTable
  private let filter: PacketFilter
  private var clock = Clock(style: .relative)
  /// The time of the first packet, in nanoseconds since 1970.
  private(set) var origin: UInt64?
  private var now: Int64 = 0
  /// How many Shoal datagrams there are.
  private(set) var count = 0

  init(_ filter: PacketFilter, _ qlog: QlogData) {
    self.filter = filter
    evidence = EvidenceTable(qlog, atMost: Self.mostFlows)
  }

  mutating func observe(_ datagram: inout Datagram) {
    clock.begin(datagram.time)
    if origin == nil { origin = datagram.time }
    if let origin, let time = datagram.time, time > origin { now = max(now, Int64((time - origin) / 1_000)) }
    let seen = analyzer.observe(&datagram)
    guard datagram.isOurs, filter.passes(datagram, seen, clock, analyzer) else { return }
    count += 1
    statistics.add(datagram, seen)
    let carried: CarriedMessages? =
      if case .data(let packet) = datagram.content { .init(packet, datagram) } else { nil }
    evidence.add(datagram, seen, carried, analyzer, zero: Int64((origin ?? 0) / 1_000), at: now)
  }

  /// The flows that carried content, each with what limited it, in the order in which they appeared.
  var explanations: [Explanation] {
    evidence.flows.indices.compactMap { index in
      let counters = statistics.counters(of: index)
      guard counters.freshBytes > 0, let causes = evidence.attribution(index, analyzer) else { return nil }
      return Explanation(
        flow: analyzer.flows[index], counters: counters, causes: causes,
        hasQlog: evidence.flows[index].limits.isDivided,
        isReceivers: evidence.flows[index].isReceivers,
        roundTrip: analyzer.leastRoundTrip(index).map { Double($0) / 1e9 })
    }
  }
}

/// What limited one flow, for people and for programs.
struct Explanation {
  var flow: Flow
  var counters: FlowCounters
  var causes: Attribution
  var hasQlog: Bool
  var isReceivers: Bool
  /// The least round trip, in seconds.
  var roundTrip: Double?
}
