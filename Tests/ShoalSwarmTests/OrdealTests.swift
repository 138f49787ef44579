import TestSupport
import Testing

/// Swarms under every kind of fault. `tools/lab/ordeals` runs thousands; these are some that once failed.
struct OrdealTests {
  private static let wanted = environmentNumber("SHOAL_ORDEALS", as: UInt64.self)
  private static let first = environmentNumber("SHOAL_ORDEALS_FIRST", as: UInt64.self) ?? 1
  private static let seeds: [UInt64] =
    wanted.map { Array(first..<first + $0) } ?? [8, 21_519, 21_355, 31_766]

  @Test(arguments: environmentNumber("SHOAL_SEED", as: UInt64.self).map { [$0] } ?? seeds)
  func everyoneFinishesWhoCan(seed: UInt64) {
    let ordeal = Ordeal(seed)
    ordeal.run()
    let faults = ordeal.faults
    #expect(faults.isEmpty, "seed \(seed): \(faults); \(ordeal.story)")
    if Self.wanted != nil { print("seed \(seed): \(ordeal.took) s") }
  }
}
