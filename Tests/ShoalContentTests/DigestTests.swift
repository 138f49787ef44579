import Testing

@testable import ShoalBase
@testable import ShoalContent

@Suite struct DigestTests {
  private static let bytes = (0..<32).map { UInt8(truncatingIfNeeded: $0 * 7 + 200) }
  private static let hex = "c8cfd6dde4ebf2f900070e151c232a31383f464d545b626970777e858c939aa1"

  @Test func keepsItsBytes() throws {
    let digest = try #require(Digest(Self.bytes))
    #expect(Digest(Self.bytes.span) == digest)
    #expect((0..<32).map { digest[$0] } == Self.bytes)
    let copy = digest.bytes
    #expect([UInt8](copy.span) == Self.bytes)
    #expect(MemoryLayout<Digest>.size == Digest.byteCount)
    let padded = [1, 2, 3] + Self.bytes + [4]
    #expect(Digest(padded.span, at: 3) == digest)
  }

  @Test func refusesAnyOtherNumberOfBytes() {
    #expect(Digest(Self.bytes.dropLast()) == nil)
    #expect(Digest(Self.bytes + [0]) == nil)
    #expect(Digest(Array(repeating: UInt8(0), count: 32)) == .zero)
  }

  @Test func hexThereAndBack() throws {
    let digest = try #require(Digest(Self.bytes))
    #expect(digest.hex == Self.hex)
    #expect(digest.description == Self.hex)
    #expect(digest.short == "c8cfd6dd")
    #expect(Digest(hex: Self.hex) == digest)
    #expect(Digest(hex: Self.hex.uppercased()) == digest)
    #expect(Digest(hex: "shoal:\(Self.hex)?".dropFirst(6).dropLast()) == digest)
    #expect(Digest.zero.hex == String(repeating: "0", count: 64))
  }

  private static let notHex: [String] = [
    "", "c8", String(hex.dropLast()), hex + "0", String(hex.dropLast()) + "g", String(" " + hex.dropFirst()),
    String("+" + hex.dropFirst()), String(repeating: "é", count: 32), String(hex.dropLast(2)) + "é",
  ]

  @Test(arguments: notHex)
  func refusesWhatIsNotHex(text: String) {
    #expect(Digest(hex: text) == nil)
  }

  @Test func ordersAndEqualsByBytes() throws {
    for index in 0..<32 {
      var low = Self.bytes
      var high = Self.bytes
      low[index] = 1
      high[index] = 254
      if index < 31 { low[index + 1] = 255 }
      let lower = try #require(Digest(low))
      let higher = try #require(Digest(high))
      #expect(lower < higher)
      #expect(!(higher < lower))
      #expect(lower != higher)
      #expect(lower.hex < higher.hex)
    }
    let digest = try #require(Digest(Self.bytes))
    #expect(!(digest < digest))
    #expect(Set([digest, digest, .zero]).count == 2)
  }
}
