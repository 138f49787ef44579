import ShoalBase
import ShoalContent
import ShoalSimulator
import ShoalWire
import TestSupport
import Testing

@testable import ShoalSwarm

/// A swarm in which a third of the peers lie, each in its own way: every honest peer finishes, with the right bytes,
/// and trusts the other honest ones.
struct SwarmOfLiarsTests {
  @Test(arguments: seeds(1..<2)) func everyoneHonestFinishes(seed: UInt64) {
    let scene = Scene(seed, 4_000_000)
    let tracker = scene.world.addTracker(link: Scene.link("delay=5ms"))
    let origin = scene.origin("delay=10ms,rate=10mbit", trackers: [tracker])
    // Some spoil every piece, some one in five, some the trees of what they have right.
    let liars = (0..<4).map { i in
      let liar = scene.origin("delay=\(4 + i)ms,rate=10mbit", trackers: [tracker])
      liar.lies = [{ _ in true }, { $0 % 5 == 2 }, { _ in false }, { $0 % 2 == 0 }][i]
      liar.treeLies = { _ in i >= 2 }
      return liar
    }
    let mute = ScriptedServer(scene, "delay=3ms", answer: { _ in [] })
    let odd = scene.origin("delay=1ms,rate=5mbit", trackers: [tracker], scene.file.recut(.size(2_048)))
    scene.world.run(for: .second)
    for _ in 0..<6 {
      scene.downloader("delay=10ms,rate=10mbit", trackers: [tracker], from: [mute.address, origin.address])
      scene.world.run(for: 300 * .millisecond)
    }
    scene.finish(within: 120)
    let honest = [origin.address, odd.address] + scene.downloads.map(\.peer.address)
    for (peer, key) in scene.downloads {
      #expect(peer.swarm.manifest(key)?.cut == scene.file.cut)
      for other in honest { #expect(!peer.distrusts(other), "seed \(seed): \(peer.address) distrusts \(other)") }
    }
    #expect(scene.downloads.contains { $0.peer.distrusts(liars[0].address) })
  }
}
