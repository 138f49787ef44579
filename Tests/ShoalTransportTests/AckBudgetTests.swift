import ShoalBase
import ShoalLink
import ShoalSimulator
import ShoalWire
import TestSupport
import Testing

@testable import ShoalTransport

/// Acknowledgements are paid for by the bytes that they acknowledge.
@Suite struct AckBudgetTests {
  /// A sender of DATA without messages, with numbers far ahead and far apart, that asks for an ACK of each.
  @Test(arguments: seeds(0..<4))
  func acksAreNoLargerThanWhatTheyAnswer(seed: UInt64) throws {
    let pair = try Pair("delay=10ms")
    try pair.connect()
    pair.world.run(for: .second)
    let tap = Tap(pair.world)
    var random = SeededGenerator(seed: seed)
    var received = 0
    var number = pair.b.inside.receiveWindow.next + 1
    let began = pair.world.now
    for i in 0..<20_000 as Range<UInt64> {
      var packet = DataPacket()
      switch seed {
      // Every other one, so that a bitmap of all is as long as possible; beyond the window; at random.
      case 0: number += i < 16_000 ? 2 : 0
      case 1: number = pair.b.inside.receiveWindow.next + 65_535 + i
      case 2: number = pair.b.inside.receiveWindow.next + 1 + random.next() % 65_000
      default: number = pair.b.inside.receiveWindow.next + [1, 3, 60_000, 1 << 20][Int(random.next() % 4)]
      }
      packet.sequence = UInt32(truncatingIfNeeded: number)
      packet.attempt = UInt8(random.next() % 2)
      let bytes = try packet.datagram(connection: pair.b.inside.localID, capacity: 28)
      received += bytes.count
      pair.b.endpoint.receive(bytes.span, from: pair.a.address, at: pair.world.now)
      pair.world.flush(pair.b)
      if i % 8 == 0 { pair.world.run(for: .millisecond / 4) }
    }
    let acks = tap.datagrams.filter { $0.type == .ack && $0.datagram.from == pair.b.address }
    let sent = acks.reduce(0) { $0 + $1.datagram.bytes.count }
    // And one of 64 bytes every 25 ms.
    let free = Int((pair.world.now - began) / (25 * .millisecond)) * 64
    #expect(sent <= received + free + 2 * 1_200, "seed \(seed): \(sent) for \(received)")
    #expect(acks.count > 20)
  }

  @Test func whatIsNotAnsweredAtOnceIsAnsweredSoon() throws {
    let pair = try Pair("delay=1ms")
    let (id, _) = try pair.connect()
    pair.world.run(for: .second)
    let tap = Tap(pair.world)
    // Messages of 8 bytes, one at a time: each is answered, although an ACK is larger.
    for _ in 0..<300 {
      pair.world.sendMessage(from: pair.a, on: id)
      #expect(pair.world.run(for: 100 * .millisecond) { pair.a.inside.sendWindow.isEmpty })
    }
    #expect(pair.world.isComplete && tap.count(.ack) >= 300)
    #expect(pair.a.endpoint.counters.retransmitted == 0)
  }
}
