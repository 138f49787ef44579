import ShoalWire

/// The messages of a DATA packet, as far as they show what limits a transfer.
struct CarriedMessages {
  /// The type byte of the first; 0 if there is none.
  private(set) var kind: UInt8 = 0
  private(set) var blocks: [Block] = []
  private(set) var requests: [ShoalWire.Request] = []
  private(set) var cancels: [Cancel] = []
  /// The verified bytes that came from the other end, if a PROGRESS tells; and the piece size, if an OFFER does.
  private(set) var progress: UInt64?
  private(set) var pieceExponent: UInt8?

  init(_ packet: DataPacket, _ datagram: Datagram) {
    try? datagram.messages(from: packet.messages.offset) { (bytes, part) throws(WireError) in
      if kind == 0 { kind = part.value }
      switch part.type {
      case .block: blocks.append(try Block.read(bytes, part.body))
      case .request: requests.append(try ShoalWire.Request.decode(bytes, part.body))
      case .cancel: cancels.append(try Cancel.decode(bytes, part.body))
      case .progress: progress = try Progress.decode(bytes, part.body).received
      case .offer: pieceExponent = try Offer.decode(bytes, part.body).pieceExponent
      default: break
      }
    }
  }
}
