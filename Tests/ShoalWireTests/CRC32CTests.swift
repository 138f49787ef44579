import Glibc
import ShoalBase
import ShoalWire
import TestSupport
import Testing

@Suite struct CRC32CTests {
  /// Lengths around each point where the code takes a different path: words, three streams, their longest round,
  /// vectors, and four vectors at a time.
  private static let counts =
    Array(0...70) + [143, 144, 145, 151, 255, 256, 257, 319, 320, 511, 512, 575, 576, 583, 1_199, 1_200, 1_452, 1_472]
    + [8_972, 12_287, 12_288, 12_289, 12_440, 65_507]

  private static func randomBytes(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
  }

  /// Computed bit by bit, from the definition.
  private static func reference(_ bytes: some Sequence<UInt8>) -> UInt32 {
    ~bytes.reduce(UInt32.max) { crc, byte in
      (0..<8).reduce(crc ^ UInt32(byte)) { crc, _ in crc >> 1 ^ (crc & 1 == 1 ? 0x82f6_3b78 : 0) }
    }
  }

  /// The examples of RFC 3720 appendix B.4, and the check value of the CRC catalogue.
  private static let published: [(bytes: [UInt8], crc: UInt32)] = [
    (Array("123456789".utf8), 0xe306_9283),
    ([], 0),
    ([UInt8](repeating: 0, count: 32), 0x8a91_36aa),
    ([UInt8](repeating: 255, count: 32), 0x62a8_ab43),
    (Array(0..<32), 0x46dd_794e),
    (Array((0..<32).reversed()), 0x113f_db5c),
  ]

  @Test(arguments: published)
  func publishedExamples(bytes: [UInt8], crc: UInt32) {
    #expect(CRC32C.checksum(bytes.span) == crc)
    #expect(CRC32C.portable(bytes.span) == crc)
    for kernel in CRC32CKernel.all { #expect(kernel.checksum(bytes.span) == crc) }
  }

  @Test func everyPathAgrees() {
    let bytes = Self.randomBytes(65_600)
    for count in Self.counts {
      let start = count % 9
      let part = bytes.span.extracting(start..<start + count)
      let expected = CRC32C.portable(part)
      let found = CRC32C.checksum(part)
      #expect(found == expected, "\(count) bytes")
      for kernel in CRC32CKernel.all {
        let found = kernel.checksum(part)
        #expect(found == expected, "\(count) bytes, kernel \(kernel.number)")
      }
      if count < 200 { #expect(Self.reference(bytes[start..<start + count]) == expected, "\(count) bytes") }
    }
  }

  @Test func datagramTakesItsFieldAsZero() {
    for count in Self.counts where count >= 8 {
      var bytes = Self.randomBytes(count, seed: UInt64(count))
      let found = CRC32C.datagram(bytes.span)
      bytes.replaceSubrange(4..<8, with: [0, 0, 0, 0])
      #expect(found == CRC32C.portable(bytes.span), "\(count) bytes")
    }
    let short = [1, 2, 3, 4, 5, 6, 7] as [UInt8]
    #expect(CRC32C.datagram(short.span) == 0)
  }

  /// A header, then a payload in up to three parts, as if it lay in several buffers: for each length, from and to any
  /// alignment.
  @Test(arguments: [8, 9, 16, 23, 31, 200])
  func copyIsCopyAndChecksum(header: Int) {
    let bytes = Self.randomBytes(header + 65_520, seed: UInt64(header))
    for (turn, count) in Self.counts.enumerated() {
      let (shift, cut) = (turn % 11, count / 3)
      let payload = Array(bytes[(header + shift)...].prefix(count))
      let whole = Array(bytes[..<header] + payload)
      let expected = CRC32C.datagram(whole.span)
      for parts in [[count], [cut, count - cut], [cut, cut, count - 2 * cut]] {
        for kernel in CRC32CKernel.all {
          // With bytes around it, to see that none of them is overwritten.
          var copy = [UInt8](repeating: 0xa5, count: turn % 7 + count + 2)
          var crc = kernel.datagram(bytes.span.extracting(..<header))
          var done = 0
          for part in parts {
            let source = bytes.span.extracting((header + shift + done)...).extracting(first: part)
            crc = kernel.copy(source, to: &copy, at: turn % 7 + done, continuing: crc)
            done += part
          }
          #expect(crc == expected, "\(count) bytes in \(parts.count) parts, kernel \(kernel.number)")
          #expect(
            copy == [UInt8](repeating: 0xa5, count: turn % 7) + payload + [0xa5, 0xa5],
            "\(count) bytes, kernel \(kernel.number)")
        }
      }
    }
  }

  @Test func everyFlippedBitShows() {
    var bytes = Self.randomBytes(300)
    let intact = CRC32C.datagram(bytes.span)
    for bit in 0..<(8 * bytes.count) where !(32..<64).contains(bit) {
      bytes[bit / 8] ^= 1 << UInt8(bit % 8)
      #expect(CRC32C.datagram(bytes.span) != intact)
      bytes[bit / 8] ^= 1 << UInt8(bit % 8)
    }
  }

  /// Reading word by word stops where the bytes end, before a page that cannot be read.
  @Test func readsNoByteTooMany() throws {
    try withBytesBeforeAGuardPage { bytes in
      let (found, expected) = (CRC32C.checksum(bytes), CRC32C.portable(bytes))
      #expect(found == expected, "\(bytes.count) bytes")
    }
  }
}
