import ShoalBase
import ShoalLink
import ShoalTransport
import ShoalWire
import Testing

@testable import ShoalSimulator

@Suite struct WorldEndpointTests {
  @Test func theSameSeedIsTheSameRun() throws {
    func run(_ seed: UInt64) throws -> (Nanoseconds, TransportCounters) {
      let world = World(seed: seed)
      let a = world.addEndpoint(link: try LinkSpec(parsing: "delay=5ms,loss=5%,corrupt=2%,rate=20mbit,reorder=5%"))
      let b = world.addEndpoint()
      world.connect(a, to: b)
      world.run(for: 5 * .second) { a.connection != nil && b.connection != nil }
      world.sendFile(500_000, from: a, on: try #require(a.connection))
      #expect(world.run(for: 20 * .second) { world.isComplete } && world.violations.isEmpty)
      return (world.now.nanoseconds, a.endpoint.counters)
    }
    #expect(try run(7) == run(7))
    #expect(try run(7) != run(8))
  }

  @Test func wrongBytesAreNoticed() throws {
    let world = World(seed: 1)
    let (a, b) = (world.addEndpoint(), world.addEndpoint())
    world.connect(a, to: b)
    world.run(for: .second) { a.connection != nil && b.connection != nil }
    world.network.onSend = { datagram, _ in
      // Damage that the checksum does not reveal.
      if datagram.bytes.count > 1_000, datagram.bytes[3] == PacketType.data.rawValue {
        datagram.bytes[500] ^= 1
        Datagram.seal(&datagram.bytes)
      }
      return true
    }
    world.sendFile(5_000, from: a, on: try #require(a.connection))
    world.run(for: .second)
    #expect(world.violations.first?.contains("wrong bytes") == true)
  }

  @Test func runsOfBytesAreMerged() {
    var transfer = CargoFile(source: 1, length: 100)
    for run in [10..<20, 30..<40, 20..<30, 0..<5, 90..<100] as [Range<UInt64>] {
      let isNew = transfer.insert(run)
      #expect(isNew)
    }
    #expect(transfer.arrived == 45)
    for run in [0..<1, 4..<6, 9..<11, 39..<41, 15..<16, 0..<100, 95..<101, 99..<100] as [Range<UInt64>] {
      let isNew = transfer.insert(run)
      #expect(!isNew)
    }
    for run in [5..<10, 40..<90] as [Range<UInt64>] { _ = transfer.insert(run) }
    #expect(transfer.isComplete)
  }

  @Test func contentDependsOnSourceAndOffset() {
    var bytes = [UInt8](repeating: 0, count: 1_000)
    for (source, offset) in [(0, 0), (5, 1 << 40), (.max, 65_536)] as [(UInt32, UInt64)] {
      var room = bytes.mutableSpan
      SyntheticContent.fill(&room, source: source, offset: offset)
      let here = SyntheticContent.matches(bytes.span, source: source, offset: offset)
      let inAnother = SyntheticContent.matches(bytes.span, source: source ^ 1, offset: offset)
      let elsewhere = SyntheticContent.matches(bytes.span, source: source, offset: offset + 1_400)
      #expect(here && !inAnother && !elsewhere)
    }
  }
}
