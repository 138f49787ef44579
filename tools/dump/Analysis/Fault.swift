import ShoalWire

extension Datagram {
  /// Why its fields are not what the protocol says; nil if they are. Of a datagram that was captured whole.
  var fault: WireError? {
    do throws(WireError) {
      let (_, type) = try Header.decode(bytes.bytes)
      try Self.check(type.packet, bytes.bytes)
      return nil
    } catch { return error }
  }

  private static func check<P: Packet>(_: P.Type, _ bytes: RawSpan) throws(WireError) { _ = try P.decode(bytes) }

  private static func check<M: Message>(_: M.Type, _ bytes: RawSpan, _ body: ByteRange) throws(WireError) {
    _ = try M.decode(bytes, body)
  }

  /// The bytes of content in the BLOCKs of a DATA packet; what is wrong with its messages is noted.
  func content(of packet: DataPacket, _ seen: inout Observation) -> Int {
    var content = 0
    do throws(WireError) {
      try messages(from: packet.messages.offset) { (bytes, part) throws(WireError) in
        if part.type == .block {
          content += try Block.read(bytes, part.body).content.count
        } else if let type = part.type {
          try Self.check(type.message, bytes, part.body)
        }
      }
    } catch {
      if !isTruncated {
        seen.fault = error
        seen.marks.insert(.malformed)
      }
    }
    return content
  }
}
