import ShoalBase
import ShoalLink
import ShoalSimulator
import ShoalWire
import TestSupport
import Testing

@testable import ShoalTransport

/// When a packet goes out twice at once, and when not.
@Suite struct RepeatRuleTests {
  /// The packets that left twice at once although no probe timeout had passed: the attempt number of the first of the
  /// two, and whether anything new left afterwards.
  private func twins(
    _ seed: UInt64, _ bytes: Int, loss: Double, _ mode: RepeatMode
  ) throws -> [(attempt: UInt8, wasLast: Bool)] {
    let pair = try Pair("delay=20ms,rate=20mbit", seed: seed, .with { $0.repeatMode = mode })
    let (id, _) = try pair.connect()
    var random = SeededGenerator(seed: seed)
    var sent: [(packet: DataPacket, isProbe: Bool)] = []
    let tap = Tap(pair.world)
    tap.change = { datagram, type in
      if type == .data, datagram.from == pair.a.address, let packet = try? DataPacket.read(datagram.bytes.span) {
        sent.append((packet, pair.a.status(id)?.probeTimeouts ?? 0 > 0))
        return random.unit() >= loss
      }
      return true
    }
    _ = try #require(try pair.transfer(bytes))
    let lastNew = sent.lastIndex { $0.packet.attempt == 0 } ?? 0
    return zip(sent.indices, sent.indices.dropFirst()).compactMap { first, second in
      let (a, b) = (sent[first], sent[second])
      guard a.packet.sequence == b.packet.sequence, !a.isProbe, !b.isProbe else { return nil }
      return (a.packet.attempt, first > lastNew)
    }
  }

  /// On a path that loses much, a packet lost twice goes out twice, but only once there is nothing else to send.
  @Test func whatWasLostTwiceGoesOutTwiceAtTheTail() throws {
    var all: [(attempt: UInt8, wasLast: Bool)] = []
    for seed in seeds(1..<7) {
      all += try twins(seed, 400_000, loss: 0.25, .selectiveRepeat)
    }
    #expect(all.count >= 3, "\(all)")
    #expect(all.allSatisfy { $0.attempt >= 2 && $0.wasLast }, "\(all)")
  }

  @Test func underGoBackNNothingGoesOutTwice() throws {
    for seed in seeds(1..<7) {
      let all = try twins(seed, 100_000, loss: 0.15, .goBackN)
      #expect(all.isEmpty, "seed \(seed): \(all)")
    }
  }

  /// On a path that loses next to nothing, a packet lost twice was just unlucky.
  @Test func whereLittleIsLostNothingGoesOutTwice() throws {
    let pair = try Pair("delay=50ms,rate=10mbit")
    // Long enough for the loss rate to be known well.
    _ = try #require(try pair.transfer(8_000_000))
    let first = UInt32(truncatingIfNeeded: pair.a.inside.sendWindow.next)
    let (id, tap) = (try #require(pair.a.connection), Tap(pair.world))
    // A packet whose retransmission is lost as well, which is noticed when there is nothing else to send.
    var attempts: [UInt8] = []
    tap.change = { datagram, type in
      guard type == .data, datagram.from == pair.a.address,
        let packet = try? DataPacket.read(datagram.bytes.span), packet.sequence == first &+ 150
      else { return true }
      attempts.append(packet.attempt)
      return packet.attempt > 1
    }
    pair.world.sendFile(300 * 1_430, from: pair.a, on: id)
    #expect(pair.world.run(for: 10 * .second) { pair.world.isComplete })
    #expect(attempts == [0, 1, 2], "\(attempts)")
  }

  /// With each further timeout the lowest packets are probed again.
  @Test func eachTimeoutProbesTheLowest() throws {
    let pair = try Pair("delay=10ms")
    let (id, _) = try pair.connect()
    pair.world.run(for: 2 * .second)
    let first = UInt32(truncatingIfNeeded: pair.a.inside.sendWindow.next)
    let tap = Tap(pair.world)
    var sent: [UInt32] = []
    tap.change = { datagram, type in
      guard type == .data, let packet = try? DataPacket.read(datagram.bytes.span) else { return true }
      sent.append(packet.sequence &- first)
      return false
    }
    pair.world.sendFile(6 * 1_430, from: pair.a, on: id)
    pair.world.run(for: 1_500 * .millisecond)
    let probes = Array(sent.drop { $0 != sent.max() }.dropFirst())
    #expect(probes.count >= 6 && probes.count % 2 == 0)
    #expect(zip(probes.indices, probes).allSatisfy { $1 == UInt32($0 % 2) }, "\(sent)")
  }

  /// Packets that leave at the same instant can overtake each other.
  @Test func goBackNGoesBackWithinABurst() {
    func window(_ gap: Nanoseconds) -> SendWindow {
      var window = SendWindow(first: 100, limit: 64)
      for i in 0..<3 as Range<Nanoseconds> {
        let number = window.packets.add(payload: .empty, messages: nil)
        window.sent(number, bytes: 100, phase: .steady, at: .zero + .second + i * gap)
      }
      return window
    }
    var roundTrip = RoundTrip()
    roundTrip.add(40 * .millisecond)
    let tolerance = Reordering().window(roundTrip)
    // The rest of a burst is waited for as long as its answers may take.
    let due = Instant.zero + .second + 40 * .millisecond + tolerance
    for (now, lost) in [(due - 1, 0), (due, 3)] as [(Instant, Int)] {
      var burst = window(0)
      burst.evidence.echoed(sentAt: .zero + .second, beyondGap: true)
      var result = AckResult()
      let again = GoBackN.detectLosses(&burst, Reordering(), roundTrip, at: now, &result)
      #expect(again == (lost > 0 ? nil : due))
      let count = burst.lostCount
      #expect(count == lost)
    }
    // A packet that left much later need not be waited for.
    for (gap, lost) in [(tolerance, 0), (tolerance + 1, 3)] as [(Nanoseconds, Int)] {
      var spread = window(gap)
      spread.evidence.echoed(sentAt: .zero + .second + gap, beyondGap: true)
      var result = AckResult()
      _ = GoBackN.detectLosses(&spread, Reordering(), roundTrip, at: .zero + .second + gap, &result)
      let count = spread.lostCount
      #expect(count == lost)
    }
  }
}
