import ShoalTerminal
import ShoalWire

/// Writes a datagram as a JSON object on one line.
enum JSONLine {
  static func write(_ datagram: Datagram, _ seen: Observation, to out: inout TextBuffer) {
    out.append("{\"n\":")
    out.append(datagram.number)
    out.append(",\"time\":")
    if let time = datagram.wallTime { seconds(time, &out) } else { out.append("null") }
    out.append(",\"src\":\"")
    out.append(datagram.source)
    out.append("\",\"dst\":\"")
    out.append(datagram.destination)
    out.append("\",\"type\":")
    let start = out.count
    let error = writeFields(datagram, &out)
    if let error {
      out.truncate(start)
      writeHead(nil, datagram, &out)
      out.append("},\"error\":")
      out.append(JSON.string("\(error)").description)
    }
    writeMarks(seen, &out)
    writeAnalysis(datagram, seen, &out)
    out.append("}")
  }

  /// Writes type, length, verdict and the fields; if these cannot be read, it leaves their object open.
  private static func writeFields(_ datagram: Datagram, _ out: inout TextBuffer) -> WireError? {
    do throws(WireError) {
      let bytes = datagram.bytes.span
      let (header, type) = try Header.decode(bytes)
      writeHead(type, datagram, &out)
      out.append("\"version\":")
      out.append(header.version)
      out.append(",\"connection\":\"")
      out.append(hex: header.connection, 16)
      out.append("\"")
      switch type {
      case .data: try writeData(datagram, &out)
      case .open: try writeOpen(datagram, &out)
      case .ack:
        var packet = try AckPacket.read(bytes)
        let left = SliceReader.rest(of: packet, bytes).flatMap { rest in
          rest.left.map { (end: rest.end, time: $0) }
        }
        if let left { packet.slice.count = left.end - packet.slice.offset }
        try write(packet, &out)
        if let left { number(",\"left\":", Int(left.time), &out) }
        let missing = RunText(missingIn: packet, datagram.bytes)
        out.append(",\"missing\":")
        out.append(missing.map { "\"\($0.whole)\"" } ?? "null")
      default: try write(type.packet, bytes, &out)
      }
      out.append("}")
      return nil
    } catch { return error }
  }

  private static func writeHead(_ type: PacketType?, _ datagram: Datagram, _ out: inout TextBuffer) {
    out.append(type.map { "\"\(CodeText.packets[Int($0.rawValue)])\"" } ?? "null")
    out.append(",\"len\":")
    out.append(datagram.length)
    out.append(",\"checksum\":")
    switch datagram.verdict {
    case .ok where datagram.isOurs: out.append("\"ok\"")
    case .corrupt where datagram.isOurs: out.append("\"bad\"")
    default: out.append("null")
    }
    out.append(",\"fields\":{")
  }

  private static func writeData(_ datagram: Datagram, _ out: inout TextBuffer) throws(WireError) {
    let packet = try DataPacket.read(datagram.bytes.span)
    try write(packet, &out)
    out.append(",\"messages\":[")
    var isFirst = true
    try datagram.messages(from: packet.messages.offset) { (bytes, part) throws(WireError) in
      try write(part, bytes, &isFirst, &out)
    }
    out.append("]")
  }

  private static func writeOpen(_ datagram: Datagram, _ out: inout TextBuffer) throws(WireError) {
    try write(OpenPacket.decode(datagram.bytes.span), &out)
    let start = out.count
    out.append(",\"messages\":[")
    var isFirst = true
    try datagram.earlyMessages { (bytes, part) throws(WireError) in try write(part, bytes, &isFirst, &out) }
    if isFirst { out.truncate(start) } else { out.append("]") }
  }

  private static func write(
    _ part: Datagram.MessagePart, _ bytes: Span<UInt8>, _ isFirst: inout Bool, _ out: inout TextBuffer
  ) throws(WireError) {
    if !isFirst { out.append(",") }
    isFirst = false
    if let type = part.type {
      out.append("{\"message\":\"")
      out.append(CodeText.messages[Int(type.rawValue)])
      out.append("\"")
      if type == .block {
        try write(Block.read(bytes, part.body), &out)
      } else {
        try write(type.message, bytes, part.body, &out)
      }
    } else {
      out.append("{\"message\":null,\"value\":")
      out.append(part.value)
      out.append(",\"content\":")
      out.append(part.body.count)
    }
    out.append("}")
  }

  private static func write<P: Packet>(_: P.Type, _ bytes: Span<UInt8>, _ out: inout TextBuffer) throws(WireError) {
    let packet = try P.decode(bytes)
    try write(packet, &out)
  }

  private static func write<M: Message>(
    _: M.Type, _ bytes: Span<UInt8>, _ body: ByteRange, _ out: inout TextBuffer
  ) throws(WireError) {
    let message = try M.decode(bytes, body)
    try write(message, &out)
  }

  private static func write(_ group: some FieldGroup, _ out: inout TextBuffer) throws(WireError) {
    var group = group
    var failure: WireError?
    var visitor = JSONFields(out: out, follows: true)
    do throws(WireError) { try group.fields(&visitor) } catch { failure = error }
    out = visitor.out
    if let failure { throw failure }
  }

  // MARK: What earlier datagrams tell

  private static func writeMarks(_ seen: Observation, _ out: inout TextBuffer) {
    out.append(",\"marks\":[")
    if seen.marks.rawValue != 0 {
      for (index, mark) in seen.marks.marks.enumerated() {
        out.append(index > 0 ? ",\"" : "\"")
        out.append(mark.name)
        out.append("\"")
      }
    }
    out.append("]")
  }

  /// Writes what else is known. Packets are referred to by their `n`; times are in seconds.
  private static func writeAnalysis(_ datagram: Datagram, _ seen: Observation, _ out: inout TextBuffer) {
    if datagram.part > 0 { number(",\"part\":", datagram.part, &out) }
    reference(",\"first\":", ",\"first_ago\":", seen.first, &out)
    reference(",\"cause\":", ",\"cause_ago\":", seen.cause, &out)
    reference(",\"request\":", ",\"request_ago\":", seen.request, &out)
    if datagram.isOurs, let corruption = datagram.corruption {
      out.append(",\"computed\":\"")
      out.append(hex: UInt64(corruption.computed), 8)
      out.append("\"")
      if let mend = corruption.mend {
        number(",\"mend\":{\"byte\":", mend.byte, &out)
        number(",\"bit\":", mend.bit, &out)
        out.append("}")
      }
    }
    guard seen.sequence != nil || seen.next != nil else { return }
    if let inFlight = seen.inFlight { number(",\"in_flight\":", inFlight, &out) }
    if let edge = seen.windowEdge { number(",\"window_edge\":", Int(UInt32(truncatingIfNeeded: edge)), &out) }
    if seen.goBack > 0 { number(",\"go_back\":", Int(seen.goBack), &out) }
    if seen.next != nil { number(",\"acked\":", seen.acknowledgedBytes, &out) }
    if seen.needless > 0 { number(",\"needless\":", seen.needless, &out) }
    if let sample = seen.roundTrip {
      out.append(",\"rtt\":")
      seconds(sample, &out)
    }
  }

  private static func number(_ key: StaticString, _ value: Int, _ out: inout TextBuffer) {
    out.append(key)
    out.append(value)
  }

  private static func reference(
    _ key: StaticString, _ ago: StaticString, _ reference: Observation.Reference, _ out: inout TextBuffer
  ) {
    guard reference.number > 0 else { return }
    out.append(key)
    out.append(reference.number)
    guard let span = reference.span else { return }
    out.append(ago)
    seconds(span, &out)
  }

  /// Writes nanoseconds as seconds, in quotes, because most readers' numbers cannot hold nine decimals.
  private static func seconds(_ nanoseconds: UInt64, _ out: inout TextBuffer) {
    out.append("\"")
    out.append(nanoseconds / 1_000_000_000)
    out.append(".")
    out.append(nanoseconds % 1_000_000_000, width: 9, fill: UInt8(ascii: "0"))
    out.append("\"")
  }
}
