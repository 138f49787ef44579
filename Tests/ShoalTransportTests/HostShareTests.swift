import ShoalBase
import ShoalLink
import ShoalSimulator
import ShoalWire
import TestSupport
import Testing

@testable import ShoalTransport

/// No host gets more than its share of a full table, and no host keeps another out.
@Suite struct HostShareTests {
  /// 56 connections from other hosts, 16 from one host.
  private func crowd(_ change: (inout TransportConfiguration) -> Void = { _ in }) -> (
    World, WorldEndpoint
  ) {
    let world = World(seed: 1)
    var configuration = TransportConfiguration()
    (configuration.maxConnections, configuration.maxConnectionsPerHost) = (64, 16)
    change(&configuration)
    return (world, world.addEndpoint(configuration))
  }

  /// Has a host open this many connections, one after another.
  @discardableResult
  private func fill(_ world: World, _ server: WorldEndpoint, _ count: Int) -> WorldEndpoint {
    let host = world.addEndpoint()
    for _ in 0..<count {
      world.connect(host, to: server)
      world.run(for: 20 * .millisecond)
    }
    return host
  }

  private func use(_ world: World, _ host: WorldEndpoint) {
    for (id, _) in host.connections { world.sendFile(1, from: host, on: id) }
    world.run(for: 20 * .millisecond)
  }

  @Test func aHostHasItsShareAndNoMore() {
    let (world, server) = crowd()
    let greedy = fill(world, server, 40)
    #expect(greedy.connections.count == 16 && server.connections.count == 16)
    #expect(greedy.closed.allSatisfy { $0.code == CloseCode.busy.rawValue && $0.byPeer })
    // Of its own connections that have been idle for a while, it gives one up for a new one.
    world.run(for: 5 * .second)
    use(world, greedy)
    world.run(for: 6 * .second)
    world.connect(greedy, to: server)
    world.run(for: 100 * .millisecond)
    #expect(greedy.closed.count == 25)
    world.run(for: 5 * .second)
    world.connect(greedy, to: server)
    world.run(for: 100 * .millisecond)
    #expect(greedy.closed.count == 26 && server.connections.count == 16)
    #expect(greedy.connections.count == 16)
  }

  @Test func aFullTableFavoursWhoHasLess() {
    let (world, server) = crowd()
    let greedy = (0..<4).map { _ in fill(world, server, 16) }
    func shares() -> [Int] { greedy.map { server.endpoint.hosts.connections(of: HostKey($0.address)) }.sorted() }
    #expect(shares() == [14, 14, 14, 14], "who comes last has as many as the others")
    for host in greedy { use(world, host) }
    // Newcomers get in at once, even though every place is in use.
    for share in [[13, 14, 14, 14], [13, 13, 14, 14]] {
      let newcomer = world.addEndpoint()
      world.connect(newcomer, to: server)
      world.run(for: 100 * .millisecond)
      #expect(newcomer.connections.count == 1 && shares() == share)
    }
    #expect(server.endpoint.connections.count == 56)
    // Both ends learn of it.
    let told = greedy.flatMap(\.closed)
    #expect(told.allSatisfy { $0.code == CloseCode.busy.rawValue && $0.byPeer } && told.count == 8 + 2)
    #expect(server.closed.allSatisfy { $0.code == CloseCode.busy.rawValue && !$0.byPeer } && server.closed.count == 8)
  }

  @Test func amongEqualsOnlyWhoIsIdleGoes() {
    let (world, server) = crowd { $0.maxConnections = 8 }
    let hosts = (0..<7).map { _ in fill(world, server, 1) }
    #expect(server.connections.count == 7)
    func tryOne() -> Bool {
      let newcomer = world.addEndpoint()
      world.connect(newcomer, to: server)
      world.run(for: 100 * .millisecond)
      return !newcomer.connections.isEmpty
    }
    #expect(!tryOne())
    for _ in 0..<3 {
      world.run(for: 4 * .second)
      for host in hosts.dropFirst() { use(world, host) }
      if world.now.nanoseconds < 9 * .second { #expect(!tryOne()) }
    }
    #expect(tryOne() && !tryOne())
    #expect(hosts[0].connections.isEmpty && hosts.dropFirst().allSatisfy { $0.connections.count == 1 })
  }

  @Test func whatWeOpenFindsRoom() {
    let (world, server) = crowd()
    for _ in 0..<4 { fill(world, server, 16) }
    let other = world.addEndpoint()
    for _ in 0..<8 { #expect(world.connect(server, to: other) != nil) }
    world.run(for: 100 * .millisecond)
    #expect(other.connections.count == 8 && server.endpoint.connections.isFull)
    #expect(server.endpoint.hosts.connections(of: HostKey(other.address)) == 0)
  }

  /// A table that is full of connections that we opened lets nobody in, and copes with that.
  @Test func whatWeOpenMayFillTheTable() {
    let (world, server) = crowd()
    for _ in 0..<64 { world.connect(server, to: world.addEndpoint()) }
    world.run(for: 100 * .millisecond)
    #expect(server.connections.count == 64)
    let stranger = world.addEndpoint()
    world.connect(stranger, to: server)
    world.run(for: 5 * .second)
    #expect(stranger.connections.isEmpty && server.connections.count == 64)
  }

  /// Connections that are opened and immediately closed hold their places for a while.
  @Test func whatIsClosingGoesFirst() {
    let (world, server) = crowd { $0.maxConnections = 8 }
    let honest = (0..<3).map { _ in fill(world, server, 1) }
    let hasty = world.addEndpoint()
    for _ in 0..<4 {
      world.connect(hasty, to: server)
      world.run(for: 10 * .millisecond)
    }
    for (id, _) in hasty.connections { hasty.endpoint.close(id, .done, at: world.now) }
    world.flush(hasty)
    world.run(for: 10 * .millisecond)
    #expect(server.endpoint.connections.count == 7)
    let newcomer = fill(world, server, 1)
    #expect(newcomer.connections.count == 1 && honest.allSatisfy { $0.connections.count == 1 })
  }

  @Test func countsMatchTheTable() {
    let (world, server) = crowd()
    var clients: [WorldEndpoint] = []
    for seed in seeds(1..<31) {
      var random = SeededGenerator(seed: seed)
      let host = fill(world, server, Int(random.next() % 6))
      clients.append(host)
      for (id, _) in host.connections where random.next() % 3 == 0 { host.endpoint.close(id, .done, at: world.now) }
      if random.next() % 4 == 0 { world.crash(host) } else { world.flush(host) }
      let slots = server.endpoint.connections.slotsInUse
      let standings = slots.map { server[$0].standing }
      #expect(standings.count { $0 == .proven } == server.endpoint.hosts.connections, "\(seed)")
      #expect(standings.count { $0 == .unproven } == server.endpoint.hosts.halfOpen)
      let memory = slots.reduce(0) { $0 + server[$1].memory }
      #expect(server.endpoint.hosts.memory == memory)
    }
    world.run(for: 60 * .second)
    for client in clients { world.crash(client) }
    world.run(for: 60 * .second)
    #expect(server.endpoint.connections.count == 0)
    #expect(server.endpoint.hosts.connections == 0 && server.endpoint.hosts.memory == 0)
  }
}
