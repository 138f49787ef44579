import CShoalKernels
import ShoalWire
import Testing

@Suite struct CRC32CTests {
  /// Numbers of bytes around every change of path: the word, the three streams, and their longest round.
  private static let counts =
    Array(0...70) + [143, 144, 145, 151, 1_199, 1_200, 1_452, 1_472, 8_972, 12_287, 12_288, 12_289, 12_440, 65_507]

  private static func randomBytes(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
  }

  /// Bit by bit, from the definition.
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
    bytes.withUnsafeBytes {
      #expect(CRC32C.checksum($0) == crc)
      #expect(CRC32C.portable($0) == crc)
      #expect(shoal_crc32c_portable($0.baseAddress, $0.count) == crc)
    }
  }

  @Test func everyPathAgrees() {
    let bytes = Self.randomBytes(65_600)
    bytes.withUnsafeBytes { bytes in
      for count in Self.counts {
        let part = UnsafeRawBufferPointer(rebasing: bytes[(count % 9)...].prefix(count))
        let expected = CRC32C.portable(part)
        #expect(CRC32C.checksum(part) == expected, "\(count) bytes")
        #expect(shoal_crc32c_portable(part.baseAddress, count) == expected, "\(count) bytes")
        if count < 200 { #expect(Self.reference(part) == expected, "\(count) bytes") }
      }
    }
  }

  @Test func datagramTakesItsFieldAsZero() {
    for count in Self.counts where count >= 8 {
      var bytes = Self.randomBytes(count, seed: UInt64(count))
      let found = bytes.withUnsafeBytes { CRC32C.datagram($0) }
      bytes.replaceSubrange(4..<8, with: [0, 0, 0, 0])
      #expect(found == bytes.withUnsafeBytes { CRC32C.portable($0) }, "\(count) bytes")
    }
    #expect([1, 2, 3, 4, 5, 6, 7].withUnsafeBytes { CRC32C.datagram(.init(rebasing: $0[..<7])) } == 0)
  }

  @Test(arguments: [8, 9, 16, 23, 31, 200])
  func copyIsCopyAndChecksum(header: Int) {
    let bytes = Self.randomBytes(header + 65_507, seed: UInt64(header))
    for count in Self.counts {
      let whole = Array(bytes[..<(header + count)])
      let expected = whole.withUnsafeBytes { CRC32C.datagram($0) }
      // Two bytes more, to see that nothing is written behind the payload.
      var fused = Array(bytes[..<header]) + [UInt8](repeating: 0xa5, count: count + 2)
      var portable = fused
      bytes.withUnsafeBytes { bytes in
        let payload = UnsafeRawBufferPointer(rebasing: bytes[header..<(header + count)])
        let crc = fused.withUnsafeMutableBytes {
          CRC32C.copyDatagram(into: $0, headerCount: header, payload: payload)
        }
        let portableCRC = portable.withUnsafeMutableBytes {
          shoal_crc32c_copy_datagram_portable($0.baseAddress, header, payload.baseAddress, count)
        }
        #expect(crc == expected, "\(count) bytes")
        #expect(portableCRC == expected, "\(count) bytes")
      }
      #expect(fused == whole + [0xa5, 0xa5], "\(count) bytes")
      #expect(portable == fused, "\(count) bytes")
    }
  }

  @Test func everyFlippedBitShows() {
    var bytes = Self.randomBytes(300)
    let intact = bytes.withUnsafeBytes { CRC32C.datagram($0) }
    for bit in 0..<(8 * bytes.count) where !(32..<64).contains(bit) {
      bytes[bit / 8] ^= 1 << UInt8(bit % 8)
      #expect(bytes.withUnsafeBytes { CRC32C.datagram($0) } != intact)
      bytes[bit / 8] ^= 1 << UInt8(bit % 8)
    }
  }
}
