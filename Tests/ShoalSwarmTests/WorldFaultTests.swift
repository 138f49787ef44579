import ShoalBase
import ShoalSimulator
import Testing

/// The faults that a world can inflict on hosts of every kind.
@Suite struct WorldFaultTests {
  @Test func partedHostsDoNotHearEachOtherUntilTheyAreHealed() {
    let scene = Scene(1, 2_000_000)
    let origin = scene.origin("delay=5ms,rate=20mbit")
    let peer = scene.downloader(from: [origin.address])
    scene.world.run(for: 200 * .millisecond)
    scene.world.part([peer])
    scene.world.run(for: 20 * .millisecond)
    let before = origin.swarm.counters.received
    scene.world.run(for: 5 * .second)
    #expect(origin.swarm.counters.received == before && !scene.isComplete)
    scene.world.heal()
    scene.finish(within: 60)
  }

  /// A host whose clock is off, and runs a hundredth too fast or too slow, gets the file as well.
  @Test func clocksNeedNotAgree() {
    for (ahead, drift) in [(3_600, 0), (0, 10_000), (7, -10_000)] as [(Int64, Int)] {
      let scene = Scene(2, 1_000_000)
      let origin = scene.origin("delay=20ms,rate=20mbit,loss=1%")
      let clock = WorldClock(offset: ahead * .second, drift: drift)
      let peer = scene.world.addPeer(Scene.configuration(), link: Scene.link("delay=5ms"), clock: clock)
      scene.downloads.append((peer, scene.world.download(scene.file, to: peer, from: [origin.address])))
      scene.finish(within: 30)
    }
  }
}
