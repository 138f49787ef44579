import ShoalBase
import ShoalContent
import ShoalSimulator
import ShoalWire
import TestSupport
import Testing

@testable import ShoalSwarm

/// Peers that promise the whole file and send a byte now and then must not hold up the download.
struct DrippingPeerTests {
  /// The time that a download takes from an honest peer and this many that drip.
  private func time(
    _ seed: UInt64, dripping: Int, bytes: UInt32, every interval: Nanoseconds, buffering limit: Int = 64 << 20
  ) -> Double {
    let scene = Scene(seed, 8_000_000)
    let honest = scene.origin("delay=20ms,rate=20mbit")
    var owed: [[RangeField]] = Array(repeating: [], count: dripping)
    let servers = (0..<dripping).map { i in
      ScriptedServer(
        scene, "delay=2ms,rate=20mbit",
        answer: { range in
          owed[i].append(range)
          return []
        })
    }
    scene.downloader("delay=5ms,rate=100mbit", from: servers.map(\.address) + [honest.address]) {
      $0.bufferLimit = limit
    }
    let start = scene.world.now
    while !scene.isComplete, scene.world.now - start < 60 * .second {
      for (i, server) in servers.enumerated() {
        guard let range = owed[i].first else { continue }
        server.send(range.first(bytes))
        owed[i][0].offset += UInt64(bytes)
        owed[i][0].length -= min(bytes, range.length)
        if owed[i][0].length == 0 { owed[i].removeFirst() }
      }
      scene.world.run(for: interval) { scene.isComplete }
    }
    scene.finish(within: 1)
    return Double(scene.world.now - start) / 1e9
  }

  @Test(arguments: seeds(1..<3)) func aByteEveryTwoSeconds(seed: UInt64) {
    let alone = time(seed, dripping: 0, bytes: 1, every: .second)
    let together = time(seed, dripping: 5, bytes: 1, every: 2 * .second)
    #expect(together <= 2 * alone, "seed \(seed): \(together) s instead of \(alone)")
  }

  /// Enough of them to hold the whole buffer.
  @Test(arguments: seeds(1..<3)) func whatMayBeBufferedIsNotHeld(seed: UInt64) {
    let limit = 4 * 65_536
    let alone = time(seed, dripping: 0, bytes: 1, every: .second, buffering: limit)
    let together = time(seed, dripping: 5, bytes: 1, every: 2 * .second, buffering: limit)
    #expect(together <= 2 * alone, "seed \(seed): \(together) s instead of \(alone)")
  }

  /// Faster than what counts as silence, slower than anybody would wait for.
  @Test(arguments: seeds(1..<3)) func aKilobyteEverySecond(seed: UInt64) {
    let alone = time(seed, dripping: 0, bytes: 1, every: .second)
    let together = time(seed, dripping: 8, bytes: 1_000, every: .second)
    #expect(together <= 2 * alone, "seed \(seed): \(together) s instead of \(alone)")
  }
}
