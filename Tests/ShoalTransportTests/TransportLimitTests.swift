import ShoalBase
import ShoalSimulator
import ShoalWire
import TestSupport
import Testing

@testable import ShoalTransport

/// What a peer can make us keep or send is limited.
@Suite struct TransportLimitTests {
  /// Compares the queue with a plain list of the waiting bytes, on which cancelling is simple.
  @Test(arguments: seeds(0..<60))
  func cancelsAreAsIfEachByteWereLookedAt(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var queue = SendQueue()
    var model: [(file: UInt16, offset: UInt64)] = []
    for _ in 0..<12 {
      let file = UInt16(random.next() % 2)
      let (offset, length) = (random.next() % 150, 1 + random.next() % 60)
      queue.append(Payload(source: 0, space: .content, file: file, offset: offset, length: Int(length)))
      for byte in offset..<offset + length { model.append((file, byte)) }
    }
    for _ in 0..<6 {
      let file = UInt16(random.next() % 2)
      let holes = (0..<random.next() % 9).map { _ in
        let offset = random.next() % 9 == 0 ? .max - random.next() % 9 : random.next() % 220
        return RangeField(offset: offset, length: random.next() % 20 == 0 ? .max : UInt32(random.next() % 12))
      }
      queue.cancel(file: file, space: 0, ranges: holes, limit: .max)
      model.removeAll { byte in
        byte.file == file && holes.contains { byte.offset >= $0.offset && byte.offset - $0.offset < UInt64($0.length) }
      }
      #expect(queue.bytes == model.count)
    }
    var left: [(file: UInt16, offset: UInt64)] = []
    while let block = queue.takeBlock(7) {
      for i in 0..<UInt64(block.length) { left.append((block.file, block.offset + i)) }
    }
    #expect(left.elementsEqual(model, by: ==) && queue.isEmpty)
  }

  @Test func cancelsMakeNoMoreRangesThanTheLimit() {
    var queue = SendQueue()
    queue.append(Payload(source: 0, space: .content, file: 1, offset: 0, length: 1 << 30))
    queue.append(Payload(source: 0, space: .content, file: 2, offset: 0, length: 1 << 20))
    for i in 0..<3_000 as Range<UInt64> {
      let holes = (0..<3 as Range<UInt64>).map { RangeField(offset: (i * 3 + $0) * 1_000 + 500, length: 1) }
      queue.cancel(file: 1, space: 0, ranges: holes, limit: 100)
      #expect(queue.rangeCount <= 100)
    }
    // A cancel that does not split a range is applied all the same.
    let before = queue.bytes
    queue.cancel(file: 1, space: 0, ranges: [RangeField(offset: 1 << 29, length: .max)], limit: 100)
    #expect(queue.bytes == before - 1 << 29)
    queue.cancel(file: 1)
    #expect(queue.bytes == 1 << 20 && queue.rangeCount == 1)
  }

  @Test(arguments: [-1, 1 << 20] as [Int64])
  func repeatsOfOnePacketCauseFewAcks(distance: Int64) throws {
    let pair = try Pair("delay=10ms")
    try pair.connect()
    pair.world.run(for: .second)
    let tap = Tap(pair.world)
    for _ in 0..<1_000 {
      var packet = DataPacket()
      packet.sequence = UInt32(truncatingIfNeeded: Int64(pair.b.inside.receiveWindow.next) + distance)
      (packet.ackEvery, packet.ackDelay) = (1, 0)
      let bytes = try packet.datagram(connection: pair.b.inside.localID)
      pair.b.endpoint.receive(bytes.span, from: pair.a.address, at: pair.world.now)
      pair.world.flush(pair.b)
      pair.world.run(for: .millisecond / 10)
    }
    // A round trip of 20 ms: one ACK every 2.5 ms.
    #expect(tap.count(.ack) >= 30 && tap.count(.ack) <= 42, "\(tap.count(.ack))")
  }

  @Test func aMalformedSliceHidesNothingElse() throws {
    let pair = try Pair("delay=10ms")
    let (id, _) = try pair.connect()
    pair.world.sendFile(100 * 1_100, from: pair.a, on: id)
    pair.world.run(for: 5 * .millisecond)
    let (base, inFlight) = (pair.a.inside.sendWindow.base, pair.a.inside.sendWindow.bytesInFlight)
    var packet = AckPacket()
    packet.next = UInt32(truncatingIfNeeded: base + 2)
    packet.top = UInt32(truncatingIfNeeded: base + 20)
    packet.first = packet.next
    packet.delay = .max
    // One is missing, nine have arrived, and the third number is cut off.
    packet.count = 18
    var bytes = try packet.datagram(connection: pair.a.inside.localID, capacity: 1_472) + [1, 9, 0xc0]
    bytes.mend()
    let ignored = pair.a.endpoint.ignored
    pair.a.endpoint.receive(bytes.span, from: pair.b.address, at: pair.world.now)
    #expect(pair.a.endpoint.ignored == ignored + 1)
    #expect(pair.a.inside.sendWindow.base == base + 2 && pair.a.inside.sendWindow.bytesInFlight < inFlight)
    #expect(pair.a.inside.sendWindow.packets.isAcked(base + 11) && !pair.a.inside.sendWindow.packets.isAcked(base + 12))
    #expect(pair.a.inside.counters.lost == 1 && pair.a.inside.sendWindow.packets[base + 2].isLost)
    #expect(pair.world.run(for: 10 * .second) { pair.world.isComplete } && pair.a.closed.isEmpty)
  }

  /// The part of a block that a retransmission has no room for is queued again, cancelled or not, but only once.
  @Test func aPathThatBecomesNarrowerDoesNotUndoACancelForEver() throws {
    let pair = try Pair("delay=10ms,rate=20mbit")
    let (id, _) = try pair.connect()
    pair.world.run(for: 2 * .second)
    #expect(pair.a.inside.datagram == 1_472)
    pair.world.sendFile(50_000_000, from: pair.a, on: id)
    pair.world.run(for: .second)
    let tap = Tap(pair.world)
    tap.change = { datagram, _ in datagram.bytes.count <= 1_200 }
    pair.world.run(for: 100 * .millisecond)
    for file in 0...1 as ClosedRange<UInt16> { pair.a.endpoint.cancel(file: file, on: id) }
    #expect(pair.a.inside.queue.bytes == 0)
    let (sent, inFlight) = (pair.a.endpoint.counters.contentSent, pair.a.inside.sendWindow.bytesInFlight)
    #expect(inFlight > 10 * 1_472)
    pair.world.run(for: 30 * .second)
    #expect(pair.a.inside.sendWindow.isEmpty && pair.a.inside.queue.isEmpty && pair.a.inside.datagram == 1_200)
    // Some large datagrams leave before the narrowness is known.
    #expect(pair.a.endpoint.counters.contentSent - sent < 4 * inFlight)
  }
}
