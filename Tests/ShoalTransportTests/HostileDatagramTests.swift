import ShoalBase
import ShoalLink
import ShoalSimulator
import ShoalWire
import TestSupport
import Testing

@testable import ShoalTransport

/// Datagrams that no honest peer sends, with valid checksums, into endpoints that are at work.
@Suite struct HostileDatagramTests {
  /// Three hosts: the first and second talk, as do the second and the third, some of whose datagrams are bad.
  private struct Three {
    let world: World
    let hosts: [WorldEndpoint]
    let tap: Tap

    init(seed: UInt64) throws {
      world = World(seed: seed)
      let link = try LinkSpec(parsing: "delay=5ms,loss=2%,rate=50mbit")
      hosts = (0..<3).map { [world] _ in world.addEndpoint(link: link) }
      tap = Tap(world)
      for other in [0, 2] {
        world.connect(hosts[other], to: hosts[1])
        world.run(for: 5 * .second) { hosts[1].connections.count == other / 2 + 1 }
      }
    }

    /// Sends both ways between the honest two, and checks that everything arrives and nothing grows.
    func finish() -> String? {
      guard let there = hosts[0].connection, let back = hosts[1].connections.first?.id else { return "closed" }
      world.sendFile(500_000, from: hosts[0], on: there)
      world.sendFile(500_000, from: hosts[1], on: back)
      guard world.run(for: 30 * .second, until: { world.isComplete }) else {
        return "\(world.bytesMissing) bytes missing, \(world.violations)"
      }
      return world.violations.isEmpty ? nil : "\(world.violations)"
    }
  }

  @Test(arguments: seeds(0..<40))
  func randomAndMutatedDatagramsHarmNoOne(seed: UInt64) throws {
    let three = try Three(seed: seed)
    var random = SeededGenerator(seed: seed)
    let world = three.world
    // The bad host's own traffic, to be mutated.
    for _ in 0..<20 { world.sendMessage(from: three.hosts[2], on: three.hosts[2].connection!) }
    world.run(for: 2 * .second)
    let ids = (0..<2).compactMap { slot in
      three.hosts[1].endpoint.connections.slotsInUse.contains(slot)
        ? three.hosts[1][slot].localID : nil
    }
    let material = three.tap.datagrams.filter { $0.datagram.to == three.hosts[1].address }.map(\.datagram)
    for _ in 0..<400 {
      var bytes: [UInt8]
      switch random.next() % 4 {
      case 0: bytes = (0..<Int(random.next() % 200)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      case 1:
        // A valid header, and anything after it.
        let type = PacketType.allCases[Int(random.next() % UInt64(PacketType.allCases.count))]
        bytes = [0x53, 0x68, type == .version ? 0 : 1, type.rawValue, 0, 0, 0, 0]
        let id = ids[ids.count - 1]
        for i in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: id >> UInt64(56 - 8 * i))) }
        for _ in 0..<Int(random.next() % 120) { bytes.append(UInt8(truncatingIfNeeded: random.next())) }
      default:
        bytes = material[Int(random.next() % UInt64(material.count))].bytes
        for _ in 0...Int(random.next() % 4) where !bytes.isEmpty {
          let at = Int(random.next() % UInt64(bytes.count))
          switch random.next() % 4 {
          case 0: bytes.removeSubrange(at...)
          case 1: bytes[at] = [0, 1, 0x7f, 0x80, 0xff][Int(random.next() % 5)]
          case 2: bytes[at] ^= 1 << UInt8(random.next() % 8)
          default: bytes.insert(UInt8(truncatingIfNeeded: random.next()), at: at)
          }
        }
      }
      if bytes.count >= 16 { bytes.mend() }
      // From the bad host's address only: nobody who does not know the ids can inject a datagram between the honest
      // two.
      feed(bytes, from: three.hosts[2].address, to: three.hosts[1], at: world)
    }
    #expect(three.finish() == nil)
    #expect(three.hosts[1].endpoint.connections.count <= 2 + 256)
  }

  /// Straight into the endpoint, bypassing the checks of the world, which knows only honest messages.
  private func feed(_ bytes: [UInt8], from: Address, to host: WorldEndpoint, at world: World) {
    if Checksum.isValid(bytes.span) {
      host.endpoint.receive(bytes.span, from: from, at: world.now)
    } else {
      host.endpoint.receiveCorrupt(from: from, at: world.now)
    }
    while let event = host.endpoint.nextEvent() {
      if case .closed(let id, _, _) = event { host.connections.removeAll { $0.id == id } }
      if case .opened(let id, let byPeer) = event { host.connections.append((id, byPeer)) }
    }
    world.flush(host)
  }

  private func ack(_ pair: Pair, _ change: (inout AckPacket) -> Void, slice: [UInt8] = []) throws -> [UInt8] {
    var packet = AckPacket()
    let base = UInt32(truncatingIfNeeded: pair.a.inside.sendWindow.base)
    packet.next = base
    packet.top = base
    packet.first = base
    packet.delay = .max
    change(&packet)
    return try packet.datagram(connection: pair.a.inside.localID, capacity: 1_472) + slice
  }

  @Test func ackOfWhatWasNeverSentIsIgnored() throws {
    let pair = try Pair("delay=10ms")
    let (id, _) = try pair.connect()
    // A hundred packets are on their way when the ACKs come.
    pair.world.sendFile(100 * 1_100, from: pair.a, on: id)
    pair.world.run(for: 5 * .millisecond)
    let (base, next) = (pair.a.inside.sendWindow.base, UInt32(truncatingIfNeeded: pair.a.inside.sendWindow.next))
    let before = pair.a.inside.sendWindow.bytesInFlight
    #expect(next &- UInt32(truncatingIfNeeded: base) > 20)
    let changes: [(inout AckPacket) -> Void] = [
      { $0.next = next &+ 1 }, { $0.top = next &+ 1 }, { $0.next = next &+ 1 << 30 }, { $0.first = next },
      { $0.next = $0.next &- 1 << 31 &- 1 }, { $0.count = 1 << 31 }, { $0.count = .max }, { $0.encoding = 9 },
      { $0.first = $0.first &- 1 << 30 },
      {
        $0.first = next &- 1
        $0.count = 2
        $0.encoding = 1
      },
    ]
    for change in changes {
      for slice in [[], [0, 200], [0xff, 0xff, 0xff], [0xc0, 0, 0, 0, 0, 0, 0, 9]] as [[UInt8]] {
        var bytes = try ack(pair, change, slice: slice)
        bytes.mend()
        let ignored = pair.a.endpoint.ignored
        pair.a.endpoint.receive(bytes.span, from: pair.b.address, at: pair.world.now)
        #expect(pair.a.inside.sendWindow.base == base && pair.a.inside.sendWindow.bytesInFlight == before)
        #expect(pair.a.endpoint.ignored <= ignored + 1)
      }
    }
    #expect(pair.a.endpoint.ignored > 20)
    #expect(pair.world.run(for: 10 * .second) { pair.world.isComplete } && pair.a.closed.isEmpty)
  }

  /// At the exact edge: everything that was sent may be acknowledged, and nothing beyond.
  @Test func anAckIsBelievedUpToWhatWasSentAndNoFurther() throws {
    let changes: [(beyond: Bool, change: (inout AckPacket, UInt32) -> Void)] = [
      (true, { ($0.next, $0.top) = ($1 &+ 1, $1 &+ 1) }), (true, { ($0.next, $0.top) = ($1, $1 &+ 1) }),
      (true, { ($0.next, $0.top) = ($1 &+ 1, $1) }), (true, { ($0.next, $0.top) = ($1, $1 &+ 1 << 30) }),
      (false, { ($0.next, $0.top) = ($1, $1) }),
    ]
    for (beyond, change) in changes {
      let pair = try Pair("delay=10ms")
      let (id, _) = try pair.connect()
      pair.world.sendFile(20 * 1_100, from: pair.a, on: id)
      pair.world.run(for: 5 * .millisecond)
      let next = UInt32(truncatingIfNeeded: pair.a.inside.sendWindow.next)
      var bytes = try ack(pair) { change(&$0, next) }
      bytes.mend()
      let (ignored, outstanding) = (pair.a.endpoint.ignored, pair.a.inside.sendWindow.bytesInFlight)
      pair.a.endpoint.receive(bytes.span, from: pair.b.address, at: pair.world.now)
      #expect(pair.a.endpoint.ignored == ignored + (beyond ? 1 : 0))
      #expect(pair.a.inside.sendWindow.bytesInFlight == (beyond ? outstanding : 0))
      #expect(pair.a.inside.sendWindow.isEmpty == !beyond)
    }
  }

  /// A slice is read up to its fault; the rest of what the ACK says holds.
  @Test func aSliceThatReachesOneBeyondIsNotBelieved() throws {
    for (count, believed) in [(4, true), (5, false)] as [(UInt32, Bool)] {
      let pair = try Pair("delay=10ms")
      let (id, _) = try pair.connect()
      pair.world.sendFile(20 * 1_100, from: pair.a, on: id)
      pair.world.run(for: 5 * .millisecond)
      let (base, next) = (pair.a.inside.sendWindow.base, pair.a.inside.sendWindow.next)
      for (encoding, slice) in [(0, [0, UInt8(count)]), (1, [0xff])] as [(UInt8, [UInt8])] {
        var bytes = try ack(
          pair,
          {
            $0.next = $0.next &+ 1
            $0.first = UInt32(truncatingIfNeeded: next - 4)
            $0.count = count
            $0.encoding = encoding
          }, slice: slice)
        bytes.mend()
        pair.a.endpoint.receive(bytes.span, from: pair.b.address, at: pair.world.now)
        #expect(pair.a.inside.sendWindow.packets.isAcked(next - 1) == believed)
      }
      #expect(pair.a.inside.sendWindow.base == base + 2)
    }
  }

  @Test func theLastByteOfABitmapMaySpeakOfMore() throws {
    let pair = try Pair("delay=10ms")
    let (id, _) = try pair.connect()
    pair.world.sendFile(50 * 1_100, from: pair.a, on: id)
    pair.world.run(for: 5 * .millisecond)
    for count in 1...16 as ClosedRange<UInt32> {
      for byte in 0...255 as ClosedRange<UInt8> {
        var bytes = try ack(
          pair,
          {
            $0.first = $0.next &+ 1
            $0.count = count
            $0.encoding = 1
          }, slice: [byte & 0xf0, byte])
        bytes.mend()
        pair.a.endpoint.receive(bytes.span, from: pair.b.address, at: pair.world.now)
      }
    }
    let base = pair.a.inside.sendWindow.base
    let acked = (0...17).filter { pair.a.inside.sendWindow.packets.isAcked(base + UInt64($0)) }
    #expect(acked == [5, 6, 7, 8] + Array(9...16))
  }

  @Test func anEchoOfTheFutureIsNoRoundTrip() throws {
    let pair = try Pair("delay=10ms")
    let (id, _) = try pair.connect()
    pair.world.sendFile(50 * 1_100, from: pair.a, on: id)
    pair.world.run(for: 5 * .millisecond)
    let roundTrip = pair.a.inside.path.roundTrip.smoothed
    for echo in [pair.world.now.wireMicroseconds &+ 1, pair.world.now.wireMicroseconds &- 1 << 31] as [UInt32] {
      for delay in [0, 1, 65_534] as [UInt16] {
        var bytes = try ack(pair) {
          $0.echo = echo
          $0.delay = delay
        }
        bytes.mend()
        pair.a.endpoint.receive(bytes.span, from: pair.b.address, at: pair.world.now)
      }
    }
    #expect(pair.a.inside.path.roundTrip.smoothed == roundTrip)
  }

  @Test func packetsBeyondTheWindowAreNotKept() throws {
    for mode in RepeatMode.allCases {
      let pair = try Pair(
        "delay=1ms",
        .with {
          $0.window = 10
          $0.repeatMode = mode
        })
      try pair.connect()
      let next = pair.b.inside.receiveWindow.next
      for distance in [10, 11, 1_000, 1 << 30, (1 << 31) - 1, 1 << 31] as [UInt64] {
        var packet = DataPacket()
        packet.sequence = UInt32(truncatingIfNeeded: next + distance)
        let bytes = try packet.datagram(connection: pair.b.inside.localID)
        pair.b.endpoint.receive(bytes.span, from: pair.a.address, at: pair.world.now)
      }
      #expect(pair.b.inside.receiveWindow.next == next && pair.b.inside.receiveWindow.top == next)
    }
  }

  @Test func aCancelOfAllNumbersIsNoTrap() throws {
    let pair = try Pair("delay=1ms")
    let (id, _) = try pair.connect()
    pair.a.endpoint.send(Payload(source: 1, space: .content, file: 1, offset: 0, length: 1_000_000), on: id)
    func cancel(_ file: UInt16, _ space: UInt8, _ ranges: (offset: UInt64, length: UInt32)...) {
      let ranges = ranges.map { RangeField(offset: $0.offset, length: $0.length) }
      pair.a.endpoint.cancel(file: file, space: space, ranges: ranges, limit: 10, on: id)
    }
    cancel(1, 0, (.max, .max), (.max - 5, 10), (0, 0), (700, 0), (500_000, .max))
    #expect(pair.a.queued(id).bytes == 500_000)
    cancel(1, 1, (0, .max))
    cancel(2, 0, (0, .max))
    pair.a.endpoint.cancel(file: 2, on: id)
    cancel(1, 0, (100_000, 200_000))
    #expect(pair.a.queued(id).bytes == 300_000 && pair.a.queued(id).ranges == 2)
    pair.a.endpoint.cancel(file: 1, on: id)
    #expect(pair.a.queued(id).bytes == 0 && pair.a.queued(id).ranges == 0)
  }
}
