import ShoalTerminal
import ShoalWire

/// What a filter can test in a datagram, in addition to the fields of the protocol.
enum PacketField: String, CaseIterable {
  case n, time, len, captured
  case src, dst, peer, sport, dport, port
  case type, conn
  case checksumOK = "checksum.ok"
  case flow, mark, message, chunk
  case seq, attempt, next, top
  case inFlight = "in_flight"
  case acked, rtt, content

  /// What its values are.
  enum Kind {
    case number, seconds, bytes, address, port, truth
    /// One of these names.
    case name([String])
    /// 16 hexadecimal digits, of which the first few are enough.
    case hex
  }

  var kind: Kind {
    switch self {
    case .n, .seq, .attempt, .next, .top, .chunk: .number
    case .time, .rtt: .seconds
    case .len, .captured, .inFlight, .acked, .content: .bytes
    case .src, .dst, .peer: .address
    case .sport, .dport, .port: .port
    case .type: .name(PacketType.allCases.map { $0.name.lowercased() } + ["udp"])
    case .message: .name(MessageType.allCases.map { $0.name.lowercased() })
    case .mark: .name(Mark.allCases.map(\.name))
    case .conn, .flow: .hex
    case .checksumOK: .truth
    }
  }
}

extension Schema {
  /// The names of all fields of headers, packets, messages and entries of lists.
  static let fieldNames: [String] = {
    let rows = header + packets.flatMap(\.rows) + messages.flatMap(\.rows)
    let names = rows.map { String($0.name.split(separator: ".").last ?? "") }
    // It stands behind the slice of an ACK, which takes all that is left.
    return Set(names + ["left"]).subtracting(["padding", "messages", "slice"]).sorted()
  }()

  /// The fields that say how long something took.
  static let spans: Set<String> = ["ack_delay", "delay"]
}
