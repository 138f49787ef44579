import ShoalBase
import Testing

@testable import Shoal

@Suite struct ReceiveModerationTests {
  /// The pause that follows from so many datagrams of so many bytes a second.
  private func pause(_ datagrams: Int, of bytes: Int, roundTrip: Nanoseconds?) -> Nanoseconds {
    var moderation = ReceiveModeration()
    var now = Instant.zero + .second
    _ = moderation.pause(roundTrip, at: now)
    for _ in 0..<datagrams / 10 { moderation.received(bytes) }
    now = now + 100 * .millisecond
    return moderation.pause(roundTrip, at: now)
  }

  @Test func waitsForAFewDatagrams() {
    #expect(pause(8_700, of: 1_452, roundTrip: 40 * .millisecond) == 2 * .millisecond)
  }

  @Test func noLongerThanAPartOfTheRoundTrip() {
    #expect(pause(8_700, of: 1_452, roundTrip: 16 * .millisecond) == 800 * .microsecond)
    #expect(pause(8_700, of: 1_452, roundTrip: 2 * .millisecond) == 0)
    #expect(pause(8_700, of: 1_452, roundTrip: nil) == 0)
  }

  @Test func noLongerThanTheReceiveBufferAllows() {
    let pause = pause(86_000, of: 1_452, roundTrip: 100 * .millisecond)
    #expect(pause > 0 && 86_000 * 1_452 * pause / .second <= 32_768)
    #expect(self.pause(860_000, of: 1_452, roundTrip: 100 * .millisecond) == 0)
  }

  @Test func notForWhatComesNowAndThen() {
    #expect(pause(900, of: 1_452, roundTrip: 100 * .millisecond) == 0)
    #expect(pause(0, of: 0, roundTrip: 100 * .millisecond) == 0)
  }

  @Test func endsWithTheDatagrams() {
    var moderation = ReceiveModeration()
    var now = Instant.zero + .second
    for _ in 0..<100 {
      moderation.received(1_452)
      now = now + 100 * .microsecond
      _ = moderation.pause(50 * .millisecond, at: now)
    }
    #expect(moderation.pause(50 * .millisecond, at: now) == 2 * .millisecond)
    _ = moderation.pause(50 * .millisecond, at: now + 10 * .millisecond)
    #expect(moderation.pause(50 * .millisecond, at: now + 20 * .millisecond) == 0)
  }
}
