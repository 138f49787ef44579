import ShoalWire

extension Predicate {
  /// Whether the predicate holds for a datagram; it never does for a field that the datagram lacks.
  func holds(
    _ datagram: Datagram, _ seen: Observation, _ clock: Clock, _ analyzer: borrowing Analyzer
  ) -> Bool {
    switch self {
    case .number(let field, let relation, let value):
      if field == .port {
        let ports = [datagram.source.port, datagram.destination.port].map(Double.init)
        return relation == .unequal ? !ports.contains(value) : ports.contains { relation.holds($0, value) }
      }
      if field == .chunk {
        guard let chunk = UInt32(exactly: value), relation == .equal || relation == .unequal else { return false }
        return analyzer.mentions(chunk...chunk, datagram, seen) == (relation == .equal)
      }
      return Self.value(of: field, datagram, seen, clock).map { relation.holds($0, value) } ?? false
    case .address(let field, let relation, let address):
      let isSource = field != .dst && address.matches(datagram.source)
      let isDestination = field != .src && address.matches(datagram.destination)
      return (isSource || isDestination) == (relation == .equal)
    case .type(let relation, let type):
      return (datagram.type == type) == (relation == .equal)
    case .mark(let relation, let mark): return seen.marks.contains(mark) == (relation == .equal)
    case .message(let relation, let type): return datagram.hasMessage(type) == (relation == .equal)
    case .hex(let field, let relation, let digits):
      var isSo = datagram.type != nil && Self.begins(datagram.connection, digits)
      if field == .flow, let flow = seen.flow {
        isSo = isSo || Self.begins(analyzer.flows[flow].connection, digits)
        if let reverse = analyzer.flows[flow].reverse {
          isSo = isSo || Self.begins(analyzer.flows[reverse].connection, digits)
        }
      }
      return isSo == (relation == .equal)
    case .truth(_, let relation, let truth):
      guard datagram.isOurs, datagram.verdict != .unknown else { return false }
      return ((datagram.verdict == .ok) == truth) == (relation == .equal)
    case .present(let field): return Self.isPresent(field, datagram, seen, clock, analyzer)
    case .field(let name, let relation, let value): return datagram.hasField(name, relation, value)
    }
  }

  static func begins(_ id: UInt64, _ digits: String) -> Bool {
    guard let number = UInt64(digits, radix: 16) else { return false }
    return id >> UInt64(64 - 4 * digits.utf8.count) == number
  }

  private static func isPresent(
    _ field: PacketField, _ datagram: Datagram, _ seen: Observation, _ clock: Clock, _ analyzer: borrowing Analyzer
  ) -> Bool {
    switch field {
    case .src, .dst, .peer, .sport, .dport, .port: true
    case .type, .conn: datagram.type != nil
    case .checksumOK: datagram.verdict == .ok
    case .flow: seen.flow != nil
    case .mark: seen.marks.rawValue != 0
    case .message: MessageType.allCases.contains { datagram.hasMessage($0) }
    case .chunk: analyzer.mentions(0...UInt32.max, datagram, seen)
    default: value(of: field, datagram, seen, clock) != nil
    }
  }

  private static func value(
    of field: PacketField, _ datagram: Datagram, _ seen: Observation, _ clock: Clock
  ) -> Double? {
    switch field {
    case .n: Double(datagram.number)
    case .time: clock.elapsed(datagram.time).map { Double($0) / 1e9 }
    case .len: Double(datagram.length)
    case .captured: Double(datagram.bytes.count)
    case .sport: Double(datagram.source.port)
    case .dport: Double(datagram.destination.port)
    case .seq: if case .data(let packet) = datagram.content { Double(packet.sequence) } else { nil }
    case .attempt: if case .data(let packet) = datagram.content { Double(packet.attempt) } else { nil }
    case .next: if case .ack(let packet) = datagram.content { Double(packet.next) } else { nil }
    case .top: if case .ack(let packet) = datagram.content { Double(packet.top) } else { nil }
    case .inFlight: seen.inFlight.map(Double.init)
    case .acked: seen.next == nil ? nil : Double(seen.acknowledgedBytes)
    case .rtt: seen.roundTrip.map { Double($0) / 1e9 }
    case .content: datagram.contentBytes.map(Double.init)
    default: nil
    }
  }
}
