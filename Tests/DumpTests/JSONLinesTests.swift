import Foundation
import ShoalContent
import ShoalWire
import Testing

@testable import shoal_dump

@Suite struct JSONLinesTests {
  @Test func lines() throws {
    let capture = TestCapture()
    var register = RegisterPacket()
    (register.cookie, register.id, register.name) = (0xab, film, "a\u{202E}\"ä")
    register.cut = Cut(size: 734_003_200, pieceExponent: 20, chunks: 700)
    register.have = [ChunkRun(first: 0, count: 5), ChunkRun(first: 9, count: 1)]
    try capture.add(register, connection: 1, to: Address(high: 0x2001_0db8 << 32, low: 1, port: 7_400))
    var have = Have()
    have.chunks = [ChunkRun(first: 12, count: 3)]
    capture.add(try data(7, have.encoded(), block(offset: 9, count: 5), [99, 0, 1, 5]), from: bob, to: alice)
    let outcome = try inspect(capture.bytes, "--json")
    #expect(outcome.status == 0 && outcome.error == "")
    #expect(
      outcome.lines == [
        #"{"n":1,"time":"1795356194.803123456","src":"10.0.0.2:7402","dst":"[2001:db8::1]:7400","#
          + #""type":"REGISTER","len":83,"checksum":"ok","fields":{"version":1,"connection":"0000000000000001","#
          + #""cookie":"00000000000000ab","id":"\#(film.hex)","size":734003200,"piece_exponent":20,"#
          + #""chunks":700,"name":"a\u202E\"ä","have":"0-4,9"},"marks":[]}"#,
        #"{"n":2,"time":"1795356194.804123456","src":"10.0.0.1:7401","dst":"10.0.0.2:7402","type":"DATA","#
          + #""len":60,"checksum":"ok","fields":{"version":1,"connection":"0000000000000077","seq":7,"attempt":0,"#
          + #""timestamp":0,"ack_every":2,"ack_delay":25000,"messages":["#
          + #"{"message":"HAVE","file":0,"chunks":"12-14"},"#
          + #"{"message":"BLOCK","file":0,"space":"content","offset":9,"content":5},"#
          + #"{"message":null,"value":99,"content":1}]},"marks":[],"in_flight":60}"#,
        #"{"event":"done"}"#,
      ])
  }

  @Test func listsCodesAndSlices() throws {
    let capture = TestCapture()
    var peers = PeersPacket()
    var entry = PeerEntry()
    entry.address = bob
    (peers.total, peers.peers) = (1, [entry])
    try capture.add(peers, connection: 1)
    var ack = AckPacket()
    (ack.first, ack.count) = (5, 3)
    capture.add(sealed(try ack.datagram(connection: 1) + [1, 2]))
    capture.add(sealed(try ack.datagram(connection: 1) + [1, 2, 0, 0, 1, 0]))
    var close = ClosePacket()
    close.code = 1
    try capture.add(close)
    let fields = try objects(inspect(capture.bytes, "--json")).map { try #require($0["fields"] as? [String: Any]) }
    let first = try #require((fields[0]["peers"] as? [[String: Any]])?.first)
    #expect(first["address"] as? String == "10.0.0.1:7401" && first["size"] as? Int == 0)
    #expect(fields[1]["slice"] as? Int == 2 && fields[1]["missing"] as? String == "5")
    #expect(fields[1]["encoding"] as? String == "runs")
    #expect(fields[1]["left"] == nil)
    #expect(fields[2]["slice"] as? Int == 2 && fields[2]["left"] as? Int == 256)
    #expect(fields[3]["code"] as? String == "going_away")
  }

  @Test func quantitiesAreNumbersAsFarAsReadersHoldThem() throws {
    let capture = TestCapture()
    for offset: UInt64 in [1 << 53, 1 << 53 + 1] { capture.add(try data(1, block(offset: offset, count: 1))) }
    let output = try inspect(capture.bytes, "--json").output
    #expect(output.contains(#""offset":9007199254740992,"#) && output.contains(#""offset":"0020000000000001","#))
  }

  @Test func whatCannotBeDecoded() throws {
    let capture = TestCapture()
    var unknown = try ResetPacket().datagram(connection: 1)
    unknown[3] = 0x84
    capture.add(sealed(unknown))
    capture.add([0x53, 0x68, 1])
    var corrupt = try ResetPacket().datagram(connection: 1)
    corrupt[15] ^= 1
    capture.add(corrupt)
    capture.add([1, 2, 3])
    let all = try objects(inspect(capture.bytes, "--json", "--all"))
    #expect(all.count == 4)
    for (object, error) in zip(
      [all[0], all[1], all[3]],
      ["type at byte 3: unknown type", "type at byte 3: cut short", "type at byte 3: cut short"])
    {
      #expect(object["type"] is NSNull && (object["fields"] as? [String: Any])?.isEmpty == true)
      #expect(object["error"] as? String == error || object["n"] as? Int == 4)
    }
    #expect(all.map { $0["checksum"] as? String } == ["ok", nil, "bad", nil])
    #expect(all[2]["type"] as? String == "RESET" && all[3]["len"] as? Int == 3)
    #expect(try objects(inspect(capture.bytes, "--json")).count == 3)
  }
}
