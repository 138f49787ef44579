import ShoalBase
import ShoalLink
import ShoalSimulator
import ShoalWire
import Testing

@testable import ShoalTransport

/// Peers whose ACKs say no more than they must.
@Suite struct EcholessTests {
  /// What ACKs lack.
  enum Manner: CaseIterable { case honest, noEcho, onlyNext, echoesAtFirst }

  /// Strips the second host's ACKs accordingly.
  private func impoverish(_ pair: Pair, _ manner: Manner) {
    var acks = 0
    pair.world.network.onSend = { datagram, _ in
      guard datagram.from == pair.b.address, datagram.bytes[3] == PacketType.ack.rawValue,
        var ack = try? AckPacket.read(datagram.bytes.span)
      else { return true }
      acks += 1
      if manner == .honest || manner == .echoesAtFirst && acks < 20 { return true }
      (ack.echo, ack.delay) = (0, .max)
      var slice = Array(datagram.bytes[AckPacket.overhead...])
      if manner == .onlyNext { (ack.top, ack.first, ack.count, ack.encoding, slice) = (ack.next, ack.next, 0, 0, []) }
      let id = Header.peek(datagram.bytes.span).connection
      datagram.bytes = (try? ack.datagram(connection: id, capacity: 1_472)) ?? []
      datagram.bytes += slice
      datagram.bytes.mend()
      return true
    }
  }

  @Test(arguments: CongestionAlgorithm.allCases, RepeatMode.allCases)
  func aSenderThatNeverGetsAnEchoFillsThePathAndNotItsQueue(
    _ congestion: CongestionAlgorithm, _ mode: RepeatMode
  ) throws {
    var honest: (seconds: Double, wire: Double) = (0, 0)
    for manner in Manner.allCases {
      let pair = try Pair(
        "delay=20ms,rate=100mbit,queue=500kB", seed: 3,
        .with {
          $0.congestion = congestion
          $0.repeatMode = mode
          // If nothing else limits what is in flight, the window does.
          if congestion == .none { $0.window = 300 }
        })
      impoverish(pair, manner)
      let seconds = try #require(try pair.transfer(4_000_000), "\(manner)")
      let wire = Double(pair.a.bytesSent) / 4e6
      if manner == .honest { honest = (seconds, wire) }
      #expect(pair.world.violations.isEmpty)
      #expect(seconds < 3 * honest.seconds, "\(manner)")
      // Under selective repeat, a peer that reports only the lowest missing packet is sent some that it already has.
      let isTelling = manner != .onlyNext || mode == .goBackN
      #expect(wire < honest.wire + (isTelling ? 0.375 : 1), "\(manner)")
    }
  }

  /// Three probe timeouts of silence, then ACKs that echo nothing.
  @Test(arguments: CongestionAlgorithm.allCases, RepeatMode.allCases)
  func silenceAndThenNoEchoIsNoTrap(_ congestion: CongestionAlgorithm, _ mode: RepeatMode) throws {
    for silence in [1_500, 25_000] as [Nanoseconds] {
      let pair = try Pair(
        "delay=20ms,rate=100mbit,queue=500kB", seed: 4,
        .with {
          $0.congestion = congestion
          $0.repeatMode = mode
          $0.window = 500
        })
      let (id, _) = try pair.connect()
      pair.world.run(for: .second)
      pair.world.network.onSend = { _, _ in false }
      pair.world.sendFile(3_000_000, from: pair.a, on: id)
      pair.world.run(for: silence * .millisecond)
      #expect(pair.a.status(id)?.probeTimeouts ?? 0 >= 3)
      impoverish(pair, .noEcho)
      #expect(pair.world.run(for: 60 * .second) { pair.world.isComplete }, "after \(silence) ms")
      #expect(pair.world.violations.isEmpty)
    }
  }
}
