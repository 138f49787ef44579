import ShoalBase
import ShoalContent
import ShoalLink
import ShoalSimulator
import TestSupport
import Testing

@testable import ShoalSwarm

/// The cut in a ticket is used before any peer has confirmed it, and no peer is blamed if it is wrong.
@Suite struct ExpectedCutTests {
  /// How long a file takes over a round trip of 100 ms when this cut is expected.
  private func seconds(_ expected: Cut?, size: Int = 200_000) throws -> Double {
    let scene = Scene(5, size)
    let origin = scene.origin("delay=25ms")
    let peer = scene.world.addPeer(Scene.configuration(), link: Scene.link("delay=25ms"))
    let start = scene.world.now
    let key = scene.world.download(scene.file, to: peer, from: [origin.address], expected: expected)
    let isDone = scene.world.run(for: 20 * .second) { peer[key].completedAt != nil }
    #expect(isDone && !peer.distrusts(origin.address))
    scene.check()
    return Double(scene.world.now - start) / 1e9
  }

  @Test func theManifestComesARoundTripSooner() throws {
    let cut = Scene(5, 200_000).file.cut
    #expect(cut.pieces > 1)
    let (with, without) = (try seconds(cut), try seconds(nil))
    #expect(with < without - 0.09, "\(with) \(without)")
  }

  @Test func aWrongTicketCostsLittle() throws {
    let cut = Scene(5, 200_000).file.cut
    let without = try seconds(nil)
    for wrong in [
      Cut(size: 300_000, pieceExponent: cut.pieceExponent, chunks: 5),
      Cut(size: 200_000, pieceExponent: 12, chunks: 49), Cut(size: 1 << 40, pieceExponent: 22, chunks: 1 << 18),
    ] {
      #expect(wrong.isValid, "\(wrong)")
      #expect(try seconds(wrong) < without + 0.2)
    }
  }
}
