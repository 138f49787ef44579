import ShoalTerminal
import ShoalWire

/// Collects what the page shows while a capture is read.
struct ReportData: ~Copyable {
  /// Handshakes, probes and tracker packets beyond this many are only counted.
  private static let mostLines = 20_000
  /// The most directions of connections that are drawn.
  private static let mostFlows = 1 << 10
  /// A datagram that is shown as its line.
  private struct Line {
    var number: UInt64
    var time: Int64
    var flow: Int?
    var marks: MarkSet
    var text: String
  }

  private var analyzer = Analyzer()
  private(set) var statistics = Statistics()
  private let filter: PacketFilter
  private var flows: [ReportFlow] = []
  private var evidence: EvidenceTable
  private var chunks = ChunkMap()
  private var lines: [Line] = []
  private var unlisted = 0
  private var line = TextLine(usesColor: false, clock: Clock(style: .relative))
  private var buffer = TextBuffer(capacity: 1 << 12)
  private var origin: UInt64?
  /// Microseconds from the first packet to the latest; the page needs times that never decrease.
  private var now: Int64 = 0
  /// How many of these connections are in the capture.
  func known(_ connections: some Sequence<UInt64>) -> Int {
    let ids = Set(analyzer.flows.map(\.connection))
    return connections.count { ids.contains($0) }
  }

  /// How many Shoal datagrams there are.
  private(set) var count = 0

  private let qlog: QlogData

  /// Collects the datagrams that pass the filter; `qlog` is what peers say about the connections.
  init(_ filter: PacketFilter = PacketFilter(), _ qlog: QlogData = QlogData()) {
    (self.filter, self.qlog) = (filter, qlog)
    evidence = EvidenceTable(qlog, atMost: Self.mostFlows)
  }

  /// The page's zero, in microseconds since 1970.
  private var zero: Int64 { Int64((origin ?? 0) / 1_000) }

  mutating func observe(_ datagram: inout Datagram) {
    line.clock.begin(datagram.time)
    if origin == nil { origin = datagram.time }
    if let origin, let time = datagram.time, time > origin { now = max(now, Int64((time - origin) / 1_000)) }
    let seen = analyzer.observe(&datagram)
    guard datagram.isOurs, filter.passes(datagram, seen, line.clock, analyzer) else { return }
    count += 1
    statistics.add(datagram, seen)
    while flows.count < min(analyzer.flows.count, Self.mostFlows) { flows.append(ReportFlow()) }
    if let flow = seen.subject ?? seen.flow, flow >= flows.count { return }
    let carried: CarriedMessages? =
      if case .data(let packet) = datagram.content { .init(packet, datagram) } else { nil }
    evidence.add(datagram, seen, carried, analyzer, zero: zero, at: now)
    switch datagram.content {
    case .data(let packet):
      guard let index = seen.subject, let carried else { return note(datagram, seen) }
      flows[index].add(packet, carried, datagram, seen, at: now)
      if !seen.marks.contains(.duplicate) { add(packet, carried.blocks, datagram, index, seen) }
    case .ack(let packet):
      guard let index = seen.subject, seen.next != nil else { return note(datagram, seen) }
      for part in flows[index].add(packet, datagram, seen, at: now) {
        chunks.arrive(part, flow: index, entry(part.file, index), at: now)
      }
    case .other, .none:
      if datagram.isCorrupt, let index = seen.flow {
        flows[index].addCorrupt(datagram, at: now)
      } else {
        note(datagram, seen)
      }
    }
  }

  /// Says which connections are left out; nil if none are.
  var limitReached: String? {
    guard leftOut > 0 else { return analyzer.limitReached }
    let least = analyzer.unfollowed > 0 ? "at least " : ""
    return "\(least)\(Units.grouped(leftOut)) connections are left out of the report: the first"
      + " \(Units.grouped(Self.mostFlows / 2)) are drawn"
  }

  /// Connections that are not drawn.
  private var leftOut: Int { (analyzer.flows.count - flows.count + 1) / 2 }

  private func entry(_ file: UInt16, _ flow: Int) -> FileTable.Entry? {
    analyzer.files[FileTable.Key(flow: flow, file: file)]
  }

  private mutating func add(
    _ packet: DataPacket, _ blocks: [Block], _ datagram: Datagram, _ index: Int, _ seen: Observation
  ) {
    let parts = blocks.compactMap(FilePart.init)
    // A packet captured where it arrives has arrived, unless go-back-N discards it; elsewhere only an ACK shows that.
    let isThere = datagram.way == .inbound && analyzer.flows[index].arq != .goBackN
    for part in parts {
      let entry = entry(part.file, index)
      chunks.send(part, flow: index, receiver: datagram.destination, entry, at: now)
      if isThere { chunks.arrive(part, flow: index, entry, at: now) }
    }
    if !isThere, let number = seen.sequence { flows[index].await(parts, number: number) }
    guard blocks.isEmpty, seen.first.number == 0 else { return }
    try? datagram.messages(from: packet.messages.offset) { (bytes, part) throws(WireError) in
      switch part.type {
      case .offer:
        let offer = try Offer.decode(bytes, part.body)
        chunks.add(offer.have, file: offer.file, flow: index, at: now)
      case .have:
        let have = try Have.decode(bytes, part.body)
        chunks.add(have.chunks, file: have.file, flow: index, at: now)
      default: break
      }
    }
  }

  private mutating func note(_ datagram: Datagram, _ seen: Observation) {
    guard lines.count < Self.mostLines else {
      unlisted += 1
      return
    }
    buffer.removeAll()
    line.write(datagram, seen, to: &buffer)
    lines.append(Line(number: datagram.number, time: now, flow: seen.flow, marks: seen.marks, text: buffer.text))
  }

  private func back(of flow: Int) -> FlowCounters? { analyzer.flows[flow].reverse.map(statistics.counters) }

  /// What limited each flow that carried content, as JSON.
  var verdicts: [JSON] {
    flows.indices.compactMap {
      ReportFlow.verdict(
        analyzer.flows[$0], statistics.counters(of: $0), back: back(of: $0), evidence.flows[$0].limits)
    }
  }

  /// The graphs of the flows that carried most, each with the name of its file, such as `1-sequence.svg`.
  func graphs(title: String, atMost most: Int = 8) -> [(name: String, svg: String)] {
    let shown = flows.indices.filter { flows[$0].data.count > 0 }
    let sizes = flows.indices.map { statistics.counters(of: $0).bytes }
    let busiest = shown.sorted { sizes[$0] > sizes[$1] }.prefix(most)
    return zip(1..., busiest).flatMap { rank, index -> [(name: String, svg: String)] in
      let flow = analyzer.flows[index]
      let graphs = FlowGraphs(
        flows[index],
        title: "\([title, date].compactMap(\.self).joined(separator: ", ")): \(flow.source) > \(flow.destination)",
        window: flow.window,
        isReceivers: statistics.counters(of: index).isReceivers,
        chunks: chunks.graphs(of: [index], analyzer.files).first,
        causes: evidence.attribution(index, analyzer))
      return graphs.all.map { ("\(rank)-\($0.name).svg", $0.svg) }
    }
  }

  /// When the capture begins: `2026-11-22 14:03:07 UTC`; nil if its packets have no times.
  private var date: String? {
    origin.map { time in
      let text = Timestamp(seconds: Int64(time / 1_000_000_000)).rfc3339
      return "\(text.prefix(10)) \(text.dropFirst(11).prefix(8)) UTC"
    }
  }

  /// Everything, in the form that the page reads.
  func json(file: String) -> JSON {
    let shown = zip(analyzer.flows, flows).enumerated().map { index, pair in
      let (flow, columns) = pair
      let reverse = flow.reverse.flatMap { $0 < flows.count ? $0 : nil }
      return columns.json(
        flow, reverse, statistics.counters(of: index), back: back(of: index), evidence.flows[index].limits,
        evidence.attribution(index, analyzer), qlog: qlog.json(flow.connection, origin: zero))
    }
    return [
      "file": .string(file), "limit_names": .array(Cause.allCases.map { .string($0.short) }),
      "start": date.map(JSON.string) ?? .null, "end": .int(Int(now)), "datagrams": .int(count),
      "unlisted": .int(unlisted),
      "left_out": .int(leftOut),
      "marks": .array(Mark.allCases.map { .string($0.name) }),
      "messages": .array(
        (0...UInt8(MessageType.allCases.count)).map { value in
          MessageType(rawValue: value).map { .string($0.name) } ?? .null
        }),
      "types": .array((0...UInt8(0x2f)).map { value in PacketType(rawValue: value).map { .string($0.name) } ?? .null }),
      "flows": .array(shown), "lanes": chunks.json(analyzer.files),
      "lines": .array(
        lines.map { line in
          [
            "n": .uint(line.number), "t": .int(Int(line.time)), "flow": line.flow.map(JSON.int) ?? .null,
            "marks": .uint(UInt64(line.marks.rawValue)), "text": .string(line.text),
          ]
        }),
    ]
  }
}
