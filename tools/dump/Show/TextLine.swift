import ShoalBase
import ShoalCapture
import ShoalTerminal
import ShoalWire

/// Writes a datagram on one line: number, time, flow, type, the fields that matter, length, marks.
struct TextLine {
  /// Whether to use colours.
  let usesColor: Bool
  /// Whether packets have the numbers that are on the wire, rather than numbers counted from the flow's first.
  var isAbsolute = false
  var clock: Clock

  mutating func write(_ datagram: Datagram, _ seen: Observation, to out: inout TextBuffer) {
    writeStart(datagram, to: &out)
    out.append(datagram.source)
    out.append(" > ")
    out.append(datagram.destination)
    out.append(" ")
    writeBody(datagram, seen, to: &out)
  }

  /// Writes an event of a peer's qlog, on a line without a number.
  mutating func write(_ event: PeerEvent, _ flow: Flow?, to out: inout TextBuffer) {
    out.append("   * ")
    clock.write(event.time, to: &out)
    out.append(" ")
    EventLine.write(event, flow, to: &out)
  }

  /// Writes number and time.
  mutating func writeStart(_ datagram: Datagram, to out: inout TextBuffer) {
    out.append(datagram.number, width: 4)
    if datagram.part > 0 {
      out.append(".")
      out.append(datagram.part)
    }
    out.append(" ")
    clock.write(datagram.time, wall: datagram.wallTime, to: &out)
    out.append(" ")
  }

  /// Writes what follows number, time and flow.
  func writeBody(_ datagram: Datagram, _ seen: Observation, to out: inout TextBuffer) {
    paint(.bold, &out)
    var fault = seen.fault
    if datagram.isOurs, !datagram.isCorrupt {
      fault = writeFields(datagram, isAbsolute ? 0 : seen.origin ?? 0, &out) ?? fault
    } else {
      out.append(datagram.isOurs ? (datagram.claimedType?.name ?? "") + "?" : "UDP")
      plain(&out)
    }
    out.append(" len=")
    out.append(datagram.length)
    // A datagram that the capture cut off has a mark of its own, which says the same better.
    if datagram.isTruncated, fault?.kind == .truncated { fault = nil }
    if datagram.copyOf > 0 {
      out.append(" [copy of ")
      out.append(datagram.copyOf)
      out.append("]")
    }
    guard seen.marks.rawValue != 0 || fault != nil else { return }
    out.append(" ")
    paint(datagram.isCorrupt ? .red : .yellow, &out)
    out.append("[")
    MarkText.write(datagram, seen, fault, to: &out)
    out.append("]")
    plain(&out)
  }

  private func paint(_ hue: Hue, _ out: inout TextBuffer) {
    guard usesColor else { return }
    out.append("\u{1B}[")
    out.append(hue.rawValue)
    out.append("m")
  }

  private func plain(_ out: inout TextBuffer) { if usesColor { out.append("\u{1B}[0m") } }

  /// Writes type and fields; returns what was wrong with them. Packets are numbered from `origin`.
  private func writeFields(_ datagram: Datagram, _ origin: UInt32, _ out: inout TextBuffer) -> WireError? {
    switch datagram.content {
    case .data(let packet):
      out.append("DATA")
      plain(&out)
      out.append(" seq=")
      out.append(packet.sequence &- origin)
      if packet.attempt > 0 {
        out.append(" attempt=")
        out.append(packet.attempt)
      }
      return writeMessages(datagram, packet, &out)
    case .ack(let packet):
      out.append("ACK")
      plain(&out)
      writeAck(packet, origin, datagram.bytes, &out)
      return nil
    case .other, .none:
      out.append(datagram.type?.name ?? datagram.unknownType)
      plain(&out)
      let summary = Summary(datagram)
      for word in summary.words {
        out.append(" ")
        out.append(word)
      }
      return summary.error ?? writeEarly(datagram, &out)
    }
  }

  private func writeEarly(_ datagram: Datagram, _ out: inout TextBuffer) -> WireError? {
    let start = out.count
    do throws(WireError) {
      try datagram.earlyMessages { (bytes, part) throws(WireError) in
        out.append(out.count > start ? "; " : " ")
        try messageText(part, bytes, to: &out)
      }
      return nil
    } catch { return error }
  }

  private func writeMessages(_ datagram: Datagram, _ packet: DataPacket, _ out: inout TextBuffer) -> WireError? {
    let start = out.count
    do throws(WireError) {
      try datagram.messages(from: packet.messages.offset) { (bytes, part) throws(WireError) in
        out.append(out.count > start ? "; " : " ")
        try messageText(part, bytes, to: &out)
      }
      return nil
    } catch { return error }
  }

  private func writeAck(
    _ packet: AckPacket, _ origin: UInt32, _ bytes: Bytes, _ out: inout TextBuffer
  ) {
    out.append(" next=")
    out.append(packet.next &- origin)
    if SliceEncoding(rawValue: packet.encoding) == nil {
      out.append(" encoding=")
      out.append(packet.encoding)
    } else if packet.count > 0 {
      writeMissing(packet, origin, bytes, &out)
    }
    out.append(" top=")
    out.append(packet.top &- origin)
    if packet.corrupt > 0 {
      out.append(" corrupt=")
      out.append(packet.corrupt)
    }
  }

  private func writeMissing(
    _ packet: AckPacket, _ origin: UInt32, _ bytes: Bytes, _ out: inout TextBuffer
  ) {
    var runs = SliceReader(packet, bytes.span)
    let start = packet.first &- origin
    var shown = 0
    var total: UInt64 = 0
    while let run = runs.next() {
      guard !run.isReceived else { continue }
      total += UInt64(run.count)
      shown += 1
      guard shown <= RunText.most else { continue }
      out.append(shown == 1 ? " missing=" : ",")
      out.append(start &+ run.offset)
      guard run.count > 1 else { continue }
      out.append("-")
      out.append(start &+ run.offset &+ run.count &- 1)
    }
    guard total > 0 else { return }
    if shown > RunText.most { out.append(",...") }
    out.append(" (")
    out.append(total)
    out.append(")")
  }
}
