import ShoalBase
import ShoalLink
import ShoalSimulator
import ShoalWire
import Testing

@testable import ShoalTransport

/// What is remembered about packets, round trips and paths, at the edges where one more or one less would be wrong.
@Suite struct RecordEdgeTests {
  private func window(_ packets: Int, recordsLosses: Bool = false) -> SendWindow {
    var window = SendWindow(first: 100, limit: 64, recordsLosses: recordsLosses)
    for i in 0..<packets {
      let number = window.packets.add(payload: .empty, messages: nil)
      window.sent(number, bytes: 100, phase: .steady, at: .zero + .second + Nanoseconds(i) * .millisecond)
    }
    return window
  }

  private func slice(_ bytes: [UInt8], _ encoding: SliceEncoding, first: UInt32, count: UInt32) throws -> [Bool] {
    var window = window(40)
    var ack = AckPacket()
    (ack.first, ack.count, ack.encoding) = (first, count, encoding.rawValue)
    ack.slice = ByteRange(offset: 0, count: bytes.count)
    var result = AckResult()
    _ = try? window.acknowledge(ack, bytes.span, &result)
    return (100..<140).map { window.packets.isAcked($0) }
  }

  @Test func aSliceSaysNothingBeyondItsNumbers() throws {
    let four = (0..<40).map { (1...4).contains($0) }
    #expect(try slice([0xff], .bitmap, first: 101, count: 4) == four)
    #expect(try slice([0, 4], .runs, first: 101, count: 4) == four)
    let none = [Bool](repeating: false, count: 40)
    #expect(try slice([0, 9], .runs, first: 101, count: 4) == none)
  }

  @Test func whatHasArrivedIsNotLost() {
    var window = window(4)
    var result = AckResult()
    window.acknowledge(101..<102, &result)
    window.declareLost(101, .timeThreshold, &result)
    #expect(window.lostCount == 0 && result.losses.packets == 0)
    window.declareLost(102, .timeThreshold, &result)
    #expect(window.lostCount == 1 && result.losses.packets == 1)
  }

  @Test func lossesThatNobodyTakesAreForgotten() {
    var window = window(1, recordsLosses: true)
    for _ in 0..<20_000 {
      var result = AckResult()
      window.declareLost(100, .timeThreshold, &result)
      if let number = window.takeLost() { window.sent(number, bytes: 100, phase: .steady, at: .zero + .second) }
    }
    let (first, second) = (window.log.take().count, window.log.take().count)
    #expect(first == 16_384 && second == 0)
  }

  /// Which of two attempts an ACK answers is unknown, so it gives no round trip (Karn and Partridge, 1987).
  @Test func onlyWhatWasSentOnceIsTimed() {
    var window = window(2)
    window.sent(100, bytes: 100, phase: .steady, at: .zero + 2 * .second)
    var result = AckResult()
    window.acknowledge(100..<101, &result)
    #expect(result.newestOnceSentAt == nil)
    window.acknowledge(101..<102, &result)
    #expect(result.newestOnceSentAt == .zero + .second + .millisecond)
  }

  /// A packet is declared lost by the time at which later ones left, however few those are.
  @Test func whatLeftLongBeforeWhatArrivedIsLost() {
    for gap in [20, 30] as [Nanoseconds] {
      var window = SendWindow(first: 100, limit: 64)
      for i in 0..<2 as Range<Nanoseconds> {
        let number = window.packets.add(payload: .empty, messages: nil)
        window.sent(number, bytes: 100, phase: .steady, at: .zero + .second + i * gap * .millisecond)
      }
      var result = AckResult()
      let now = Instant.zero + .second + 40 * .millisecond
      window.acknowledge(101..<102, &result)
      _ = SelectiveRepeat.detectLosses(&window, Reordering(), RoundTrip(), at: now, &result)
      // An eighth of the assumed round trip of 200 ms.
      let lost = window.lostCount
      #expect(lost == (gap > 25 ? 1 : 0))
    }
  }

  @Test func reorderingOnceSeenIsCountedNoMore() {
    var reordering = Reordering()
    #expect(reordering.packetThreshold == 3)
    reordering.onSpuriousLoss(lateness: nil, RoundTrip())
    #expect(reordering.packetThreshold == nil)
  }

  @Test func aRoundTripIsBoundedAndAGuessComesBeforeIt() {
    var roundTrip = RoundTrip()
    roundTrip.assume(40 * .millisecond)
    #expect(roundTrip.smoothed == 40 * .millisecond && !roundTrip.hasSample)
    roundTrip.add(.max)
    #expect(roundTrip.latest == Constants.longestRoundTrip && roundTrip.hasSample)
    roundTrip.assume(40 * .millisecond)
    #expect(roundTrip.smoothed == Constants.longestRoundTrip)
  }

  @Test func onlyTheFirstProbeOfASizeTimesThePath() {
    var path = PathMTU(limit: 1_500, peerLimit: 65_507, address: Address(ipv4: 1, port: 1), at: .zero)
    let now = Instant.zero + .second
    let first = path.nextProbe(.second, at: .zero)
    #expect(first == 1_472 && path.roundTrip(1_472, at: now) == .second)
    #expect(path.roundTrip(1_452, at: now) == nil && path.roundTrip(1_300, at: now) == nil)
    let second = path.nextProbe(.second, at: now)
    #expect(second == 1_472 && path.roundTrip(1_472, at: now + .millisecond) == nil)
  }

  @Test func nothingIsSentThatThePeerDoesNotTake() throws {
    let pair = try Pair("delay=1ms", TransportConfiguration(), .with { $0.receivedMTU = 1_328 })
    let (id, _) = try pair.connect()
    var longest = 0
    pair.world.network.onSend = { datagram, _ in
      if datagram.to == pair.b.address { longest = max(longest, datagram.bytes.count) }
      return true
    }
    pair.world.sendFile(500_000, from: pair.a, on: id)
    #expect(pair.world.run(for: 30 * .second) { pair.world.isComplete })
    pair.world.run(for: 30 * .second)
    #expect(longest == 1_300 && pair.a.inside.datagram == 1_300)
  }

  @Test func messagesThatJustFitGoTogether() {
    var queue = SendQueue()
    for _ in 0..<3 { queue.append([1, 2, 3]) }
    #expect(queue.takeMessages(6).count == 6 && queue.messageBytes == 3)
    #expect(queue.takeMessages(1).count == 3 && queue.isEmpty)
  }

  @Test func whatIsAheadIsOfTheSameFileAndSpace() {
    for (file, space, offset, ahead) in [
      (1, .content, 100, 50), (2, .content, 100, 0), (1, .manifest, 100, 0), (1, .content, 101, 0),
    ] as [(UInt16, ContentSpace, UInt64, Int)] {
      var queue = SendQueue()
      queue.append(Payload(source: 0, space: .content, file: 1, offset: 0, length: 100))
      queue.append(Payload(source: 0, space: space, file: file, offset: offset, length: 50))
      let block = queue.takeBlock(100)
      #expect(block.map { queue.ahead(of: $0) } == ahead)
    }
  }

  /// A cancel that removes a range's beginning or end does not split it.
  @Test func aCancelAtARangesEdgeIsNoSplit() {
    for offset in [0, 90] as [UInt64] {
      var queue = SendQueue()
      queue.append(Payload(source: 0, space: .content, file: 1, offset: 0, length: 100))
      queue.cancel(file: 1, space: 0, ranges: [RangeField(offset: offset, length: 10)], limit: 1)
      #expect(queue.bytes == 90 && queue.rangeCount == 1)
    }
  }
}
