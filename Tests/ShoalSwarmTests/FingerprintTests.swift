import Foundation
import ShoalBase
import ShoalSimulator
import ShoalTransport
import ShoalWire
import Testing

/// Each seed has one history: swarms of every size, mode and controller over links of every kind.
///
/// `SHOAL_FINGERPRINTS=1000` prints the sum over that many seeds, for `tools/lab/fingerprint`: a change that only moves
/// code leaves it as it was.
@Suite struct FingerprintTests {
  @Test func seedsDecideEverything() {
    let wanted = ProcessInfo.processInfo.environment["SHOAL_FINGERPRINTS"].flatMap { UInt64($0) }
    let first = sum(ofSeeds: wanted ?? 5)
    if let wanted {
      print("fingerprint of \(wanted) seeds: " + String(first, radix: 16))
    } else {
      #expect(sum(ofSeeds: 5) == first)
    }
  }

  private func sum(ofSeeds count: UInt64) -> UInt64 {
    (1...max(count, 1)).reduce(0) { ($0 ^ history($1)) &* 0x9e37_79b9_7f4a_7c15 }
  }

  private func history(_ seed: UInt64) -> UInt64 {
    var dice = SeededGenerator(seed: seed)
    func pick<T>(_ choices: [T]) -> T { choices[Int(dice.next() % UInt64(choices.count))] }
    let links = [
      "delay=5ms", "delay=10ms,loss=3%,rate=20mbit", "delay=20ms,loss=10%", "delay=2ms,corrupt=2%,duplicate=1%",
      "delay=15ms,reorder=5%,jitter=5ms", "rate=5mbit,queue=32kB,delay=30ms", "delay=10ms,outage=700ms/300ms",
    ]
    let scene = Scene(seed, Int(dice.next() % 600_000), pick([.automatic, .count(20), .size(10_000)]))
    let tracker = scene.world.addTracker(link: Scene.link(pick(links)))
    _ = scene.origin(pick(links), trackers: [tracker])
    for _ in 0...Int(dice.next() % 3) {
      let (link, mode) = (pick(links), pick([RepeatMode.selectiveRepeat, .selectiveRepeat, .goBackN]))
      let controller = pick(CongestionAlgorithm.allCases)
      scene.downloader(link, trackers: [tracker]) {
        $0.transport.repeatMode = mode
        $0.transport.congestion = controller
        $0.transport.window = 1_024
      }
    }
    scene.world.run(for: 20 * .second) { scene.isComplete }
    return scene.world.fingerprint
  }
}
