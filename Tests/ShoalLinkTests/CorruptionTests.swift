import ShoalLink
import Testing

@Suite struct CorruptionTests {
  /// How many bits `corruption` flips in `length` bytes of zeros.
  private func flipped(_ corruption: Corruption, length: Int) -> Int {
    var bytes = [UInt8](repeating: 0, count: length)
    corruption.apply(to: &bytes)
    return bytes.reduce(0) { $0 + $1.nonzeroBitCount }
  }

  @Test func itsShareIsRight() {
    var link = Link(LinkParameters(corrupt: 0.02), seed: 1)
    let corrupt = link.offer(50_000).count { $0.delivery?.corruption != nil }
    #expect((850...1_150).contains(corrupt))
    #expect(link.counters.corrupted == corrupt)
  }

  @Test(arguments: [1, 2, 1_472])
  func oneToThreeDifferentBitsFlip(length: Int) {
    var link = Link(LinkParameters(corrupt: 1), seed: 2)
    var counts = [0, 0, 0, 0]
    for _ in 0..<6_000 {
      guard let corruption = link.admit(ipLength: length + 28, payloadLength: length, at: .zero).delivery?.corruption
      else { continue }
      #expect(flipped(corruption, length: length) == corruption.count)
      let bits = (0..<corruption.count).map { corruption.bit($0) }
      #expect(bits == Set(bits).sorted())
      counts[corruption.count] += 1
    }
    #expect(counts.reduce(0, +) == 6_000)
    #expect(counts.dropFirst().allSatisfy { (1_800...2_200).contains($0) })
  }

  @Test func everyBitIsHitAsOften() {
    var link = Link(LinkParameters(corrupt: 1), seed: 3)
    var hits = [Int](repeating: 0, count: 32)
    for _ in 0..<16_000 {
      guard let corruption = link.admit(ipLength: 32, payloadLength: 4, at: .zero).delivery?.corruption
      else { continue }
      for index in 0..<corruption.count { hits[corruption.bit(index)] += 1 }
    }
    // 2 of 32 bits on average, 1,000 hits each.
    #expect(hits.allSatisfy { (850...1_150).contains($0) })
  }

  @Test func applyingTwiceRestores() throws {
    var link = Link(LinkParameters(corrupt: 1), seed: 4)
    let corruption = try #require(
      link.admit(ipLength: 128, payloadLength: 100, at: .zero).delivery?.corruption)
    let original = (0..<100).map { UInt8($0) }
    var bytes = original
    corruption.apply(to: &bytes)
    #expect(bytes != original)
    corruption.apply(to: &bytes)
    #expect(bytes == original)
  }

  @Test func anEmptyPayloadStaysWhole() {
    var link = Link(LinkParameters(corrupt: 1), seed: 5)
    #expect(link.admit(ipLength: 28, payloadLength: 0, at: .zero).delivery?.corruption == nil)
    #expect(link.counters.corrupted == 0)
  }

  @Test func aBufferTooShortIsLeftAlone() throws {
    var link = Link(LinkParameters(corrupt: 1), seed: 6)
    let corruption = try #require(
      link.admit(ipLength: 1_028, payloadLength: 1_000, at: .zero).delivery?.corruption)
    #expect(flipped(corruption, length: 0) == 0)
  }
}
