/// Counts what went over a flow.
struct FlowCounters {
  /// Datagrams of every kind, including corrupt ones, and their bytes of UDP payload.
  private(set) var datagrams: UInt64 = 0
  private(set) var bytes: UInt64 = 0
  /// Those bytes with the headers of UDP and of IP without options.
  private(set) var wireBytes: UInt64 = 0
  /// DATA packets, including retransmissions and duplicates.
  private(set) var dataPackets: UInt64 = 0
  /// Bytes of content in BLOCKs, counted each time they were sent; and those in packets with numbers not seen before:
  /// the useful ones.
  private(set) var contentBytes: UInt64 = 0
  private(set) var freshBytes: UInt64 = 0
  /// DATA packets that were sent again, and their bytes.
  private(set) var resent: UInt64 = 0
  private(set) var resentBytes: UInt64 = 0
  /// Why they were sent again, if that is known: losses shown by ACKs, or by time; probes.
  private(set) var lostByAck: UInt64 = 0
  private(set) var lostByTimeout: UInt64 = 0
  private(set) var probes: UInt64 = 0
  /// Retransmissions, captured where they arrive, of packets that had never come.
  private(set) var missed: UInt64 = 0
  /// Retransmissions that proved needless, because the packet had arrived.
  private(set) var spurious: UInt64 = 0
  private(set) var duplicates: UInt64 = 0
  private(set) var outOfOrder: UInt64 = 0
  private(set) var corrupt: UInt64 = 0
  /// Probe timeouts.
  private(set) var timeouts: UInt64 = 0
  private(set) var goBacks: UInt64 = 0
  private(set) var acks: UInt64 = 0
  private(set) var lateAcks: UInt64 = 0
  /// Bytes; nil if the capture cannot show it, as at the receiver's end.
  private(set) var mostInFlight: Int?
  /// Whether its DATA packets were captured where they arrived.
  private(set) var isReceivers = false
  /// Samples of the time from here to the receiver and back, in nanoseconds.
  private(set) var roundTrips = Histogram()
  private(set) var first: UInt64?
  private(set) var last: UInt64?

  /// Counts a datagram of the flow.
  mutating func add(_ datagram: Datagram, _ seen: Observation) {
    datagrams += 1
    bytes += UInt64(datagram.length)
    wireBytes += UInt64(datagram.length + (datagram.destination.isIPv4 ? 20 : 40) + 8)
    if let time = datagram.time {
      first = min(first ?? time, time)
      last = max(last ?? time, time)
    }
    if datagram.isCorrupt { corrupt += 1 }
    switch datagram.content {
    case .data: addData(datagram, seen)
    case .ack:
      acks += 1
      if seen.marks.contains(.ackLate) { lateAcks += 1 }
    case .other, .none: break
    }
  }

  private mutating func addData(_ datagram: Datagram, _ seen: Observation) {
    dataPackets += 1
    contentBytes += UInt64(seen.content)
    if seen.isFresh { freshBytes += UInt64(seen.content) }
    if seen.cutOff > 0 { freshBytes -= min(freshBytes, UInt64(seen.cutOff)) }
    if let way = datagram.way { isReceivers = way == .inbound }
    if let inFlight = seen.inFlight { mostInFlight = max(mostInFlight ?? 0, inFlight) }
    guard seen.marks.rawValue != 0 else { return }
    if seen.marks.contains(.resent) {
      resent += 1
      resentBytes += UInt64(datagram.length)
    }
    if seen.marks.contains(.lostByAck) { lostByAck += 1 }
    if seen.marks.contains(.lostByTimeout) { lostByTimeout += 1 }
    if seen.marks.contains(.pto) { probes += 1 }
    if seen.isMissed, datagram.way == .inbound || seen.isBetween { missed += 1 }
    if seen.marks.contains(.spurious) { spurious += 1 }
    if seen.marks.contains(.duplicate) { duplicates += 1 }
    if seen.marks.contains(.outOfOrder) { outOfOrder += 1 }
    if seen.marks.contains(.goBack) { goBacks += 1 }
    if seen.startsTimeout { timeouts += 1 }
  }

  /// Counts what an ACK in the other direction says about this flow.
  mutating func addAcknowledgement(_ seen: Observation) {
    if let sample = seen.roundTrip { roundTrips.add(sample) }
    spurious += UInt64(seen.needless)
  }

  /// Why the flow has no round trips and no bytes in flight, which a capture at its sender's end would show.
  func unknown(_ flow: Flow) -> String? {
    guard dataPackets > 0 else { return nil }
    let vantage = flow.vantage ?? (isReceivers ? .receiver : nil)
    switch vantage {
    case .sender, nil: return nil
    case .receiver: return "RTT and bytes in flight not known: captured where it arrives"
    case .between: return "RTT and bytes in flight not known: captured between the two ends"
    }
  }

  /// Packets that its sender found lost, as far as the capture shows.
  var lost: UInt64 { lostByAck + lostByTimeout + missed }

  /// Seconds from the first datagram to the last.
  var duration: Double { first.flatMap { first in last.map { Double($0 - first) / 1e9 } } ?? 0 }
  /// Bytes of content per second; nil if no time passed.
  var goodput: Double? { duration > 0 ? Double(freshBytes) / duration : nil }
  /// Bytes on the wire for each byte of content; nil if there was none.
  var overhead: Double? { freshBytes > 0 ? Double(wireBytes) / Double(freshBytes) : nil }
}
