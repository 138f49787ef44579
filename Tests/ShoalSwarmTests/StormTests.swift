import ShoalBase
import ShoalContent
import ShoalLink
import ShoalSimulator
import ShoalWire
import TestSupport
import Testing

@testable import ShoalSwarm

/// Whole swarms in which everything that can happen happens by chance: to replay one, name its seed.
struct StormTests {
  static let seeds = TestSupport.seeds(1..<16)

  private static func link(_ random: inout SeededGenerator) -> String {
    var items = ["delay=\(random.next() % 60)ms", "rate=\(4 + random.next() % 80)mbit"]
    if random.next() % 3 == 0 { items.append("loss=\(random.next() % 20)%") }
    if random.next() % 4 == 0 { items.append("corrupt=\(random.next() % 6)%") }
    if random.next() % 5 == 0 { items.append("reorder=5%,jitter=5ms,duplicate=2%") }
    if random.next() % 6 == 0 { items.append("outage=\(2 + random.next() % 4)s/\(500 + random.next() % 2_000)ms") }
    return items.joined(separator: ",")
  }

  @Test(arguments: seeds)
  func storm(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let cuts: [Chunking] = [.automatic, .count(20), .count(3), .size(30_000), .size(4_000)]
    let sizes = [700, 66_000, 400_000, 900_000, 1_500_000]
    let scene = Scene(seed, sizes[Int(random.next() % 5)], cuts[Int(random.next() % 5)])
    let tracker = scene.world.addTracker(link: Scene.link("delay=10ms,loss=5%"))
    let origins = (0..<1 + random.next() % 2).map { _ in scene.origin(Self.link(&random), trackers: [tracker]) }
    var bad: [Address] = []
    if random.next() % 2 == 0 {
      let liar = scene.origin(Self.link(&random), trackers: [tracker])
      let share = 1 + Int(random.next() % 4)
      liar.lies = { $0 % share == 0 }
      bad.append(liar.address)
    }
    if random.next() % 3 == 0 { bad.append(scene.liar(Self.link(&random)).address) }
    let useTracker = random.next() % 3 > 0
    for _ in 0..<2 + random.next() % 3 {
      let limit = 131_072 << Int(random.next() % 9)
      let addresses = useTracker ? bad : bad + origins.map(\.address)
      let peer = scene.downloader(Self.link(&random), trackers: useTracker ? [tracker] : [], from: addresses) {
        $0.bufferLimit = limit
      }
      peer.verificationDelay = Nanoseconds(random.next() % 20) * .millisecond
    }
    for _ in 0..<random.next() % 4 {
      scene.world.run(for: Nanoseconds(random.next() % 1_500) * .millisecond)
      let i = Int(random.next() % UInt64(scene.downloads.count))
      let (peer, key) = scene.downloads[i]
      switch random.next() % 4 {
      case 0: scene.world.restartTracker(tracker)
      case 1 where origins.count > 1 && !origins[1].isGone: scene.world.crash(origins[1])
      default:
        guard !peer.isGone, peer[key].completedAt == nil else { continue }
        scene.world.crash(peer)
        scene.world.run(for: Nanoseconds(random.next() % 3_000) * .millisecond)
        let again = scene.world.restart(peer, link: Scene.link(Self.link(&random)), trackers: [tracker])
        let fresh = scene.world.download(
          peer[key].file, to: again, from: bad + [origins[0].address], having: peer[key].written)
        scene.downloads[i] = (again, fresh)
      }
    }
    scene.finish(within: 600)
    for (peer, _) in scene.downloads {
      #expect(peer.ledgerIsRight, "seed \(seed)")
      for origin in origins { #expect(!peer.distrusts(origin.address), "seed \(seed)") }
    }
  }
}
