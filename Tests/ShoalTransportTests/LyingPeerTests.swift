import Glibc
import Testing

@testable import ShoalTransport

/// No word of a peer's ends the process, keeps it busy or makes it remember ever more.
///
/// The suite hands over a million datagrams. For more set SHOAL_LYING_DATAGRAMS to their number, and SHOAL_LYING_SEED to
/// the seed to begin with: each of the seeds, of `perSeed` datagrams, is printed before it begins, so that the last one
/// printed is the one that trapped.
///
///     swift build -c release --build-tests -Xswiftc -enable-testing
///     SHOAL_LYING_DATAGRAMS=1000000000 swift test -c release -Xswiftc -enable-testing --skip-build --filter LyingPeer
@Suite struct LyingPeerTests {
  private static let perSeed = 5_000
  private static let wanted = environment("SHOAL_LYING_DATAGRAMS")
  private static let first = UInt64(environment("SHOAL_LYING_SEED") ?? 0)

  private static func environment(_ name: String) -> Int? { getenv(name).flatMap { Int(String(cString: $0)) } }

  @Test(arguments: 0..<4 as Range<UInt64>)
  func nothingThatIsSaidDoesHarm(part: UInt64) {
    let seeds = UInt64((LyingPeerTests.wanted ?? 1_000_000) / LyingPeerTests.perSeed)
    for seed in stride(from: LyingPeerTests.first + part, to: LyingPeerTests.first + seeds, by: 4) {
      if LyingPeerTests.wanted != nil { print("lying peer: seed \(seed)") }
      var peer = LyingPeer(seed: seed)
      peer.run(LyingPeerTests.perSeed)
      let broken = peer.broken
      #expect(broken == nil, "seed \(seed)")
      guard broken == nil else { return }
    }
  }
}
