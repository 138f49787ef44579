import ShoalBase
import ShoalContent
import ShoalWire
import Testing

@testable import ShoalSwarm

/// A tracker that credits a peer with chunks that it does not have is made to forget them, once per interval.
@Suite struct TrackerResetTests {
  @Test func aTrackerThatKeepsSayingMoreIsNotResetOverAndOver() throws {
    let address = Address(ipv4: 0x7f00_0001, port: 7_400)
    var client = TrackerClient(tracker: address, random: SecretGenerator(seed: 1))
    let id = Blake3.hash(UInt64(7).bigEndianBytes.span)
    let cut = Cut(size: 655_360, pieceExponent: 16, chunks: 10)
    client.register(id: id, cut: cut, name: "a", have: BitSet(capacity: 10, runs: [ChunkRun(first: 0, count: 3)]))
    var now = Instant.zero + .second
    let end = now + 600 * .second
    var resets = 0
    while now < end {
      client.expire(at: now)
      while let (_, bytes) = client.nextTransmit(at: now) {
        let (header, type) = try Header.decode(bytes.span)
        if type == .deregister { resets += 1 }
        let answer = try Self.answer(type, header.connection)
        let isTaken = client.receive(answer.span, from: address, at: now)
        #expect(isTaken)
      }
      while client.nextEvent() != nil {}
      now = max(min(client.deadline, end), now + .millisecond)
    }
    #expect((5...11).contains(resets), "\(resets)")
  }

  private static func answer(_ type: PacketType, _ transaction: UInt64) throws -> [UInt8] {
    switch type {
    case .connect:
      var packet = ConnectedPacket()
      packet.cookie = 1
      return try packet.datagram(connection: transaction)
    case .deregister: return try DeregisteredPacket().datagram(connection: transaction)
    default:
      var packet = RegisteredPacket()
      (packet.have, packet.interval) = (9, 60)
      return try packet.datagram(connection: transaction)
    }
  }
}
