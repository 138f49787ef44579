import ShoalWire

/// Writes datagrams as the events `packet_sent` and `packet_received`, which tools for QUIC draw.
///
/// As such tools expect, each transmission has a number of its own: a DATA packet its `seq`, a retransmission that plus
/// the attempt in higher bits; all other packets are numbered one after another, far above.
struct QlogPacket {
  /// The attempt is shifted above the 32 bits of `seq`, and the other packets are counted above both. All stay below
  /// 2^53, up to which programs hold numbers exactly.
  private static let attempts: UInt64 = 32
  private static let unnumbered: UInt64 = 1 << 40
  /// The most runs of an ACK that are written.
  private static let mostRuns = 32
  /// The most unacknowledged retransmissions of a flow that are remembered.
  private static let mostRetransmitted = 1 << 16

  private var count: UInt64 = 0
  /// For each flow, the number before which everything is acknowledged.
  private var acknowledged: [Int: Int64] = [:]
  /// For each flow, the latest attempts of numbers that were retransmitted and are not acknowledged yet.
  private var retransmitted: [Int: [Int64: UInt8]] = [:]

  /// The number of a transmission of a DATA packet; its low bits are those on the wire.
  static func number(_ sequence: Int64, attempt: UInt8) -> UInt64 {
    UInt64(attempt) << attempts | UInt64(UInt32(truncatingIfNeeded: sequence))
  }

  /// The members of `data`.
  mutating func write(_ datagram: Datagram, _ seen: Observation, to out: inout TextBuffer) {
    note(seen)
    out.append(#""header":{"packet_type":""#)
    let number = header(datagram, seen, to: &out)
    if let number {
      out.append(#","packet_number":"#)
      out.append(number)
    }
    out.append(#"},"raw":{"length":"#)
    out.append(datagram.length)
    out.append("}")
    frames(datagram, seen, to: &out)
    if seen.marks.contains(.pto) {
      out.append(#","trigger":"pto_probe""#)
    } else if seen.marks.contains(.lostByAck) {
      out.append(#","trigger":"retransmit_reordered""#)
    } else if seen.marks.contains(.lostByTimeout) {
      out.append(#","trigger":"retransmit_timeout""#)
    }
  }

  private mutating func note(_ seen: Observation) {
    guard seen.attempt > 0, let flow = seen.flow, let number = seen.sequence else { return }
    guard retransmitted[flow, default: [:]].count < Self.mostRetransmitted else { return }
    retransmitted[flow, default: [:]][number] = max(seen.attempt, retransmitted[flow]?[number] ?? 0)
  }

  /// Writes the type and the quote that ends it. Returns the packet's number, if it has one.
  private mutating func header(_ datagram: Datagram, _ seen: Observation, to out: inout TextBuffer) -> UInt64? {
    if case .data(let packet) = datagram.content {
      out.append("1RTT\"")
      return Self.number(seen.sequence ?? Int64(packet.sequence), attempt: packet.attempt)
    }
    switch datagram.type {
    case .open?:
      out.append("initial\"")
      return UInt64(max(seen.tries, 1) - 1)
    case .accept?:
      out.append("initial\"")
      return 0
    case .version?:
      out.append("version_negotiation\"")
      return nil
    case .retry?:
      out.append("retry\"")
      return nil
    case .reset?:
      out.append("stateless_reset\"")
      return nil
    default:
      out.append(datagram.type?.isTracker == true ? "unknown\"" : "1RTT\"")
      count += 1
      return Self.unnumbered + count
    }
  }

  private mutating func frames(_ datagram: Datagram, _ seen: Observation, to out: inout TextBuffer) {
    out.append(#","frames":["#)
    switch datagram.content {
    case .data(let packet): messages(datagram, packet, to: &out)
    case .ack(let packet): ack(packet, datagram, seen, to: &out)
    case .other, .none:
      switch datagram.type {
      case .probe?: out.append(#"{"frame_type":"ping"}"#)
      case .challenge?: out.append(#"{"frame_type":"path_challenge"}"#)
      case .response?: out.append(#"{"frame_type":"path_response"}"#)
      case .close?:
        out.append(#"{"frame_type":"connection_close","error_space":"application","error_code":"#)
        out.append((try? ClosePacket.decode(datagram.bytes.span).code) ?? 0)
        out.append("}")
      case let type? where type.isTracker:
        out.append(#"{"frame_type":"unknown","frame_type_bytes":"#)
        out.append(type.rawValue)
        out.append(#","message":""#)
        out.append(type.name)
        out.append(#""}"#)
      default: break
      }
    }
    out.append("]")
  }

  /// Writes messages as frames. A BLOCK is part of a stream, namely its file; no frame of QUIC matches the others.
  private func messages(_ datagram: Datagram, _ packet: DataPacket, to out: inout TextBuffer) {
    let start = out.count
    try? datagram.messages(from: packet.messages.offset) { (bytes, part) throws(WireError) in
      let block = part.type == .block ? try Block.read(bytes, part.body) : nil
      if out.count > start { out.append(",") }
      if let block {
        out.append(#"{"frame_type":"stream","stream_id":"#)
        out.append(block.file)
        out.append(#","offset":"#)
        out.append(block.offset)
        out.append(#","length":"#)
        out.append(block.content.count)
        if block.space != ContentSpace.content.rawValue {
          out.append(#","space":""#)
          out.append(CodeText.name(.space, UInt64(block.space)) ?? "\(block.space)")
          out.append("\"")
        }
      } else {
        out.append(#"{"frame_type":"unknown","frame_type_bytes":"#)
        out.append(part.value)
        if let type = part.type {
          out.append(#","message":""#)
          out.append(type.name)
          out.append("\"")
        }
      }
      out.append("}")
    }
  }

  /// Writes what the ACK reports and earlier ones did not, and all that its slice reports beyond a gap.
  private mutating func ack(
    _ packet: AckPacket, _ datagram: Datagram, _ seen: Observation, to out: inout TextBuffer
  ) {
    out.append(#"{"frame_type":"ack""#)
    if packet.delay != Analyzer.noEcho {
      out.append(#","ack_delay":"#)
      QlogLine.milliseconds(UInt64(packet.delay) * 1_000, &out)
    }
    guard let next = seen.next, let subject = seen.subject else { return out.append("}") }
    let start = out.count
    let again = retransmitted[subject] ?? [:]
    let sorted = again.keys.sorted()
    func sendings(_ first: Int64, _ last: Int64, attempt: UInt8) {
      guard first <= last else { return }
      out.append(out.count > start ? ",[" : #","acked_ranges":[["#)
      out.append(Self.number(first, attempt: attempt))
      if last > first {
        out.append(",")
        out.append(Self.number(last, attempt: attempt))
      }
      out.append("]")
    }
    // A retransmitted packet is taken to have arrived by its latest transmission.
    func range(_ first: Int64, _ last: Int64) {
      var from = first
      for number in sorted where (first...last).contains(number) {
        sendings(from, number - 1, attempt: 0)
        sendings(number, number, attempt: again[number] ?? 0)
        from = number + 1
      }
      sendings(from, last, attempt: 0)
    }
    let from = acknowledged[subject] ?? seen.origin.map { Int64($0) } ?? next
    acknowledged[subject] = max(next, acknowledged[subject] ?? next)
    if from < next {
      range(from, next - 1)
    } else if let origin = seen.origin, next > Int64(origin) {
      range(next - 1, next - 1)
    }
    let first = next + Int64(Int32(bitPattern: packet.first &- packet.next))
    var runs = SliceReader(packet, datagram.bytes.span)
    var shown = 0
    while shown < Self.mostRuns, let run = runs.next() {
      guard run.isReceived, first + Int64(run.offset) >= next else { continue }
      range(first + Int64(run.offset), first + Int64(run.offset) + Int64(run.count) - 1)
      shown += 1
    }
    if out.count > start { out.append("]") }
    out.append("}")
    for number in sorted where number < next { retransmitted[subject]?[number] = nil }
  }
}
