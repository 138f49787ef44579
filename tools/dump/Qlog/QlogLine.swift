/// Writes datagrams as events of a qlog (draft-ietf-quic-qlog-main-schema), JSON text sequences (RFC 7464).
///
/// What any transport has goes into events that other tools know, the rest into events of our own. A connection is
/// shown from the view of one end. Its events are one group, named by the id in the header of the datagrams that this
/// end sends, as in that end's own qlog. Conversations with trackers are a group of their own.
struct QlogLine {
  /// The metrics last written for a flow, so that only changes are written.
  private struct Said {
    var inFlight = -1
    var minimum = UInt64.max
  }

  /// The group that a datagram's events belong to.
  private enum Group {
    /// Of an unknown connection: the datagram is corrupt.
    case unknown
    case tracker
    case connection(UInt64)
    /// Of the opener with this id: the id that its datagrams will carry is not known yet.
    case unanswered(UInt64)
  }

  private var said: [Int: Said] = [:]
  private var packets = QlogPacket()
  private var views = QlogViews()
  /// The most bytes of text that are held back until an OPEN is answered.
  private static let mostHeld = 1 << 20
  /// By the opener's id, the places in the text that name the group of an OPEN that nobody has answered yet; until
  /// then, the opener's id stands there.
  private var unanswered: [UInt64: [Int]] = [:]

  /// The first record, which says that one trace follows, with the times of the capture.
  static func header(title: String) -> String {
    #"{"file_schema":"urn:ietf:params:qlog:file:sequential","serialization_format":"application/qlog+json-seq","#
      + #""qlog_version":"0.3","qlog_format":"JSON-SEQ","title":\#(title),"trace":{"vantage_point":{"type":"unknown"},"#
      + #""event_schemas":["urn:ietf:params:qlog:events:quic","urn:shoal:qlog:events"],"#
      + #""common_fields":{"time_format":"relative_to_epoch","#
      + #""reference_time":{"clock_type":"system","epoch":"1970-01-01T00:00:00.000Z"}}}}"#
  }

  static func record(_ text: String, to out: inout TextBuffer) {
    out.append(byte: 0x1e)
    out.append(text)
    out.append("\n")
  }

  /// Writes the events of a datagram: the datagram itself, and what it changes. Losses and bytes in flight of
  /// connections over which one of `peers` sends are left to that peer's own qlog, which goes into the same file.
  mutating func write(
    _ datagram: Datagram, _ seen: Observation, _ analyzer: borrowing Analyzer, peers: Set<UInt64> = [],
    to out: inout TextBuffer
  ) {
    let flow = seen.flow ?? analyzer.places.flow(of: datagram.connection)
    let (own, isSent) = views.place(datagram, seen, flow: flow, analyzer.flows)
    let group: Group
    if let type = datagram.type, type.isTracker {
      group = .tracker
    } else if let own {
      group = .connection(analyzer.flows[own].connection)
    } else if datagram.isCorrupt {
      // Nothing in its header is believed.
      group = .unknown
    } else {
      group = flow == nil ? .connection(datagram.connection) : .unanswered(datagram.connection)
    }
    if let own, datagram.type == .accept, let places = unanswered.removeValue(forKey: datagram.connection) {
      for place in places { out.patch(hex: analyzer.flows[own].connection, 16, at: place) }
    }
    if datagram.type != nil, !datagram.isCorrupt {
      begin(isSent ? "transport:packet_sent" : "transport:packet_received", datagram, group, &out)
      packets.write(datagram, seen, to: &out)
      end(&out)
    }
    begin(datagram.isCorrupt ? "shoal:packet_dropped" : "shoal:packet", datagram, group, &out)
    out.append(#""number":"#)
    out.append(datagram.number)
    out.append(#","from":""#)
    out.append(datagram.source)
    out.append(#"","to":""#)
    out.append(datagram.destination)
    out.append(#"","length":"#)
    out.append(datagram.length)
    out.append(#","type":""#)
    out.append((datagram.type ?? datagram.claimedType)?.name ?? "unknown")
    out.append("\"")
    switch datagram.content {
    case .data(let packet):
      out.append(#","seq":"#)
      out.append(packet.sequence)
      out.append(#","attempt":"#)
      out.append(packet.attempt)
    case .ack(let packet):
      out.append(#","next":"#)
      out.append(packet.next)
      out.append(#","top":"#)
      out.append(packet.top)
      out.append(#","corrupt":"#)
      out.append(packet.corrupt)
    case .other, .none: if datagram.isCorrupt { out.append(#","trigger":"checksum""#) }
    }
    if seen.marks.rawValue != 0 {
      out.append(#","marks":["#)
      for (index, mark) in seen.marks.marks.enumerated() {
        out.append(index > 0 ? ",\"" : "\"")
        out.append(mark.name)
        out.append("\"")
      }
      out.append("]")
    }
    end(&out)
    guard let subject = seen.subject else { return }
    let isOwn = subject == own
    let isTold = peers.contains(analyzer.flows[subject].connection)
    if !isTold { writeLoss(datagram, seen, group, isOwn, to: &out) }
    writeMetrics(datagram, seen, subject, group, isOwn, isTold, to: &out)
  }

  /// Whether the text must still be held back, because an answer may reveal its group.
  mutating func isWaiting(_ count: Int) -> Bool {
    if count > Self.mostHeld { unanswered = [:] }
    return !unanswered.isEmpty
  }

  private mutating func writeLoss(
    _ datagram: Datagram, _ seen: Observation, _ group: Group, _ isOwn: Bool, to out: inout TextBuffer
  ) {
    guard case .data(let packet) = datagram.content else { return }
    let trigger: StaticString
    if seen.marks.contains(.lostByAck) {
      trigger = "reordering_threshold"
    } else if seen.marks.contains(.lostByTimeout) {
      trigger = "time_threshold"
    } else if seen.marks.contains(.pto) {
      trigger = "pto_expired"
    } else {
      return
    }
    begin(isOwn ? "recovery:packet_lost" : "shoal:remote_packet_lost", datagram, group, &out)
    out.append(#""header":{"packet_type":"1RTT","packet_number":"#)
    // The transmission before this one was lost.
    out.append(QlogPacket.number(seen.sequence ?? Int64(packet.sequence), attempt: max(packet.attempt, 1) - 1))
    out.append(#"},"trigger":""#)
    out.append(trigger)
    out.append("\"")
    end(&out)
  }

  private mutating func writeMetrics(
    _ datagram: Datagram, _ seen: Observation, _ subject: Int, _ group: Group, _ isOwn: Bool, _ isTold: Bool,
    to out: inout TextBuffer
  ) {
    var last = said[subject] ?? Said()
    let inFlight = isTold || seen.inFlight == last.inFlight && seen.roundTrip == nil ? nil : seen.inFlight
    guard inFlight != nil || seen.roundTrip != nil else { return }
    begin(isOwn ? "recovery:metrics_updated" : "shoal:remote_metrics_updated", datagram, group, &out)
    if let inFlight {
      out.append(#""bytes_in_flight":"#)
      out.append(inFlight)
      last.inFlight = inFlight
    }
    if let sample = seen.roundTrip {
      out.append(inFlight == nil ? #""latest_rtt":"# : #","latest_rtt":"#)
      Self.milliseconds(sample, &out)
      if sample < last.minimum {
        last.minimum = sample
        out.append(#","min_rtt":"#)
        Self.milliseconds(sample, &out)
      }
    }
    said[subject] = last
    end(&out)
  }

  private mutating func begin(_ name: StaticString, _ datagram: Datagram, _ group: Group, _ out: inout TextBuffer) {
    out.append(byte: 0x1e)
    out.append(#"{"time":"#)
    Self.milliseconds(datagram.time ?? 0, &out)
    out.append(#","name":""#)
    out.append(name)
    out.append(#"","group_id":""#)
    switch group {
    case .tracker: out.append("tracker")
    case .unknown: out.append("unknown")
    case .connection(let id): out.append(hex: id, 16)
    case .unanswered(let id):
      unanswered[id, default: []].append(out.count)
      out.append(hex: id, 16)
    }
    out.append(#"","data":{"#)
  }

  private func end(_ out: inout TextBuffer) { out.append("}}\n") }

  static func milliseconds(_ nanoseconds: UInt64, _ out: inout TextBuffer) {
    out.append(nanoseconds / 1_000_000)
    out.append(".")
    out.append(nanoseconds / 1_000 % 1_000, width: 3, fill: UInt8(ascii: "0"))
  }
}
