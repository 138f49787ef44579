import ShoalBase
import ShoalLink
import ShoalSimulator
import ShoalWire
import TestSupport
import Testing

@testable import ShoalTransport

/// What peers can make us remember has a limit, for each host and in total.
@Suite struct SendMemoryTests {
  /// Peers that acknowledge all but the first packet.
  private struct Hoard {
    let world: World
    let server: WorldEndpoint

    init() {
      let configuration = TransportConfiguration.with {
        $0.congestion = .none
        $0.window = 65_536
        $0.sendRecordsPerHost = 2 << 16
        $0.sendRecords = 12 << 16
      }
      world = World(seed: 1)
      server = world.addEndpoint(configuration)
      world.network.onSend = { datagram, _ in datagram.bytes[3] != PacketType.data.rawValue }
    }

    /// Opens one more connection of a host, to which the server sends until it has no more room.
    func connect(_ host: WorldEndpoint) throws -> ConnectionID {
      world.connect(host, to: server)
      world.run(for: .millisecond)
      let id = try #require(server.connection)
      server.endpoint.send(
        Payload(source: 1, space: .content, file: 1, offset: 0, length: 1 << 31), on: id)
      return id
    }

    /// Sends everything that may be sent, without a network; the peer acknowledges all but the first packet.
    func drain(_ id: ConnectionID) throws {
      let slot = try #require(server.slot(id))
      var acked: UInt64 = 0
      // For datagrams that are not sent.
      var scratch = [UInt8](repeating: 0, count: 65_536)
      while true {
        while server.endpoint.nextTransmit(into: &scratch, at: world.now) != nil {}
        let (base, next) = (server[slot].sendWindow.base, server[slot].sendWindow.next)
        guard next > acked else { return }
        acked = next
        var packet = AckPacket()
        (packet.next, packet.top) = (UInt32(truncatingIfNeeded: base), UInt32(truncatingIfNeeded: next))
        (packet.first, packet.count) = (packet.next, UInt32(next - base))
        packet.delay = .max
        var bytes = try packet.datagram(connection: server[slot].localID)
        var runs: [UInt8] = [1]
        var rest = [UInt8](repeating: 0, count: 8)
        var length = 0
        var span = rest.mutableSpan
        guard next - base > 1, Varint.write(next - base - 1, &span, &length) else { return }
        runs += rest.prefix(length)
        bytes += runs
        bytes.mend()
        server.endpoint.receive(bytes.span, from: server[slot].address, at: world.now)
      }
    }

    var memory: Int { server.endpoint.hosts.memory }
  }

  @Test func aHostAndAllTogetherHaveTheirShares() throws {
    let hoard = Hoard()
    let whole = SendWindow.bytesPerPacket * 65_536
    var hosts: [WorldEndpoint] = []
    for _ in 0..<9 {
      let host = hoard.world.addEndpoint()
      hosts.append(host)
      let before = hoard.memory
      for _ in 0..<3 { try hoard.drain(try hoard.connect(host)) }
      #expect(hoard.memory - before <= 2 * whole + 3 * 64 * SendWindow.bytesPerPacket)
    }
    #expect(hoard.memory > 10 * whole && hoard.memory < 12 * whole)
    // One more connection still has some room, if not much, and what it is sent arrives.
    #expect(12 * whole - hoard.memory > whole / 8)
    let honest = hoard.world.addEndpoint()
    let id = try hoard.connect(honest)
    try hoard.drain(id)
    let slot = try #require(hoard.server.slot(id))
    #expect(hoard.server[slot].sendWindow.next - hoard.server[slot].sendWindow.base > 1_000)
    // A connection that ends gives back what it took.
    for (id, _) in hoard.server.connections { hoard.server.endpoint.close(id, .done, at: hoard.world.now) }
    hoard.world.flush(hoard.server)
    hoard.world.run(for: 5 * .second)
    #expect(hoard.memory == 0)
  }

  @Test func anEmptyWindowGivesBackWhatItTook() throws {
    let pair = try Pair("delay=50ms,rate=200mbit,loss=1%")
    _ = try #require(try pair.transfer(5_000_000))
    pair.world.run(for: 2 * .second)
    #expect(pair.a.inside.sendWindow.isEmpty && pair.a.inside.sendWindow.packets.capacity == 64)
    #expect(pair.a.endpoint.hosts.memory == pair.a.inside.sendWindow.memory)
    #expect(pair.a.inside.memory <= 10_240)
  }

  /// A lossy path of some 1,000 packets needs all of a window of 8,192, and gets it.
  @Test func anHonestTransferHasItsWholeWindow() throws {
    let pair = try Pair(
      "delay=50ms,rate=100mbit,loss=10%", .with { $0.window = 4_096 }, .with { $0.window = 4_096 })
    let (id, _) = try pair.connect()
    pair.world.sendFile(20_000_000, from: pair.a, on: id)
    var most: UInt64 = 0
    pair.world.afterTurn = { _ in most = max(most, pair.a.inside.sendWindow.packets.capacity) }
    #expect(pair.world.run(for: 20 * .second) { pair.world.isComplete })
    #expect(most == 4_096)
  }

  @Test func messagesThatAreNotTakenEndTheConnection() throws {
    let pair = try Pair("delay=1ms", .with { $0.sendRecordsPerHost = 2 << 16 })
    let (id, other) = try pair.connect()
    pair.world.run(for: .second)
    pair.world.network.onSend = { _, _ in false }
    let message = [3] + [4, 145] + [UInt8](repeating: 0, count: 1_169)
    var count = 0
    while pair.a.send(message, on: id) { count += 1 }
    #expect(count * message.count > 10 << 20 && count * message.count < 25 << 20)
    pair.world.flush(pair.a)
    pair.world.run(for: .second)
    #expect(pair.a.closed.map(\.code) == [CloseCode.busy.rawValue] && pair.a.closed.first?.byPeer == false)
    #expect(pair.a.endpoint.hosts.memory == 0 && pair.b.status(other) != nil)
  }

  /// Whatever is acknowledged and lost, no more packets are remembered than there is memory for.
  @Test(arguments: seeds(0..<6))
  func recordsAreBoundedByTheirCapacity(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var window = SendWindow(first: 1 << 32, limit: 512)
    var now = Instant.zero
    for _ in 0..<30_000 {
      now = now + .microsecond
      var result = AckResult()
      switch random.next() % 8 {
      case 0...2:
        if window.wantsToGrow { window.grow() }
        if window.packets.hasRoom {
          let number = window.packets.add(payload: .empty, messages: random.next() % 9 == 0 ? [1, 2, 3] : nil)
          window.sent(number, bytes: 100, phase: .steady, at: now)
        }
      case 3:
        if let number = window.takeLost() { window.sent(number, bytes: 100, phase: .steady, at: now) }
      case 4, 5:
        guard !window.isEmpty else { continue }
        let number = window.base + 1 + random.next() % (window.next - window.base)
        window.acknowledge(number..<min(number + 1 + random.next() % 3, window.next), &result)
        window.saw(roundTrip: 1)
      case 6:
        guard !window.isEmpty, random.next() % 300 == 0 else { continue }
        window.acknowledge(upTo: window.next, &result)
      default:
        guard let number = window.outstanding(from: window.base + random.next() % 600) else { continue }
        if random.next() % 2 == 0 {
          window.declareLost(number, nil, &result)
        } else {
          window.sent(number, bytes: 100, phase: .steady, at: now)
        }
      }
      let taken =
        window.flight.capacity * 16 + window.roundTrips.capacity * 16 + window.lost.capacity * 8
        + Int(window.packets.capacity) * MemoryLayout<SentPacket>.stride
      guard taken <= window.memory else {
        Issue.record("seed \(seed): \(taken) bytes at a capacity of \(window.packets.capacity)")
        return
      }
    }
  }
}
