import ShoalBase
import ShoalSimulator
import ShoalWire
import Testing

@testable import ShoalSwarm

/// Files are registered with every tracker, and every tracker is asked.
struct SeveralTrackersTests {
  /// The time until a receiver that knows these trackers has the file; the origin knows all of them.
  private func time(_ living: Int, dead: Int) -> Nanoseconds {
    let scene = Scene(1, 200_000)
    let trackers = (0..<living + dead).map { _ in scene.world.addTracker(link: Scene.link("delay=10ms")) }
    // Those that are dead come first.
    for address in trackers.prefix(dead) { if let host = scene.world.host(at: address) { scene.world.crash(host) } }
    _ = scene.origin(trackers: trackers)
    scene.world.run(for: 3 * .second)
    scene.downloader(trackers: trackers)
    return scene.finish(within: 30)
  }

  @Test func oneThatIsDeadDelaysNothing() {
    let (alone, beside) = (time(1, dead: 0), time(1, dead: 2))
    // New addresses are contacted at a limited rate, eight a second.
    #expect(beside <= alone + 300 * .millisecond, "\(alone / .millisecond) ms, \(beside / .millisecond) ms")
  }

  @Test func peersOfAllTrackersAreFound() {
    let scene = Scene(2, 2_000_000)
    let trackers = (0..<2).map { _ in scene.world.addTracker(link: Scene.link("delay=10ms")) }
    let origins = trackers.map { scene.origin("delay=5ms,rate=8mbit", trackers: [$0]) }
    scene.world.run(for: 2 * .second)
    scene.downloader(trackers: trackers)
    scene.finish(within: 30)
    for origin in origins {
      #expect(origin.swarm.counters.bytesSent > 400_000, "both have given some of it")
    }
  }

  /// Whoever comes after a tracker has died finds the others' peers by the tracker that lives.
  @Test func oneThatDiesIsNotMissed() {
    let scene = Scene(3, 200_000)
    let trackers = (0..<2).map { _ in scene.world.addTracker(link: Scene.link("delay=10ms")) }
    _ = scene.origin(trackers: trackers)
    scene.world.run(for: 2 * .second)
    if let host = scene.world.host(at: trackers[0]) { scene.world.crash(host) }
    scene.downloader(trackers: trackers)
    #expect(scene.finish(within: 30) < 3 * .second)
  }
}
