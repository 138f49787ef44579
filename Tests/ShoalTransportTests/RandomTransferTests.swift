import TestSupport
import Testing

@Suite struct RandomTransferTests {
  @Test(arguments: seeds(0..<125))
  func everyByteArrivesOnce(seed: UInt64) {
    let failure = Scenario(seed: seed).run()
    #expect(failure == nil)
  }
}
