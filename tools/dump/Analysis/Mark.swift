/// What is remarkable about a datagram, in the light of earlier ones.
///
/// The raw value is the bit in a `MarkSet`; the names are those of `--marks`, of JSON and of filters.
enum Mark: UInt8, CaseIterable {
  /// A DATA packet whose number had been sent before.
  case resent
  /// A retransmission of what had arrived; or the ACK that shows that earlier ones were such. Counted in
  /// retransmissions.
  case spurious
  /// A retransmission of what ACKs had shown to be lost: enough that left later had arrived.
  case lostByAck
  /// A retransmission of what was lost by time: something that left later had arrived, and then the loss timer ran out.
  case lostByTimeout
  /// A retransmission of what no ACK shows to be lost: the probe timeout (PTO) passed. One timeout repeats two packets.
  case pto
  /// Under go-back-N, the first of everything that is sent again.
  case goBack
  /// It left before one that was captured earlier.
  case outOfOrder
  /// The same transmission as one before.
  case duplicate
  /// The last number that the negotiated window allows.
  case windowFull
  /// The checksum is wrong.
  case corrupt
  /// The ACK waited longer than the sender of the data asked for.
  case ackLate
  /// The ACK acknowledges what was never sent, so it must be ignored.
  case beyondSent
  /// The path was shown to carry more, or is probed again after it carried more.
  case pathMTU
  /// The connection's datagrams come from, or go to, another address than before.
  case addressChanged
  /// Nothing more may be sent before the address has been proven.
  case amplificationLimit
  /// A request, to a tracker or an OPEN, was sent again.
  case retry
  /// A tracker refuses.
  case trackerError
  /// An answer to a request that was seen.
  case reply
  /// The responder's window is smaller than the opener asked for.
  case windowLowered
  /// Not all of the datagram was captured.
  case cut
  /// The checksum is right, but the fields are not what the protocol requires.
  case malformed

  /// The name in filters and JSON: `lost_by_ack`.
  var name: String { Self.names[Int(rawValue)] }

  private static let names = allCases.map { mark in
    guard mark != .pathMTU else { return "path_mtu" }
    return "\(mark)".reduce(into: "") { $0 += $1.isUppercase ? "_\($1.lowercased())" : "\($1)" }
  }

  /// The mark with this name.
  init?(name: some StringProtocol) {
    guard let index = Self.names.firstIndex(where: { $0 == name }) else { return nil }
    self = Self.allCases[index]
  }
}

/// Several marks.
struct MarkSet: OptionSet {
  var rawValue: UInt32
  init(rawValue: UInt32) { self.rawValue = rawValue }
  init(_ mark: Mark) { rawValue = 1 << UInt32(mark.rawValue) }

  /// The marks that say that something went wrong; the others are just news.
  static let troubles: MarkSet = Mark.allCases.reduce(into: []) {
    if $1 != .reply && $1 != .windowLowered && $1 != .pathMTU && $1 != .cut { $0.insert($1) }
  }

  /// Retransmissions of what the sender had declared lost.
  static let losses: MarkSet = [MarkSet(.lostByAck), MarkSet(.lostByTimeout)]

  mutating func insert(_ mark: Mark) { rawValue |= 1 << UInt32(mark.rawValue) }
  func contains(_ mark: Mark) -> Bool { rawValue >> UInt32(mark.rawValue) & 1 == 1 }
  /// The marks, in the order of their declaration.
  var marks: [Mark] { Mark.allCases.filter(contains) }
}
