import ShoalBase
import TestSupport
import Testing

@testable import shoal_wan

@Suite struct InternetChecksumTests {
  /// RFC 1624 §4: the case for which equation 2 of RFC 1141 gave 0xffff.
  @Test func theExampleOfRFC1624() {
    #expect(InternetChecksum.mended(0xdd2f, old: 0x5555, new: 0x3285) == 0x0000)
  }

  @Test func undoingAChangeRestoresTheChecksum() {
    #expect(InternetChecksum.mended(0x0000, old: 0x3285, new: 0x5555) == 0xdd2f)
  }

  /// An update for one changed word gives the same as computing the whole sum, except that zero has two forms.
  @Test func agreesWithComputingAnew() {
    for seed in seeds(0..<200) {
      var generator = SeededGenerator(seed: seed)
      var words = (0..<9).map { _ in UInt16.random(in: 0...UInt16.max, using: &generator) }
      let before = ~sum(words)
      let index = Int.random(in: words.indices, using: &generator)
      let old = words[index]
      words[index] = UInt16.random(in: 0...UInt16.max, using: &generator)
      let mended = InternetChecksum.mended(before, old: old, new: words[index])
      // To verify, one adds the checksum to all words, and expects all ones.
      #expect(sum(words + [mended]) == 0xffff, "seed \(seed)")
    }
  }
}

/// The ones' complement sum of 16-bit words (RFC 1071).
func sum(_ words: [UInt16]) -> UInt16 {
  words.reduce(0) { sum, word in
    let (next, carry) = sum.addingReportingOverflow(word)
    return next + (carry ? 1 : 0)
  }
}
