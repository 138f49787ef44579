import TestSupport
import Testing

@testable import ShoalBase
@testable import ShoalContent
@testable import ShoalWire

@Suite struct TruncationTests {
  @Test(arguments: PacketType.allCases) func packetsCutAtEveryByte(type: PacketType) throws {
    for seed in seeds(0..<4) { try cut(type.packet, seed: seed) }
  }

  private func cut<P: Packet>(_: P.Type, seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let (_, datagram) = try sample(P.self, &random)
    let rows = Schema.table(of: P.type).rows
    for length in 0..<datagram.count {
      let bytes = Array(datagram[..<length])
      guard length >= Limits.headerLength else {
        let error = failure { () throws(WireError) in _ = try Header.decode(bytes.span) }
        #expect(error?.kind == .truncated && error?.field == field(at: length, of: Schema.header))
        continue
      }
      let error = failure { () throws(WireError) in _ = try P.decode(bytes.span) }
      if error == nil, rows.contains(where: \.isLater) {
        // It may end where an earlier revision of the protocol did.
        let packet = try P.decode(bytes.span)
        #expect(try packet.encoded(connection: 0, capacity: 4_000).count == length)
      } else if let name = field(at: length, of: rows) {
        #expect(error?.kind == .truncated && error?.field == name, "\(P.type) cut at \(length), seed \(seed)")
      } else if P.type != .data && P.type != .ack {
        #expect(error?.kind == .truncated, "\(P.type) cut at \(length), seed \(seed)")
      }
    }
  }

  @Test(arguments: MessageType.allCases) func messagesCutAtEveryByte(type: MessageType) throws {
    for seed in seeds(0..<4) { try cut(type.message, seed: seed) }
  }

  private func cut<M: Message>(_: M.Type, seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let (_, bytes) = try sample(M.self, at: 0, &random)
    let rows = Schema.table(of: M.type).rows
    for length in MessageType.overhead..<bytes.count {
      let body = ByteRange(offset: MessageType.overhead, count: length - MessageType.overhead)
      let error = failure { () throws(WireError) in _ = try M.decode(bytes.span, body) }
      if let name = field(at: length, of: rows) {
        #expect(error?.kind == .truncated && error?.field == name, "\(M.type) cut at \(length), seed \(seed)")
      } else if M.type != .block {
        #expect(error?.kind == .truncated, "\(M.type) cut at \(length), seed \(seed)")
      }
    }
  }

  /// The field with a fixed position and size that a cut at `length` goes through, or lies in front of.
  private func field(at length: Int, of rows: [SchemaRow]) -> String? {
    rows.first { row in
      guard let offset = row.offset, let size = row.size else { return false }
      return (offset..<offset + size).contains(length)
    }?.name
  }
}
