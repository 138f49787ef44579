import ShoalTerminal
import ShoalWire

/// What the page gets about one direction of a connection: its DATA, and the ACKs that concern it.
struct ReportFlow {
  /// Beyond this many packets, it is not remembered which of them a slice has reported.
  private static let mostNumbers: Int64 = 1 << 26

  /// A row for each DATA. `offset` counts from where the content of the previous one ended.
  private(set) var data = Columns(
    "n", "t", "seq", "attempt", "len", "marks", "flight", "kind", "file", "offset", "content")
  /// A row for each DATA whose marks refer to other packets: its row in `data`, and what the marks say.
  private(set) var references = Columns("row", "first", "span", "cause", "extra", "timeouts")
  /// A row for each ACK. `next` and `top` as in the packet; `rtt` in microseconds, 0 for none.
  private(set) var acks = Columns(
    "n", "t", "next", "top", "marks", "flight", "rtt", "bytes", "corrupt", "runs", "limit", "needless")
  /// The runs of numbers beyond its `next` that each ACK was the first to report: its column `runs` says how many.
  private(set) var runs = Columns("start", "many")
  /// A row for each corrupt datagram; `mend` is the bit whose flip repairs it, plus 1.
  private(set) var corrupt = Columns("n", "t", "len", "type", "found", "computed", "mend")
  /// The number that `seq`, `next` and `start` count from.
  private var origin: Int64?
  private var contentEnd: Int64 = 0
  /// Bit n: the number `origin + n` has been acknowledged.
  private var acknowledged: [UInt64] = []
  private var outstanding = OutstandingParts()

  private mutating func relative(_ number: Int64) -> Int64 {
    if origin == nil { origin = number }
    return number - origin!
  }

  mutating func add(
    _ packet: DataPacket, _ carried: CarriedMessages, _ datagram: Datagram, _ seen: Observation, at time: Int64
  ) {
    let row = data.count
    let kind = carried.kind
    let block = kind == MessageType.block.rawValue ? carried.blocks.first : nil
    data.append(0, datagram.number)
    data.append(1, time)
    data.append(2, relative(seen.sequence ?? Int64(packet.sequence)))
    data.append(3, packet.attempt)
    data.append(4, datagram.length)
    data.append(5, seen.marks.rawValue)
    data.append(6, seen.inFlight ?? 0)
    // A block's space is stored above the type.
    data.append(7, Int64(kind) + Int64(block?.space ?? 0) << 8)
    data.append(8, block?.file ?? 0)
    data.append(9, block.map { Int64(bitPattern: $0.offset) &- contentEnd } ?? 0)
    data.append(10, block?.content.count ?? 0)
    if let block { contentEnd = Int64(bitPattern: block.offset) &+ Int64(block.content.count) }
    let (extra, timeouts) = (max(seen.goBack, Int64(seen.pathMTU)), Int64(seen.timeouts))
    if seen.first.number > 0 || seen.cause.number > 0 || extra > 0 || timeouts > 0 {
      let span = seen.first.span.map { Int64($0 / 1_000) } ?? -1
      references.append(row: [Int64(row), Int64(seen.first.number), span, Int64(seen.cause.number), extra, timeouts])
    }
  }

  /// Notes parts that the receiver has once the packet with this number is acknowledged.
  mutating func await(_ parts: [FilePart], number: Int64) { outstanding.insert(parts, relative(number)) }

  /// Adds an ACK; returns the parts that it is the first to acknowledge.
  mutating func add(_ packet: AckPacket, _ datagram: Datagram, _ seen: Observation, at time: Int64) -> [FilePart] {
    guard let next = seen.next else { return [] }
    var parts = outstanding.take(before: relative(next))
    acks.append(0, datagram.number)
    acks.append(1, time)
    acks.append(2, relative(next))
    acks.append(3, relative(seen.top))
    acks.append(4, seen.marks.rawValue)
    acks.append(5, seen.inFlight ?? 0)
    acks.append(6, seen.roundTrip.map { max(1, Int64($0 / 1_000)) } ?? 0)
    acks.append(7, seen.acknowledgedBytes)
    acks.append(8, packet.corrupt)
    acks.append(9, addRuns(packet, datagram, next, &parts))
    acks.append(10, seen.delayLimit)
    acks.append(11, seen.needless)
    return parts
  }

  /// Notes the runs that the slice is the first to report, and returns how many there are.
  private mutating func addRuns(
    _ packet: AckPacket, _ datagram: Datagram, _ next: Int64, _ parts: inout [FilePart]
  ) -> Int {
    let first = relative(next + Int64(Int32(bitPattern: packet.first &- packet.next)))
    var count = 0
    var slice = SliceReader(packet, datagram.bytes.span)
    while let run = slice.next() {
      guard run.isReceived else { continue }
      var number = max(0, first + Int64(run.offset))
      let end = min(first + Int64(run.offset) + Int64(run.count), Self.mostNumbers)
      while number < end {
        while number < end, isTold(number) { number += 1 }
        let start = number
        while number < end, !isTold(number) {
          tell(number)
          number += 1
        }
        guard number > start else { continue }
        runs.append(row: [start, number - start])
        parts += outstanding.take(start..<number)
        count += 1
      }
    }
    return count
  }

  private func isTold(_ number: Int64) -> Bool {
    let word = Int(number >> 6)
    return word < acknowledged.count && acknowledged[word] >> UInt64(number & 63) & 1 == 1
  }

  private mutating func tell(_ number: Int64) {
    let word = Int(number >> 6)
    if word >= acknowledged.count {
      acknowledged += [UInt64](repeating: 0, count: max(word + 1 - acknowledged.count, acknowledged.count))
    }
    acknowledged[word] |= 1 << UInt64(number & 63)
  }

  mutating func addCorrupt(_ datagram: Datagram, at time: Int64) {
    guard let corruption = datagram.corruption else { return }
    let mend = corruption.mend.map { Int64($0.byte * 8 + $0.bit + 1) } ?? 0
    corrupt.append(row: [
      Int64(datagram.number), time, Int64(datagram.length), Int64(datagram.claimedType?.rawValue ?? 0),
      Int64(corruption.found), Int64(corruption.computed), mend,
    ])
  }

  /// `back` holds the counters of the other direction.
  func json(
    _ flow: Flow, _ reverse: Int?, _ counters: FlowCounters, back: FlowCounters?, _ limits: FlowLimits,
    _ causes: Attribution?, qlog: JSON
  ) -> JSON {
    // Numbers count as they do in the lines: from the flow's first, if that is known.
    let sequence = UInt32(truncatingIfNeeded: origin ?? 0) &- (flow.initialSequence ?? 0)
    return [
      "shown": .bool(data.count > 0 || acks.count > 0), "from": .string("\(flow.source)"),
      "to": .string("\(flow.destination)"), "connection": .hex(flow.connection),
      "reverse": reverse.map(JSON.int) ?? .null, "window": flow.window.map { .uint(UInt64($0)) } ?? .null,
      "arq": flow.arq.map { .string($0.description) } ?? .null, "sequence": .uint(UInt64(sequence)),
      "mtu": .int(flow.pathMTU), "receivers": .bool(counters.isReceivers), "bytes": .uint(counters.bytes),
      "fresh": .uint(counters.freshBytes), "declared": .uint(counters.lost),
      "verdict": .string(Verdict.text(flow, counters, limits, back: back)), "stalls": Verdict.stalls(limits, counters),
      "limits": Self.columns(causes).json, "limits_end": .int(Int(causes?.spans.last?.end ?? 0)),
      "data": data.json,
      "qlog": qlog, "repeats": references.json, "acks": acks.json, "runs": runs.json, "corrupted": corrupt.json,
    ]
  }

  /// A row for each time from which another cause held.
  private static func columns(_ causes: Attribution?) -> Columns {
    var columns = Columns("t", "limit")
    for span in causes?.spans ?? [] { columns.append(row: [span.start, Int64(span.cause.rawValue)]) }
    return columns
  }

  /// The verdict as JSON; nil for a flow that carried no content.
  static func verdict(_ flow: Flow, _ counters: FlowCounters, back: FlowCounters?, _ limits: FlowLimits) -> JSON? {
    guard counters.freshBytes > 0 else { return nil }
    let shares = limits.shares.map { limit, share in
      // Limits that only a qlog shows count as the path's if there is none.
      JSON.Member(limit.name, limit.isInsidePath && !limits.isDivided ? .null : .double(share))
    }
    let stalls = Verdict.long(limits, counters).map { stall -> JSON in
      [
        "start": .double(Double(stall.start) / 1e6), "seconds": .double(Double(stall.length) / 1e6),
        "reason": .string(stall.reason.rawValue),
      ]
    }
    return [
      "event": "verdict", "connection": .hex(flow.connection), "src": .string("\(flow.source)"),
      "dst": .string("\(flow.destination)"), "limited_by": .object(shares), "with_qlog": .bool(limits.isDivided),
      "captured_at": flow.vantage.map { .string($0.rawValue) } ?? .null,
      "stalls": .array(stalls), "text": .string(Verdict.text(flow, counters, limits, back: back)),
    ]
  }
}
