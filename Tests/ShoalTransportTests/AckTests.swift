import ShoalBase
import ShoalLink
import ShoalSimulator
import ShoalWire
import TestSupport
import Testing

@testable import ShoalTransport

@Suite struct AckTests {
  /// Describes a receive window in slices of this many bytes, and reads them into a send window.
  private func describe(_ arrived: [Bool], room: Int) -> (slices: Int, encodings: Set<UInt8>, acked: [Bool])? {
    let first = UInt64(1) << 32
    let count = UInt64(arrived.count)
    var receive = ReceiveWindow(first: first, limit: 1 << 20)
    for (i, has) in arrived.enumerated() where has { receive.insert(first + UInt64(i)) }
    var send = SendWindow(first: first, limit: 1 << 20)
    for _ in 0..<count {
      if send.wantsToGrow { send.grow() }
      let number = send.packets.add(payload: .empty, messages: nil)
      send.sent(number, bytes: 100, phase: .steady, at: .zero)
    }
    var result = AckResult()
    send.acknowledge(upTo: receive.next, &result)
    var buffer = [UInt8](repeating: 0, count: room)
    var slices = 0
    var encodings: Set<UInt8> = []
    var next = receive.next
    while next < receive.top {
      var span = buffer.mutableSpan
      let slice = receive.slice(from: next, into: &span)
      guard slice.count > 0, slice.length <= room else { return nil }
      // Bits beyond the slice are 0.
      if slice.encoding == .bitmap, slice.count % 8 > 0, buffer[slice.length - 1] >> UInt8(slice.count % 8) > 0 {
        return nil
      }
      var ack = AckPacket()
      ack.first = UInt32(truncatingIfNeeded: next)
      ack.count = UInt32(slice.count)
      ack.encoding = slice.encoding.rawValue
      ack.slice = ByteRange(offset: 0, count: slice.length)
      encodings.insert(ack.encoding)
      let bytes = Array(buffer[..<slice.length])
      do { try send.acknowledge(ack, bytes.span, &result) } catch { return nil }
      next += slice.count
      slices += 1
    }
    let acked = (0..<count).map { first + $0 < send.base || send.packets.isAcked(first + $0) }
    guard result.acked.total == arrived.count(where: { $0 }) else { return nil }
    return (slices, encodings, acked)
  }

  /// ACKs that report gaps describe a whole window: there must not be one for each gap.
  @Test(arguments: [RepeatMode.selectiveRepeat, .goBackN])
  func acksTakeLittleOfTheWayBack(_ mode: RepeatMode) throws {
    let link = mode == .goBackN ? "rate=100mbit,delay=20ms,loss=1%/0%" : "rate=500mbit,delay=50ms,loss=5%/0%"
    let pair = try Pair(link, seed: 2, .with { $0.repeatMode = mode })
    let bytes = mode == .goBackN ? 5_000_000 : 50_000_000
    _ = try #require(try pair.transfer(bytes))
    let back = pair.b.endpoint.counters.bytesSent
    #expect(Double(back) < 0.03 * Double(pair.a.endpoint.counters.bytesSent), "\(back)")
  }

  @Test(arguments: [0.001, 0.01, 0.1, 0.3, 0.5, 0.9])
  func aWindowOf65536PacketsIsDescribed(loss: Double) throws {
    var random = SeededGenerator(seed: 5)
    let arrived = (0..<65_536).map { _ in random.unit() >= loss }
    let result = try #require(describe(arrived, room: Constants.ackLength - AckPacket.overhead))
    #expect(result.acked == arrived)
    // A bitmap takes 8 kB; runs take less where there are few.
    #expect(result.slices <= 8)
    if loss <= 0.01 { #expect(result.encodings == [SliceEncoding.runs.rawValue] && result.slices <= 2) }
    if loss >= 0.3 { #expect(result.encodings == [SliceEncoding.bitmap.rawValue]) }
  }

  @Test(arguments: seeds(0..<100))
  func anyPatternIsReadAsItWasWritten(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    // Runs of random lengths, from single packets to thousands.
    var arrived: [Bool] = []
    let longest = [1, 2, 5, 30, 200, 3_000][Int(random.next() % 6)]
    var has = random.next() % 2 == 0
    while arrived.count < 4_000 {
      arrived += Array(repeating: has, count: 1 + Int(random.next() % UInt64(longest)))
      has.toggle()
    }
    arrived.append(true)
    // From a few bytes, which must still be enough for progress, to more than is needed.
    for room in seed % 2 == 0 ? [8, 16, 1_157] : [9, 100, 9_000] {
      let result = try #require(describe(arrived, room: room))
      #expect(result.acked == arrived)
    }
  }

  @Test func slicesAreSentTogetherAndTheirLossIsMadeGood() throws {
    let configuration = TransportConfiguration.with {
      $0.congestion = .none
      $0.mtu = 1_280
    }
    let pair = try Pair("delay=50ms,loss=10%/20%,rate=none/10mbit", seed: 2, configuration)
    let (id, _) = try pair.connect()
    var slices = 0
    pair.world.network.onSend = { datagram, _ in
      guard datagram.bytes[3] == PacketType.ack.rawValue, let ack = try? AckPacket.decode(datagram.bytes.span)
      else { return true }
      if ack.first != ack.next { slices += 1 }
      return true
    }
    pair.world.sendFile(14_000_000, from: pair.a, on: id)
    #expect(pair.world.run(for: 60 * .second) { pair.world.isComplete })
    #expect(pair.world.violations.isEmpty)
    #expect(slices > 20, "the window of some 12,000 packets takes two")
  }

  @Test func acksAreAsFewAsTheSenderWishes() throws {
    let pair = try Pair("delay=20ms,rate=100mbit")
    let tap = Tap(pair.world)
    _ = try pair.transfer(10_000_000)
    // An ACK for every 64 packets or every 10 ms once the window is large, every two packets in the beginning.
    let data = tap.count(.data)
    #expect(tap.count(.ack) < data / 20, "\(tap.count(.ack)) for \(data)")
    #expect(tap.count(.ack) > data / 80)
  }

  @Test func aLonePacketIsAcknowledgedInTime() throws {
    let pair = try Pair("delay=10ms")
    let (id, _) = try pair.connect()
    pair.world.run(for: .second)
    let start = pair.world.now
    pair.world.sendMessage(from: pair.a, on: id)
    pair.world.run(for: .second) { pair.a.inside.sendWindow.isEmpty }
    #expect(pair.world.now - start <= 20 * .millisecond + 5 * .millisecond)
  }

  @Test func allAcksLostForAWhileIsNoHarm() throws {
    let pair = try Pair("delay=10ms,rate=20mbit,queue=1MB")
    let (id, _) = try pair.connect()
    let tap = Tap(pair.world)
    pair.world.sendFile(5_000_000, from: pair.a, on: id)
    pair.world.run(for: 300 * .millisecond)
    tap.lose[.ack] = 40
    #expect(pair.world.run(for: 20 * .second) { pair.world.isComplete })
    pair.world.run(for: .second)
    // Nothing was lost, so everything that was retransmitted was a probe.
    #expect(pair.a.endpoint.counters.retransmitted < 60)
    #expect(pair.a.inside.sendWindow.isEmpty && pair.world.violations.isEmpty)
  }
}
