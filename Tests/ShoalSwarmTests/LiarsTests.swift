import Glibc
import ShoalContent
import ShoalSimulator
import Testing

/// Whatever peers say, a swarm does not trap, keeps its limits, and what it counts stays right.
///
/// SHOAL_LYING_MESSAGES asks for more of them, SHOAL_LYING_SEED for the seed of the first run.
struct LiarsTests {
  private static let first = UInt64(environment("SHOAL_LYING_SEED") ?? 1)
  private static let wanted = environment("SHOAL_LYING_MESSAGES") ?? 300_000
  private static let perRun = 10_000

  private static func environment(_ name: String) -> Int? { getenv(name).flatMap { Int(String(cString: $0)) } }

  @Test func aSwarmBearsWhateverItIsTold() {
    let sizes: [(Int, Chunking)] = [
      (300_000, .count(20)), (300_001, .automatic), (40_000, .size(1_024)), (900, .automatic), (3_000_000, .count(7)),
      (5_000_000, .size(1_024)),
    ]
    let catalogue = sizes.enumerated().map { WorldFile(seed: UInt32($0), size: $1.0, chunking: $1.1) }
    var (messages, seed) = (0, Self.first)
    var sums = (manifests: 0, gathered: 0, completed: 0, distrusted: 0)
    while messages < Self.wanted {
      var liars = Liars(seed: seed, catalogue: catalogue)
      liars.run(min(Self.perRun, Self.wanted - messages))
      messages += liars.messages
      if let broken = liars.broken {
        Issue.record("SHOAL_LYING_SEED=\(seed): \(broken)")
        return
      }
      sums.manifests += liars.manifests
      sums.gathered += liars.gathered
      sums.completed += liars.completed
      sums.distrusted += liars.distrusted
      seed += 1
    }
    // All states were come to.
    let runs = Int(seed - Self.first)
    #expect(min(sums.manifests, sums.gathered) > runs && sums.completed > 0 && sums.distrusted > 0, "\(sums)")
    if Self.wanted > 300_000 { print("\(messages) messages, seeds \(Self.first)..<\(seed), \(sums)") }
  }
}
