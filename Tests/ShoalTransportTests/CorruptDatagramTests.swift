import ShoalBase
import ShoalLink
import ShoalSimulator
import ShoalWire
import Testing

@testable import ShoalTransport

@Suite struct CorruptDatagramTests {
  @Test func aCorruptDatagramChangesNothingButACounter() throws {
    let pair = try Pair("delay=10ms")
    try pair.connect()
    pair.world.run(for: .second)
    let tap = Tap(pair.world)
    let next = pair.b.inside.receiveWindow.next
    var bytes = try DataPacket().datagram(connection: pair.b.inside.localID)
    bytes.replaceSubrange(16..<20, with: (0..<4).map { UInt8(truncatingIfNeeded: next >> UInt64(24 - 8 * $0)) })
    bytes[20] ^= 1
    let before = (pair.b.inside.counters, pair.b.inside.timers[.idle])
    pair.world.network.send(NetworkDatagram(from: pair.a.address, to: pair.b.address, bytes: bytes))
    pair.world.run(for: 10 * .millisecond)
    #expect(pair.b.inside.receiveWindow.next == next)
    #expect(pair.b.inside.counters.corrupt == before.0.corrupt + 1)
    #expect(pair.b.inside.counters.received == before.0.received)
    #expect(pair.b.inside.timers[.idle] == before.1, "who knows who sent it")
    #expect(pair.b.endpoint.corrupt == 1 && pair.b.endpoint.counters.corrupt == 1)
    // The peer learns of it at once.
    let acks = tap.datagrams.filter { $0.type == .ack && $0.datagram.from == pair.b.address }
    #expect(acks.count == 1)
    #expect(try acks.first.map { try AckPacket.decode($0.datagram.bytes.span).corrupt } == 1)
  }

  @Test func itIsReportedAtMostFourTimesInARoundTrip() throws {
    let pair = try Pair("delay=20ms")
    try pair.connect()
    pair.world.run(for: .second)
    let tap = Tap(pair.world)
    for _ in 0..<1_000 {
      let bytes = [UInt8](repeating: 7, count: 100)
      pair.world.network.send(NetworkDatagram(from: pair.a.address, to: pair.b.address, bytes: bytes))
      pair.world.run(for: 100 * .microsecond)
    }
    // 100 ms is ten quarters of a round trip.
    #expect((9...12).contains(tap.count(.ack)))
    #expect(pair.b.inside.counters.corrupt > 700)
  }

  @Test func ofTwoConnectionsWithAnAddressNeitherCountsIt() throws {
    let pair = try Pair("delay=10ms")
    try pair.connect()
    pair.world.connect(pair.a, to: pair.b)
    pair.world.run(for: .second)
    #expect(pair.b.connections.count == 2)
    let bytes = [UInt8](repeating: 7, count: 100)
    pair.world.network.send(NetworkDatagram(from: pair.a.address, to: pair.b.address, bytes: bytes))
    pair.world.network.send(NetworkDatagram(from: Address(ipv4: 99, port: 9), to: pair.b.address, bytes: bytes))
    pair.world.run(for: .second)
    #expect(pair.b.endpoint.corrupt == 2)
    #expect(pair.b.connections.allSatisfy { pair.b.status($0.id)?.counters.corrupt == 0 })
  }

  @Test func theLastPacketIsRepeatedAsSoonAsItsCorruptionIsReported() throws {
    func seconds(corrupting: Bool) throws -> Double {
      let pair = try Pair("delay=50ms")
      let (id, _) = try pair.connect()
      pair.world.sendFile(100_000, from: pair.a, on: id)
      pair.world.run(for: 10 * .second)
      let tap = Tap(pair.world)
      var isFirst = true
      tap.change = { datagram, type in
        guard type == .data, datagram.from == pair.a.address, isFirst else { return true }
        isFirst = false
        datagram.bytes[30] ^= 4
        return corrupting
      }
      let start = pair.world.now
      pair.world.sendFile(500, from: pair.a, on: id)
      #expect(pair.world.run(for: 10 * .second) { pair.world.isComplete })
      return Double(pair.world.now - start) / 1e9
    }
    // Half a round trip to arrive damaged, half to report it, an eighth to be sure, half to arrive again.
    #expect(try seconds(corrupting: true) < 0.165)
    #expect(try seconds(corrupting: false) > 0.165)
  }

  @Test func manyFlippedBitsAndAllIsWell() throws {
    let pair = try Pair("delay=5ms,rate=50mbit,corrupt=8%/2%,seed=4")
    #expect(try pair.transfer(3_000_000) != nil)
    // What was still on its way arrives.
    pair.world.run(for: .second)
    #expect(pair.world.violations.isEmpty)
    let down = try #require(pair.world.network.counters(of: pair.a.address))
    #expect(pair.b.corrupt == down.up.corrupted && pair.a.corrupt == down.down.corrupted)
    #expect(pair.b.endpoint.corrupt == pair.b.corrupt)
  }
}
