import TestSupport
import Testing

@testable import ShoalTransport

/// Nothing that a peer says ends the process, keeps it busy or makes it remember more and more.
@Suite struct LyingPeerTests {
  private static let perSeed = 5_000

  @Test(arguments: LyingSeeds.parts)
  func nothingThatIsSaidDoesHarm(part: UInt64) {
    for seed in LyingSeeds(part: part, each: LyingPeerTests.perSeed) {
      var peer = LyingPeer(seed: seed)
      peer.run(LyingPeerTests.perSeed)
      let broken = peer.broken
      #expect(broken == nil, "seed \(seed)")
      guard broken == nil else { return }
    }
  }
}
