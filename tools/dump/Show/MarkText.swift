import ShoalWire

/// Says in words what is remarkable about a datagram.
enum MarkText {
  /// Writes the marks in the order of importance, with `; ` between them; nothing if there are none.
  static func write(_ datagram: Datagram, _ seen: Observation, _ fault: WireError?, to out: inout TextBuffer) {
    let start = out.count
    for mark in seen.marks.marks {
      let before = out.count
      if before > start { out.append("; ") }
      let after = out.count
      say(mark, datagram, seen, &out)
      // Some marks have no words, because others say the same.
      if out.count == after { out.truncate(before) }
    }
    if let fault {
      if out.count > start { out.append("; ") }
      out.append("\(fault)")
    }
  }

  private static func say(_ mark: Mark, _ datagram: Datagram, _ seen: Observation, _ out: inout TextBuffer) {
    switch mark {
    case .resent:
      out.append("resent, attempt ")
      out.append(seen.attempt)
      span(seen.first, &out)
    case .spurious: spurious(seen, &out)
    case .lostByAck:
      out.append("lost, found by ACK")
      number(" ", seen.cause, &out)
    case .lostByTimeout:
      out.append("lost, found by timeout")
      number(" after ACK ", seen.cause, &out)
    case .pto:
      out.append("probe timeout ")
      out.append(seen.timeouts)
    case .goBack:
      out.append("go-back: ")
      out.append(seen.goBack)
      out.append(" sent again")
    case .outOfOrder: out.append("out of order")
    case .duplicate:
      out.append("duplicate")
      number(" of ", seen.first, &out)
      span(seen.first, &out)
    case .windowFull: out.append("window full")
    case .corrupt: if let corruption = datagram.corruption { out.append("\(corruption)") }
    case .ackLate:
      out.append("ACK late, at most ")
      out.append(milliseconds: UInt64(seen.delayLimit) * 1_000)
      out.append(" was asked for")
    case .beyondSent:
      out.append("ignored: covers ")
      out.append(seen.beyond)
      out.append(" packet")
      if seen.beyond != 1 { out.append("s") }
      out.append(" beyond the last DATA")
    case .pathMTU:
      out.append(seen.marks.contains(.resent) ? "path falls back to " : "path carries ")
      out.append(seen.pathMTU)
    case .addressChanged: out.append("address changed")
    case .amplificationLimit: out.append("amplification limit")
    case .retry:
      out.append("try ")
      out.append(seen.tries)
      number(", after ", seen.request, &out)
      span(seen.request, &out)
    case .reply:
      number("reply to ", seen.request, &out)
      span(seen.request, &out)
    case .windowLowered: out.append("window lowered")
    case .cut:
      out.append("captured ")
      out.append(datagram.bytes.count)
      out.append(" of ")
      out.append(datagram.length)
      out.append(" bytes")
    case .trackerError, .malformed: break
    }
  }

  private static func spurious(_ seen: Observation, _ out: inout TextBuffer) {
    if seen.needless > 1 {
      out.append("shows that ")
      out.append(seen.needless)
      out.append(" repeats were needless")
    } else if seen.next != nil {
      number("shows that the repeat of ", seen.first, &out)
      out.append(" was needless")
    } else {
      out.append("needless: it had arrived")
    }
  }

  private static func number(_ before: StaticString, _ reference: Observation.Reference, _ out: inout TextBuffer) {
    guard reference.number > 0 else { return }
    out.append(before)
    out.append(reference.number)
  }

  private static func span(_ reference: Observation.Reference, _ out: inout TextBuffer) {
    guard let span = reference.span else { return }
    out.append(", ")
    out.append(milliseconds: span)
  }
}
