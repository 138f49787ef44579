import ShoalContent
import ShoalSimulator
import TestSupport
import Testing

/// Whatever peers say, a swarm does not trap, keeps its limits, and its counts stay right.
struct LiarsTests {
  private static let perSeed = 10_000
  private static let catalogue: [WorldFile] = {
    let sizes: [(Int, Chunking)] = [
      (300_000, .count(20)), (300_001, .automatic), (40_000, .size(1_024)), (900, .automatic), (3_000_000, .count(7)),
      (5_000_000, .size(1_024)),
    ]
    return sizes.enumerated().map { WorldFile(seed: UInt32($0), size: $1.0, chunking: $1.1) }
  }()

  @Test(arguments: LyingSeeds.parts)
  func aSwarmBearsWhateverItIsTold(part: UInt64) {
    var (runs, sums) = (0, (manifests: 0, gathered: 0, completed: 0, distrusted: 0))
    for seed in LyingSeeds(part: part, each: Self.perSeed) {
      var liars = Liars(seed: seed, catalogue: Self.catalogue)
      liars.run(Self.perSeed)
      let broken = liars.broken
      #expect(broken == nil, "seed \(seed)")
      guard broken == nil else { return }
      runs += 1
      sums.manifests += liars.manifests
      sums.gathered += liars.gathered
      sums.completed += liars.completed
      sums.distrusted += liars.distrusted
    }
    // All states were reached.
    #expect(min(sums.manifests, sums.gathered) > runs && sums.completed > 0 && sums.distrusted > 0, "\(sums)")
  }
}
