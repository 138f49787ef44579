import ShoalBase
import ShoalLink
import ShoalSimulator
import ShoalWire
import Testing

@testable import ShoalTransport

/// All content of an endpoint leaves at one rate, and nothing else waits for it.
struct ContentPacerTests {
  private let world = World(seed: 1)

  /// A sender with connections to this many hosts, and its connections in the order of the hosts.
  private func sender(to count: Int) throws -> (WorldEndpoint, [ConnectionID], [WorldEndpoint]) {
    let sender = world.addEndpoint(link: try LinkSpec(parsing: "delay=10ms,rate=100mbit"))
    let hosts = (0..<count).map { _ in world.addEndpoint() }
    for host in hosts {
      world.connect(sender, to: host)
      world.run(for: .second) { host.connection != nil }
    }
    world.run(for: .second)
    try #require(sender.connections.count == count)
    return (sender, sender.connections.map(\.id), hosts)
  }

  @Test func theSumOfAllConnectionsKeepsToTheRate() throws {
    let (sender, ids, hosts) = try sender(to: 5)
    sender.endpoint.paceContent(at: 500_000)
    for id in ids { world.sendFile(200_000, from: sender, on: id) }
    let start = world.now
    #expect(world.run(for: 10 * .second) { world.isComplete })
    let seconds = Double(hosts.map(\.contentReceivedAt).max()! - start) / 1e9
    #expect(seconds > 2 && seconds < 2.2, "\(seconds)")
  }

  @Test func everythingElsePasses() throws {
    let (sender, ids, hosts) = try sender(to: 2)
    sender.endpoint.paceContent(at: 20_000)
    for id in ids { world.sendFile(100_000, from: sender, on: id) }
    world.run(for: .second)
    #expect(sender.endpoint.held > 100_000)
    for id in ids { world.sendMessage(from: sender, on: id) }
    world.run(for: 40 * .millisecond)
    #expect(hosts.allSatisfy { $0.messagesReceived == 1 })
  }

  /// Each piece is complete as early as it can be.
  @Test func theConnectionGivenContentFirstSendsFirst() throws {
    let (sender, ids, hosts) = try sender(to: 3)
    sender.endpoint.paceContent(at: 500_000)
    for id in ids { world.sendFile(50_000, from: sender, on: id) }
    world.run(for: 10 * .second) { hosts[1].contentReceived == 50_000 }
    #expect(hosts[0].contentReceived == 50_000 && hosts[2].contentReceived < 10_000)
  }

  @Test func withoutARateNothingIsHeld() throws {
    let (sender, ids, _) = try sender(to: 3)
    sender.endpoint.paceContent(at: 1_000)
    for id in ids { world.sendFile(500_000, from: sender, on: id) }
    world.run(for: 100 * .millisecond)
    #expect(sender.endpoint.held > 1_000_000)
    sender.endpoint.paceContent(at: .infinity)
    world.flush(sender)
    #expect(sender.endpoint.held == 0)
    #expect(world.run(for: 2 * .second) { world.isComplete })
  }

  /// A connection that ends while it is held is forgotten.
  @Test func aHeldConnectionMayEnd() throws {
    let (sender, ids, hosts) = try sender(to: 2)
    sender.endpoint.paceContent(at: 50_000)
    for id in ids { world.sendFile(50_000, from: sender, on: id) }
    world.run(for: 100 * .millisecond)
    world.crash(hosts[0])
    sender.endpoint.close(ids[0], .done, at: world.now)
    world.flush(sender)
    #expect(world.run(for: 5 * .second) { hosts[1].contentReceived == 50_000 })
    world.run(for: 60 * .second)
    #expect(sender.endpoint.held == 0)
  }
}
