import Testing

@testable import ShoalBase
@testable import ShoalContent
@testable import ShoalWire

@Suite struct DatagramTests {
  private func isOpen(_ datagram: [UInt8]) -> Bool {
    guard let opened = Datagram.open(datagram.span) else { return false }
    return opened.count == datagram.count
  }

  /// Packets are encoded without a checksum, and opened only once they are sealed.
  @Test(arguments: PacketType.allCases) func onlyWhatIsSealedIsOpened(type: PacketType) throws {
    func check<P: Packet>(_: P.Type) throws {
      var random = SeededGenerator(seed: UInt64(type.rawValue))
      for _ in 0..<20 {
        let packet = try sample(P.self, &random).packet
        var datagram = try packet.encoded(connection: random.next(), capacity: 4_000)
        #expect(Header.peek(datagram.span).checksum == 0 && !isOpen(datagram))
        Datagram.seal(&datagram)
        #expect(isOpen(datagram))
        datagram[.random(in: datagram.indices, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        #expect(!isOpen(datagram))
      }
    }
    try check(type.packet)
  }

  /// However much of a datagram is there before the rest is gathered, and in however many parts the rest comes.
  @Test func whatIsGatheredIsSealedLikeWhatIsThere() throws {
    var random = SeededGenerator(seed: 4)
    for count in [16, 17, 28, 42, 43, 100, 1_472] {
      let content = (0..<count).map { _ in UInt8.random(in: 0 ... .max, using: &random) }
      var whole = content
      Datagram.seal(&whole)
      #expect(isOpen(whole))
      for written in [16, 17, 28, 42, 43, 99] where written <= count {
        var gathered = Array(content[..<written]) + [UInt8](repeating: 0, count: count - written)
        var datagram = gathered.mutableSpan
        let isSealed = Datagram.seal(&datagram, written: written) { rest, crc in
          let half = (count - written) / 2
          let missing = content.span.extracting(written...)
          guard rest.count == missing.count else { return false }
          crc = CRC32C.copy(missing.extracting(..<half), to: &rest, continuing: crc)
          var second = rest._mutatingExtracting(half...)
          crc = CRC32C.copy(missing.extracting(half...), to: &second, continuing: crc)
          return true
        }
        #expect(isSealed && gathered == whole, "\(written) of \(count)")
      }
    }
  }

  @Test func whatCannotBeGatheredIsNotSealed() {
    var datagram = [UInt8](repeating: 1, count: 40)
    var span = datagram.mutableSpan
    let isSealed = Datagram.seal(&span, written: 28) { _, _ in false }
    #expect(!isSealed && datagram == [UInt8](repeating: 1, count: 40))
  }

  @Test func whatHasNoHeaderIsNotOpened() {
    for count in 0..<16 { #expect(!isOpen([UInt8](repeating: 0, count: count))) }
  }
}
