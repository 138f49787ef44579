import ShoalBase
import ShoalContent
import ShoalSimulator
import ShoalWire
import TestSupport
import Testing

@testable import ShoalSwarm

/// Who gets a place among those that a file is fetched from.
struct PlacesTests {
  private func ports(of host: UInt32, _ count: Int) -> [Address] {
    (0..<count).map { Address(ipv4: host, port: UInt16(20_000 + $0)) }
  }

  private func seconds(_ seed: UInt64, peers: Int? = nil, beside others: (Scene) -> [Address]) -> Double {
    let scene = Scene(seed, 8_000_000)
    let origin = scene.origin("delay=10ms,rate=20mbit")
    scene.downloader("delay=5ms,rate=100mbit", from: others(scene) + [origin.address]) {
      ($0.transport.maxConnections, $0.limits.peers) = (1_024, peers)
    }
    return Double(scene.finish(within: 170)) / 1e9
  }

  /// A hundred ports of one host, where nobody is, or somebody who accepts connections and says nothing: at most twice
  /// the time without them.
  @Test(arguments: seeds(1..<2), [false, true]) func aHundredPortsThatSayNothing(seed: UInt64, accepting: Bool) {
    let without = seconds(seed) { _ in [] }
    let with = seconds(seed) { scene in
      let all = ports(of: 0x0a07_0001, 100)
      if accepting { for address in all { scene.world.addStranger(address: address) { _, _, _ in } } }
      return all
    }
    #expect(with <= 2 * without, "seed \(seed): \(with) s, without \(without) s")
  }

  /// The same ports also connect of their own accord, and say that they serve the file: they take no places either.
  @Test func portsThatConnectTakeNoPlaces() {
    let scene = Scene(4, 8_000_000)
    let origin = scene.origin("delay=10ms,rate=20mbit")
    let peer = scene.downloader("delay=5ms,rate=100mbit")
    let all = ports(of: 0x0a07_0001, 40).map { ScriptedServer(scene, at: $0, answer: { _ in [] }) }
    for server in all {
      server.sendsManifest = { _ in false }
      _ = server.stranger.endpoint.open(to: peer.address, at: scene.world.now)
      scene.world.flush(server.stranger)
    }
    scene.world.run(for: 100 * .millisecond)
    for server in all {
      var want = Want()
      (want.file, want.id, want.serves) = (9, scene.file.id, 1)
      server.say(want)
    }
    scene.tell(0, of: all.map(\.address) + [origin.address])
    #expect(scene.finish(within: 60) < 8 * .second)
    #expect(all.count { $0.wants > 0 } <= 2)
  }

  /// Hosts that promise everything, give nothing or a byte now and then, and want the file themselves, take all places:
  /// they make room all the same.
  @Test(arguments: [0, 1] as [UInt32]) func hostsThatWantEverythingMakeRoom(bytes: UInt32) {
    let scene = Scene(5, 4_000_000)
    let hosts = (0..<4).map { _ in ScriptedServer(scene, answer: { bytes > 0 ? [$0.first(bytes)] : [] }) }
    let peer = scene.downloader("delay=5ms,rate=100mbit", from: hosts.map(\.address)) { $0.peersPerFile = 4 }
    scene.world.run(for: 2 * .second) { hosts.allSatisfy { $0.wants > 0 } }
    for host in hosts {
      var want = Want()
      (want.file, want.id, want.serves) = (9, scene.file.id, 1)
      host.say(want)
    }
    scene.world.run(for: .second)
    let origin = scene.origin("delay=10ms,rate=20mbit")
    scene.tell(0, of: [origin.address])
    #expect(scene.finish(within: 60) < 15 * .second)
    #expect(peer.swarm.connectionCount > 1)
  }

  /// Hosts that are of no use, each in its way.
  enum Mute: CaseIterable { case absent, silent, promising }

  private func hosts(_ kind: Mute, _ scene: Scene) -> [Address] {
    (0..<100 as Range<UInt32>).map { number in
      switch kind {
      case .absent: Address(ipv4: 0x0a08_0000 + number, port: 7_400)
      case .silent: scene.world.addStranger { _, _, _ in }.address
      case .promising: ScriptedServer(scene, answer: { _ in [] }).address
      }
    }
  }

  /// A hundred hosts that do not answer, accept connections and say nothing, or offer everything and send nothing, known
  /// before the only one that has the file: at most twice the time without them.
  @Test(arguments: seeds(1..<2), Mute.allCases) func aHundredHostsThatGiveNothing(seed: UInt64, kind: Mute) {
    let without = seconds(seed) { _ in [] }
    let with = seconds(seed) { hosts(kind, $0) }
    #expect(with <= 2 * without, "seed \(seed): \(with) s, without \(without) s")
  }

  /// However few peers there may be, those that say nothing make room soon.
  @Test(arguments: [Mute.absent, .silent]) func aHundredHostsThatSayNothingAmongFew(kind: Mute) {
    let time = seconds(3, peers: 10) { hosts(kind, $0) }
    #expect(time < 20, "\(time) s")
  }

  /// Of one host there are two at most, or four if a ticket names it.
  @Test(arguments: [false, true]) func placesOfAHost(isNamed: Bool) {
    let scene = Scene(1, 500_000)
    let all = ports(of: 0x0a07_0001, 6).map { ScriptedServer(scene, at: $0, answer: { _ in [] }) }
    let peer = scene.downloader()
    let key = scene.downloads[0].key
    if isNamed {
      for server in all { peer.swarm.add(peerAt: [server.address], for: key, at: scene.world.now) }
      scene.world.flush(peer)
    } else {
      scene.tell(0, of: all.map(\.address))
    }
    scene.world.run(for: 2 * .second)
    #expect(all.count { $0.wants > 0 } == (isNamed ? 4 : 2))
    // Nor do those that connect of their own accord get one.
    for server in all where server.wants == 0 { server.connect(to: peer) }
    scene.world.run(for: .second)
    #expect(all.count { $0.wants > 0 } == (isNamed ? 4 : 2))
  }

  /// In a large swarm, the turn at the one peer that has the file may come late. While somebody else gives, a peer that
  /// has what is wanted keeps its place, although others wait to be tried.
  @Test func aPeerMayLetUsWait() {
    let scene = Scene(3, 30_000_000)
    let origin = scene.origin("delay=5ms,rate=4mbit")
    let busy = (0..<29).map { _ in ScriptedServer(scene, answer: { _ in [] }) }
    let peer = scene.downloader(from: [origin.address] + busy.map(\.address)) { $0.opensPerSecond = 1_000 }
    scene.world.run(for: 2 * .second)
    let others = (0..<3).map { _ in ScriptedServer(scene, answer: { _ in [] }) }
    scene.tell(0, of: others.map(\.address))
    scene.world.run(for: 15 * .second)
    let linked = Set(peer.swarm.openLinks.map(\.address))
    #expect(busy.allSatisfy { linked.contains($0.address) })
  }

  /// Who gives keeps its place, and so does who wants something.
  @Test func whoGivesStays() {
    let scene = Scene(2, 30_000_000)
    let origin = scene.origin("delay=5ms,rate=4mbit")
    let idle = (0..<29).map { _ in ScriptedServer(scene, answer: { _ in [] }) }
    let peer = scene.downloader(from: [origin.address] + idle.map(\.address)) { $0.opensPerSecond = 1_000 }
    scene.world.run(for: 2 * .second)
    idle[0].connect(to: peer)
    let others = (0..<3).map { _ in ScriptedServer(scene, answer: { _ in [] }) }
    scene.tell(0, of: others.map(\.address))
    scene.world.run(for: 45 * .second)
    #expect(others.allSatisfy { $0.wants == 1 })
    let left = Set(peer.swarm.openLinks.map(\.address))
    #expect(idle.count { !left.contains($0.address) } >= 3 && left.contains(idle[0].address))
    #expect(peer.swarm.progress(scene.downloads[0].key).from[origin.address] ?? 0 > 10_000_000)
  }
}
