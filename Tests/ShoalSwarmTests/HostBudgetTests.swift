import ShoalBase
import ShoalContent
import ShoalSimulator
import ShoalTransport
import ShoalWire
import Testing

@testable import ShoalSwarm

/// The work that one host can cause, across all its connections. Work is counted, not measured.
struct HostBudgetTests {
  /// A host that wants the file on each of many connections, and what it was told on each.
  private final class Crowd {
    var connections: [ConnectionID] = []
    var blocks = 0
    var refused: [UInt16: Int] = [:]
    var closed: [UInt16] = []
    private(set) var stranger: WorldStranger!

    init(_ scene: Scene, _ origin: WorldPeer, _ count: Int, link: String = "delay=1ms,rate=1gbit") {
      stranger = scene.world.addStranger(link: Scene.link(link)) { [unowned self] stranger, event, _ in
        switch event {
        case .opened(let id, _):
          connections.append(id)
          var want = Want()
          want.id = scene.file.id
          stranger.send(want, on: id)
        case .block: blocks += 1
        case .refuse(_, let refuse): refused[refuse.code, default: 0] += max(refuse.ranges.count, 1)
        case .closed(_, let code): closed.append(code)
        default: break
        }
      }
      for _ in 0..<count { _ = stranger.endpoint.open(to: origin.address, at: scene.world.now) }
      scene.world.flush(stranger)
      scene.world.run(for: 500 * .millisecond)
    }

    /// Asks for half of the file, which takes long: whatever is asked for afterwards has to wait.
    func askForHalf(_ scene: Scene) {
      for id in connections {
        var request = Request()
        request.ranges = Array(repeating: RangeField(offset: 0, length: 1_000_000), count: 8)
        stranger.send(request, on: id)
      }
      scene.world.flush(stranger)
    }

    /// Asks for single bytes of the other half, a piece apart, on every connection.
    func askForCrumbs(_ scene: Scene, _ rounds: Int) {
      for id in connections {
        for round in 0..<rounds {
          var request = Request()
          request.ranges = (0..<90).map { RangeField(offset: UInt64(1_024 + (round * 90 + $0) % 900) << 10, length: 1) }
          stranger.send(request, on: id)
        }
      }
      scene.world.flush(stranger)
    }
  }

  private func scene() -> Scene { Scene(1, 2_000_000, .size(1_024)) }

  /// Twenty connections ask for crumbs as fast as they can: together they get what one host may have, and another
  /// beside them, even on the same host, gets what it wants.
  @Test func crumbsHaveALimitForEachHost() {
    let scene = scene()
    let origin = scene.world.addPeer(
      Scene.configuration { $0.workPerHost = 4_000_000 }, link: Scene.link("delay=1ms,rate=1gbit"))
    scene.world.share(scene.file, from: origin)
    let crowd = Crowd(scene, origin, 20)
    #expect(crowd.connections.count == 20)
    let start = scene.world.now
    scene.downloader("delay=1ms,rate=100mbit", from: [origin.address])
    for _ in 0..<50 {
      crowd.askForCrumbs(scene, 2)
      scene.world.run(for: 20 * .millisecond)
    }
    let seconds = Double(scene.world.now - start) / 1e9
    // A second's worth to begin with.
    let most = (seconds + 1) * 4_000_000 / Double(Work.range) + 20 * 90
    #expect(Double(crowd.blocks) < most, "\(crowd.blocks) of \(most)")
    #expect(crowd.blocks > 1_000)
    #expect(crowd.refused.keys.contains(Refusal.tooManyRequests.rawValue))
    #expect(crowd.closed.isEmpty)
    // 2,000 pieces of 1 KiB at the rate of one host.
    scene.finish(within: 20)
  }

  /// CANCELs make us examine everything that is waiting: beyond what a host may ask for, they are disregarded.
  @Test func cancelsHaveALimit() {
    let scene = scene()
    let origin = scene.world.addPeer(
      Scene.configuration { $0.workPerHost = 8_000_000 }, link: Scene.link("delay=1ms,rate=10mbit"))
    scene.world.share(scene.file, from: origin)
    let crowd = Crowd(scene, origin, 1)
    crowd.askForHalf(scene)
    for _ in 0..<5 {
      crowd.askForCrumbs(scene, 10)
      scene.world.run(for: 500 * .millisecond)
    }
    let link = LinkKey(origin.swarm.openLinks[0].connection)
    let before = origin.swarm.queuedRanges(link)
    #expect(before > 3_500)
    let start = scene.world.now
    for i in 0..<900 as Range<UInt64> {
      var cancel = Cancel()
      cancel.ranges = [RangeField(offset: (1_024 + i) << 10, length: 1)]
      crowd.stranger.send(cancel, on: crowd.connections[0])
    }
    scene.world.flush(crowd.stranger)
    scene.world.run(for: .second)
    let gone = before - origin.swarm.queuedRanges(link)
    let seconds = Double(scene.world.now - start) / 1e9
    // Each has five ranges, and examines at least 2,000.
    let most = (2 + seconds) * 8_000_000 / Double(2_000 * Work.lookedAt) * 5
    #expect(gone > 300 && Double(gone) < most && most < 4_000, "\(gone), \(most)")
    #expect(crowd.closed.isEmpty)
  }

  @Test func filesWantedHaveALimitForEachHost() {
    let scene = scene()
    let origin = scene.world.addPeer(Scene.configuration { $0.wantsPerHost = 30 }, link: Scene.link("delay=1ms"))
    scene.world.share(scene.file, from: origin)
    let crowd = Crowd(scene, origin, 20)
    func services() -> [Int] { origin.swarm.openLinks.map(\.served.count) }
    for id in crowd.connections {
      for number in 1..<5 as Range<UInt16> {
        var want = Want()
        (want.file, want.id) = (number, scene.file.id)
        crowd.stranger.send(want, on: id)
      }
    }
    scene.world.flush(crowd.stranger)
    scene.world.run(for: .second)
    #expect(services().reduce(0, +) == 30 && services().allSatisfy { $0 >= 1 })
    #expect(crowd.refused == [Refusal.tooManyFiles.rawValue: 70])
    // Another host's share is its own, and a new connection can always want one file.
    _ = crowd.stranger.endpoint.open(to: origin.address, at: scene.world.now)
    scene.world.flush(crowd.stranger)
    let other = Crowd(scene, origin, 2)
    #expect(other.refused.isEmpty && services().reduce(0, +) == 33)
  }

  @Test func aConnectionKeepsAsManyRangesAsItSays() {
    let scene = scene()
    let origin = scene.world.addPeer(
      Scene.configuration { ($0.rangesPerConnection, $0.workPerHost) = (1_500, 1 << 40) },
      link: Scene.link("delay=1ms,rate=10mbit"))
    scene.world.share(scene.file, from: origin)
    let crowd = Crowd(scene, origin, 1)
    crowd.askForHalf(scene)
    crowd.askForCrumbs(scene, 17)
    scene.world.run(for: 300 * .millisecond)
    // A range that was cut to be handed over counts as several.
    let queued = origin.swarm.queuedRanges(LinkKey(origin.swarm.openLinks[0].connection))
    #expect((1_497...1_503).contains(queued), "\(queued)")
    let refused = crowd.refused[Refusal.tooManyRequests.rawValue] ?? 0
    #expect((38...41).contains(refused) && crowd.refused.count == 1, "\(refused)")
  }

  @Test func waitingRangesHaveALimitForEachHost() {
    let scene = scene()
    let origin = scene.world.addPeer(
      Scene.configuration { ($0.rangesPerHost, $0.workPerHost) = (2_000, 1 << 40) },
      link: Scene.link("delay=1ms,rate=10mbit"))
    scene.world.share(scene.file, from: origin)
    let crowd = Crowd(scene, origin, 5)
    crowd.askForHalf(scene)
    for _ in 0..<12 {
      crowd.askForCrumbs(scene, 6)
      scene.world.run(for: 20 * .millisecond)
    }
    scene.world.run(for: .second)
    let queued = origin.swarm.openLinks.map { origin.swarm.queuedRanges(LinkKey($0.connection)) }
    guard queued.count == 5 else { return #expect(Bool(false), "\(crowd.closed)") }
    #expect(queued.allSatisfy { $0 >= 900 }, "\(queued)")
    #expect(queued.reduce(0) { $0 + max($1 - 1_024, 0) } <= 2_020 && queued.max()! > 1_500, "\(queued)")
  }

  /// HAVEs of all except one of very many pieces: each makes us mark them all.
  @Test func whoTellsMoreThanIsTakenInIsLeft() {
    let scene = Scene(1, 3_000_000, .size(1_024))
    var told = 0
    let liar = scene.liar(
      offers: { $0.have = [] },
      then: { stranger, event, _ in
        guard case .want(let id, let want) = event else { return }
        told += 1
        for _ in 0..<1_000 {
          var have = Have()
          (have.file, have.chunks) = (want.file, [ChunkRun(first: 0, count: 2_000)])
          stranger.send(have, on: id)
        }
      })
    scene.downloader(from: [liar.address]) { $0.workPerHost = 1_000_000 }
    scene.world.run(for: 900 * .millisecond)
    let peer = scene.downloads[0].peer
    let codes = peer.events.compactMap { if case .disconnected(_, _, let code, _, false) = $0 { code } else { nil } }
    #expect(told == 1 && codes == [CloseCode.busy.rawValue], "\(told) \(codes)")
  }

  /// A peer that has used up its ranges is still heard: its WANTs and HAVEs are processed.
  @Test func whoAsksForAllThatItMayHaveIsHeard() {
    let scene = Scene(1, 1_000_000, .size(1_024))
    let work: (inout SwarmConfiguration) -> Void = { $0.workPerHost = 1_000_000 }
    let origin = scene.origin("delay=2ms,rate=4mbit")
    let first = scene.downloader("delay=2ms,rate=100mbit", from: [origin.address], work)
    let second = scene.downloader("delay=2ms,rate=100mbit", from: [origin.address, first.address], work)
    let key = scene.downloads[0].key
    first.swarm.add(peer: second.address, for: key, at: scene.world.now)
    scene.world.flush(first)
    scene.finish(within: 60)
    for peer in [first, second] {
      let codes = peer.events.compactMap { if case .disconnected(_, _, let code, _, _) = $0 { code } else { nil } }
      #expect(!codes.contains(CloseCode.busy.rawValue), "\(codes)")
    }
  }

  /// Hosts are counted as their connections come and go.
  @Test func hostsAreForgotten() {
    let scene = scene()
    let origin = scene.origin("delay=1ms")
    let crowd = Crowd(scene, origin, 10)
    func ofHost() -> Int { origin.swarm.links.links(ofHost: crowd.stranger.address).count }
    #expect(origin.swarm.links.hostCount == 1 && ofHost() == 10)
    for id in crowd.connections[..<4] { crowd.stranger.endpoint.close(id, .done, at: scene.world.now) }
    scene.world.flush(crowd.stranger)
    scene.world.run(for: .second)
    #expect(ofHost() == 6)
    for id in crowd.connections[4...] { crowd.stranger.endpoint.close(id, .done, at: scene.world.now) }
    scene.world.flush(crowd.stranger)
    scene.world.run(for: .second)
    #expect(origin.swarm.links.hostCount == 0 && origin.swarm.links.live.isEmpty)
  }

  @Test func anAllowanceIsASecondsWorth() {
    var allowance = WorkAllowance()
    var now = Instant(nanoseconds: 5 * .second)
    #expect(allowance.left(1_000, at: now) == 1_000)
    allowance.spend(1_500)
    #expect(allowance.left(1_000, at: now) == -500)
    now = now + 600 * .millisecond
    #expect(allowance.left(1_000, at: now) == 100)
    now = now + 3_600 * .second
    #expect(allowance.left(1_000, at: now) == 1_000)
    // A clock that steps back, and a share that has become smaller.
    #expect(allowance.left(10, at: .zero) == 10)
  }
}
