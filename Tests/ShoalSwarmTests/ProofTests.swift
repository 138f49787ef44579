import ShoalBase
import ShoalContent
import ShoalSimulator
import ShoalWire
import TestSupport
import Testing

@testable import ShoalSwarm

/// Liars beside honest peers: wrong blocks and their senders are identified, and little time is lost.
struct ProofTests {
  /// How long 8 MB take of two honest peers and, if asked, of others.
  private func seconds(_ seed: UInt64, _ exponent: UInt8, with liars: (Scene) -> [Address] = { _ in [] }) -> Double {
    var cut = Cut(size: 8_000_000, pieceExponent: exponent, chunks: 0)
    cut.chunks = UInt32(cut.pieces)
    let scene = Scene(seed, cut: cut)
    let honest = (0..<2).map { _ in scene.origin("delay=10ms,rate=10mbit") }
    let all = liars(scene)
    let peer = scene.downloader("delay=5ms,rate=100mbit", from: all + honest.map(\.address))
    let time = Double(scene.finish(within: 170)) / 1e9
    for origin in honest { #expect(!peer.distrusts(origin.address), "seed \(seed)") }
    for liar in all { #expect(peer.distrusts(liar), "seed \(seed): \(liar) was not found") }
    return time
  }

  /// One poisoning liar, faster than the others, with pieces of 64 KiB and of 1 MiB: at most twice the time without it.
  @Test(arguments: seeds(1..<2), [16, 20] as [UInt8]) func onePoisoningLiar(seed: UInt64, exponent: UInt8) {
    let without = seconds(seed, exponent)
    let with = seconds(seed, exponent) { scene in
      let liar = scene.origin("delay=5ms,rate=20mbit")
      liar.lies = { _ in true }
      return [liar.address]
    }
    #expect(with <= 2 * without, "seed \(seed): \(with) s, without \(without) s")
  }

  /// Five at once, of which some lie in the tree too.
  @Test(arguments: seeds(1..<2)) func manyLiarsAtOnce(seed: UInt64) {
    let without = seconds(seed, 16)
    let with = seconds(seed, 16) { scene in
      (0..<5).map { i in
        let liar = scene.origin("delay=\(5 + i)ms,rate=10mbit")
        liar.lies = { _ in true }
        liar.treeLies = { _ in i % 2 == 0 }
        return liar.address
      }
    }
    #expect(with <= 2 * without, "seed \(seed): \(with) s, without \(without) s")
  }
}
