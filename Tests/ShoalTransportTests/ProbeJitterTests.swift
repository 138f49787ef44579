import ShoalBase
import ShoalLink
import ShoalSimulator
import Testing

@testable import ShoalTransport

@Suite struct ProbeJitterTests {
  /// The times between probes of a path that has gone dark, in ms.
  private func gaps(seed: UInt64) throws -> [Nanoseconds] {
    let pair = try Pair("delay=20ms", seed: seed, .with { $0.idleTimeout = 120 * .second })
    let (id, _) = try pair.connect()
    pair.world.run(for: .second)
    let tap = Tap(pair.world)
    tap.change = { _, _ in false }
    pair.world.sendMessage(from: pair.a, on: id)
    pair.world.run(for: 40 * .second)
    let times = tap.times(.data, from: pair.a)
    return zip(times.dropFirst(), times).map { ($0 - $1) / .millisecond }.filter { $0 > 0 }
  }

  @Test func probesKeepStepNeitherWithThemselvesNorWithOthers() throws {
    let all = try (0..<8 as Range<UInt64>).map { try gaps(seed: $0).suffix(15) }
    for gaps in all {
      #expect(Set(gaps).count > 9, "\(gaps)")
      #expect(gaps.allSatisfy { (1_400...2_000).contains($0) })
    }
    #expect(Set(all.map { $0.prefix(3) }).count == all.count, "\(all)")
  }
}
