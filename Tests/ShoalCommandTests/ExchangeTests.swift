import TestSupport
import Testing

/// A peer that was written from Protocol.md alone, in another language, takes part in swarms of `shoal` processes.
@Suite struct ExchangeTests {
  @Test(
    .enabled(if: RunningProgram.exists("python3"), "python3 is not installed"),
    arguments: ["pages", "seeding", "known", "proof"])
  func anIndependentPeerTakesPart(name: String) throws {
    let outcome = try RunningProgram.run(
      "python3", [Checkout.path("tools/lab/exchange"), "--bin", RunningProgram.buildFolder, name],
      deadline: .seconds(120))
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.error)")
  }
}
