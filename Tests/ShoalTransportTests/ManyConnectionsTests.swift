import ShoalBase
import ShoalLink
import ShoalSimulator
import ShoalWire
import TestSupport
import Testing

@testable import ShoalTransport

@Suite struct ManyConnectionsTests {
  @Test(arguments: seeds(0..<10))
  func everyoneSendsToEveryone(seed: UInt64) throws {
    let world = World(seed: seed)
    let links = [
      "delay=5ms,rate=20mbit,loss=3%", "delay=20ms,rate=5mbit,corrupt=1%", "delay=1ms,jitter=3ms,reorder=5%",
      "delay=40ms,rate=50mbit,outage=2s/200ms", "clean", "delay=2ms,rate=100mbit,loss=5%,burst=4",
    ]
    let hosts = try links.map { world.addEndpoint(.with { $0.mtu = 1_500 }, link: try LinkSpec(parsing: $0)) }
    for (i, host) in hosts.enumerated() {
      for other in hosts[(i + 1)...] {
        // Some OPENs are unlucky three times.
        for _ in 0..<10 {
          let count = (host.connections.count, other.connections.count)
          world.connect(host, to: other)
          if world.run(
            for: 6 * .second, until: { host.connections.count > count.0 && other.connections.count > count.1 })
          {
            break
          }
        }
      }
    }
    for host in hosts {
      #expect(host.connections.count >= hosts.count - 1)
      for (id, _) in host.connections {
        world.sendFile(60_000, from: host, on: id, pieces: 9_000)
        for _ in 0..<5 { world.sendMessage(from: host, on: id) }
      }
    }
    #expect(world.run(for: 60 * .second) { world.isComplete }, "\(world.bytesMissing)")
    #expect(world.violations.isEmpty)
  }

  @Test func oneEndpointServesHundreds() throws {
    let world = World(seed: 1)
    let server = world.addEndpoint(
      .with { $0.maxConnections = 400 }, link: try LinkSpec(parsing: "delay=5ms,rate=1gbit"))
    let clients = try (0..<300).map { _ in world.addEndpoint(link: try LinkSpec(parsing: "delay=5ms,rate=10mbit")) }
    // All at once: no more than 64 may be half open, and the others get in a round trip later.
    for client in clients { world.connect(client, to: server) }
    #expect(world.run(for: 200 * .millisecond) { server.connections.count == 300 })
    try #require(clients.allSatisfy { !$0.connections.isEmpty })
    for (id, _) in server.connections { world.sendFile(10_000, from: server, on: id) }
    #expect(world.run(for: 20 * .second) { world.isComplete } && world.violations.isEmpty)
    // They come and go: slots are reused, and the ids of those that are gone mean nothing.
    let gone = server.connections[7].id
    for client in clients { client.endpoint.close(client.connection!, .done, at: world.now); world.flush(client) }
    world.run(for: 5 * .second)
    #expect(server.endpoint.connections.count == 0 && server.closed.count == 300)
    world.connect(clients[0], to: server)
    world.run(for: .second)
    #expect(server.endpoint.connections.count == 1 && server.status(gone) == nil && !server.send([1], on: gone))
  }

  /// A server with a connection to each of three clients: without congestion control each would take its whole window
  /// at once.
  private func serverOfThree() -> (World, WorldEndpoint) {
    let world = World(seed: 1)
    let configuration = TransportConfiguration.with { $0.congestion = .none }
    let server = world.addEndpoint(configuration)
    let clients = (0..<3).map { _ in world.addEndpoint(configuration) }
    for client in clients { world.connect(client, to: server) }
    world.run(for: .second) { server.connections.count == 3 }
    return (world, server)
  }

  @Test func noConnectionWaitsForAnother() throws {
    let (world, server) = serverOfThree()
    var order: [Address] = []
    world.network.onSend = { datagram, _ in
      if datagram.bytes.count > 1_000, datagram.from == server.address { order.append(datagram.to) }
      return true
    }
    for (id, _) in server.connections {
      server.endpoint.send(Payload(source: 1, space: .content, file: 1, offset: 0, length: 1_000_000), on: id)
    }
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while let transmit = server.endpoint.nextTransmit(into: &buffer, at: world.now) { order.append(transmit.to) }
    // Turns of about 64, so that batches stay whole.
    var runs: [Int] = []
    for (i, address) in order.enumerated() {
      if i > 0, address == order[i - 1] { runs[runs.count - 1] += 1 } else { runs.append(1) }
    }
    let turns = runs.prefix(6)
    #expect(Set(order.prefix(192)).count == 3 && turns.allSatisfy { (60...80).contains($0) }, "\(turns)")
  }

  /// A connection that is sent tiny datagrams has as many turns as others, each for as much work; one that has caused
  /// much work before comes later.
  @Test func anExpensiveConnectionSlowsOnlyItself() throws {
    let (world, server) = serverOfThree()
    let (bulk, crumbs, debtor) = (server.connections[0].id, server.connections[1].id, server.connections[2].id)
    for id in [bulk, debtor] {
      server.endpoint.send(Payload(source: 1, space: .content, file: 1, offset: 0, length: 20_000_000), on: id)
    }
    for i in 0..<20_000 as Range<UInt64> {
      server.endpoint.send(Payload(source: 1, space: .content, file: 1, offset: i * 262_144, length: 1), on: crumbs)
    }
    server.endpoint.charge(Work.quantum * 10 + 1, to: debtor)
    var work: [ConnectionID: Int] = [:]
    var rounds = 0
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while work[bulk, default: 0] < 40 * Work.quantum,
      let transmit = server.endpoint.nextTransmit(into: &buffer, at: world.now), let id = transmit.connection
    {
      work[id, default: 0] += Work.datagram + transmit.length
      rounds += 1
      let (much, little) = (work[bulk, default: 0], work[crumbs, default: 0])
      if abs(much - little) > Work.quantum + 4_000 { Issue.record("\(much) against \(little)") }
    }
    #expect(rounds > 5_000)
    let behind = work[bulk, default: 0] - work[debtor, default: 0]
    #expect(abs(behind - 10 * Work.quantum) <= 2 * Work.quantum, "\(behind)")
  }

  @Test func debtIsLimited() throws {
    let pair = try Pair("clean")
    let (id, _) = try pair.connect()
    for _ in 0..<1_000 { pair.a.endpoint.charge(.max, to: id) }
    #expect(pair.a.credit == -Work.mostDebt)
    #expect(try pair.transfer(100_000, within: 5 * .second) != nil)
  }
}
