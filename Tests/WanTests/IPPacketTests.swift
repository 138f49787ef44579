import ShoalBase
import ShoalLink
import TestSupport
import Testing

@testable import shoal_wan

@Suite struct IPPacketTests {
  @Test(arguments: TestPacket.all) func findsThePayload(_ packet: TestPacket) throws {
    let bytes = packet.bytes
    let found = IPPacket(bytes.span)
    #expect(try #require(found).payload == bytes.count - packet.payload.count..<bytes.count)
    let all = IPPacket(bytes.span, brokenChecksums: true)
    #expect(try #require(all).payload == packet.ipHeader..<bytes.count)
    #expect(try #require(all).checksum == nil)
  }

  @Test(arguments: TestPacket.all) func damageKeepsTheChecksumRight(_ packet: TestPacket) throws {
    for seed in seeds(0..<100) {
      var bytes = packet.bytes
      #expect(packet.isChecksumRight(bytes))
      let flips = try damage(&bytes, seed: seed)
      let changed = zip(bytes, packet.bytes).map { ($0 ^ $1).nonzeroBitCount }
      // Bits of the payload have flipped, and nothing before it has changed but the checksum.
      #expect(changed.suffix(packet.payload.count).reduce(0, +) == flips, "seed \(seed)")
      let header = bytes.count - packet.payload.count
      let touched = (0..<header).filter { changed[$0] > 0 }
      #expect(touched.allSatisfy { packet.checksum.contains($0) }, "seed \(seed)")
      #expect(packet.isChecksumRight(bytes), "seed \(seed)")
    }
  }

  @Test func brokenChecksumsStayBroken() throws {
    let packet = TestPacket(version: 4, isTCP: false, payload: Array(repeating: 7, count: 64))
    for seed in seeds(0..<100) {
      var bytes = packet.bytes
      _ = try damage(&bytes, seed: seed, brokenChecksums: true)
      #expect(Array(bytes.prefix(20)) == Array(packet.bytes.prefix(20)), "seed \(seed)")
      #expect(bytes != packet.bytes)
      // One bit always shows; two or three may cancel out in a sum, as flips of the same bit in two words do.
      let flipped = zip(bytes, packet.bytes).map { ($0 ^ $1).nonzeroBitCount }.reduce(0, +)
      if flipped == 1 { #expect(!packet.isChecksumRight(bytes), "seed \(seed)") }
    }
  }

  @Test func noChecksumStaysNone() throws {
    var bytes = TestPacket(version: 4, isTCP: false, payload: [1, 2, 3]).bytes
    (bytes[26], bytes[27]) = (0, 0)
    let before = bytes
    _ = try damage(&bytes, seed: 1)
    #expect(bytes[26] == 0 && bytes[27] == 0)
    #expect(bytes != before)
  }

  @Test func aUDPChecksumOfZeroIsWrittenAsItsComplement() throws {
    // A payload of two bytes whose checksum is 0 is sent with 0xffff; flips may lead there, and away from there.
    for seed in seeds(0..<3_000) {
      var generator = SeededGenerator(seed: seed)
      let payload = (0..<2).map { _ in UInt8.random(in: 0...255, using: &generator) }
      var bytes = TestPacket(version: 4, isTCP: false, payload: payload).bytes
      _ = try damage(&bytes, seed: seed)
      #expect(bytes[26] != 0 || bytes[27] != 0, "seed \(seed)")
    }
    // The single flip that makes the sum all ones.
    var packet = TestPacket(version: 4, isTCP: false, payload: [0, 0])
    let checksum = packet.bytes.word(26)
    packet.payload = [UInt8(checksum >> 8), UInt8(checksum & 0xff) ^ 1]
    var bytes = packet.bytes
    #expect(bytes.word(26) == (checksum & 1 == 0 ? 0xfffe : 1))
    guard checksum & 1 == 1 else { return }
    let packetFound = IPPacket(bytes.span)
    let found = try #require(packetFound)
    for seed in seeds(0..<10_000) {
      let corruption = try #require(self.corruption(of: 2, seed: seed))
      guard corruption.count == 1, corruption.bit(0) == 8 else { continue }
      var span = bytes.mutableSpan
      found.damage(&span, corruption)
      #expect(bytes.word(26) == 0xffff)
      return
    }
    Issue.record("no seed flips that bit")
  }

  @Test func leavesFragmentsAlone() {
    for (offset, isMore) in [(0, true), (1_480, true), (1_480, false)] {
      var bytes = TestPacket(version: 4, isTCP: false, payload: [1, 2, 3]).bytes
      let field = UInt16(offset / 8) | (isMore ? 0x2000 : 0)
      (bytes[6], bytes[7]) = (UInt8(field >> 8), UInt8(field & 0xff))
      #expect(IPPacket(bytes.span) == nil)
      #expect(IPPacket(bytes.span, brokenChecksums: true) == nil)
    }
    var bytes = TestPacket(version: 6, isTCP: false, payload: [1, 2, 3]).bytes
    bytes[6] = 44
    bytes.insert(contentsOf: [17, 0, 0, 1, 0, 0, 0, 9], at: 40)
    bytes[5] += 8
    #expect(IPPacket(bytes.span) == nil)
    #expect(IPPacket(bytes.span, brokenChecksums: true) == nil)
  }

  @Test func leavesOtherProtocolsAloneUnlessChecksumsMayBreak() throws {
    var bytes = TestPacket(version: 4, isTCP: false, payload: [1, 2, 3]).bytes
    bytes[9] = 1
    #expect(IPPacket(bytes.span) == nil)
    #expect(IPPacket(bytes.span, brokenChecksums: true)?.payload == 20..<31)
  }

  @Test func leavesAcknowledgementsAlone() {
    let bytes = TestPacket(version: 4, isTCP: true, payload: []).bytes
    #expect(IPPacket(bytes.span) == nil)
  }

  /// Whatever a packet holds and wherever it is cut, the range that may be damaged lies inside it.
  @Test func survivesAnything() {
    var generator = SeededGenerator(seed: 5)
    for packet in TestPacket.all {
      for length in 0...packet.bytes.count {
        var bytes = Array(packet.bytes.prefix(length))
        for round in 0..<20 {
          for brokenChecksums in [false, true] {
            let found = IPPacket(bytes.span, brokenChecksums: brokenChecksums)
            guard let found else { continue }
            #expect(!found.payload.isEmpty && found.payload.upperBound <= bytes.count)
            #expect((found.checksum ?? 0) + 2 <= bytes.count)
          }
          guard !bytes.isEmpty, round < 19 else { break }
          let place = Int.random(in: 0..<min(bytes.count, 48), using: &generator)
          bytes[place] = UInt8.random(in: 0...255, using: &generator)
        }
      }
    }
  }

  // MARK: Damage

  private func corruption(of length: Int, seed: UInt64) -> Corruption? {
    var link = Link(LinkParameters(corrupt: 1), seed: seed)
    guard case .delivered(let delivery) = link.admit(ipLength: length + 28, payloadLength: length, at: .zero)
    else { return nil }
    return delivery.corruption
  }

  /// How many bits flipped.
  private func damage(_ bytes: inout [UInt8], seed: UInt64, brokenChecksums: Bool = false) throws -> Int {
    let packet = IPPacket(bytes.span, brokenChecksums: brokenChecksums)
    let found = try #require(packet)
    let corruption = try #require(self.corruption(of: found.payload.count, seed: seed))
    var span = bytes.mutableSpan
    found.damage(&span, corruption)
    return corruption.count
  }
}
