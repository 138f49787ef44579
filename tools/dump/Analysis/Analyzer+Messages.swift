import ShoalWire

extension Datagram {
  /// Why the fields of a datagram that was captured whole are not what the protocol requires; nil if they are.
  var fault: WireError? {
    do throws(WireError) {
      let (_, type) = try Header.decode(bytes.span)
      try Self.check(type.packet, bytes.span)
      return nil
    } catch { return error }
  }

  private static func check<P: Packet>(_: P.Type, _ bytes: Span<UInt8>) throws(WireError) { _ = try P.decode(bytes) }
}

extension Analyzer {
  /// Reads the messages of a DATA packet; returns the bytes of content in its BLOCKs.
  mutating func readMessages(
    _ packet: DataPacket, _ datagram: Datagram, _ index: Int, _ seen: inout Observation
  ) -> Int {
    var content = 0
    let reverse = flows[index].reverse
    do throws(WireError) {
      try datagram.messages(from: packet.messages.offset) { (bytes, part) throws(WireError) in
        switch part.type {
        case .block: content += try Block.read(bytes, part.body).content.count
        case .want:
          let want = try Want.decode(bytes, part.body)
          if let reverse { files.note(want, FileTable.Key(flow: reverse, file: want.file)) }
        case .offer:
          let offer = try Offer.decode(bytes, part.body)
          files.note(offer, FileTable.Key(flow: index, file: offer.file))
        case let type?: try Self.check(type.message, bytes, part.body)
        case nil: break
        }
      }
    } catch {
      if !datagram.isTruncated {
        seen.fault = error
        seen.marks.insert(.malformed)
      }
    }
    return content
  }

  private static func check<M: Message>(_: M.Type, _ bytes: Span<UInt8>, _ body: ByteRange) throws(WireError) {
    _ = try M.decode(bytes, body)
  }
}
