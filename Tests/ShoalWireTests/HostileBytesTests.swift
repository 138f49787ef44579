import Testing

@testable import ShoalBase
@testable import ShoalWire

/// No result is expected here: what matters is that no bytes make a decoder trap.
@Suite struct HostileBytesTests {
  @Test(arguments: PacketType.allCases) func randomBytesInPackets(type: PacketType) {
    var random = SeededGenerator(seed: UInt64(type.rawValue))
    for _ in 0..<8_000 { read(type.packet, randomDatagram(type.rawValue, &random)) }
  }

  private func read<P: Packet>(_: P.Type, _ bytes: [UInt8]) {
    _ = failure { () throws(WireError) in _ = try P.decode(bytes.span) }
  }

  @Test(arguments: MessageType.allCases) func randomBytesInMessages(type: MessageType) {
    var random = SeededGenerator(seed: UInt64(type.rawValue))
    for _ in 0..<12_000 { read(type.message, randomDatagram(0, &random), &random) }
  }

  private func read<M: Message>(_: M.Type, _ bytes: [UInt8], _ random: inout SeededGenerator) {
    let start = Int.random(in: 0...bytes.count, using: &random)
    let body = ByteRange(offset: start, count: .random(in: 0...(bytes.count - start), using: &random))
    _ = failure { () throws(WireError) in _ = try M.decode(bytes.span, body) }
  }

  @Test func randomDatagramsInTheInspector() {
    var random = SeededGenerator(seed: 5)
    for _ in 0..<4_000 {
      for type in PacketType.allCases { inspect(randomDatagram(type.rawValue, &random)) }
    }
  }

  @Test(arguments: PacketType.allCases) func damagedPacketsInTheInspector(type: PacketType) throws {
    var random = SeededGenerator(seed: 6)
    for _ in 0..<20 {
      let (_, datagram) = try sample(type.packet, &random)
      for _ in 0..<40 {
        var damaged = datagram
        for _ in 0..<Int.random(in: 1...3, using: &random) {
          damaged[.random(in: 0..<damaged.count, using: &random)] = .random(in: 0 ... .max, using: &random)
        }
        inspect(damaged)
      }
    }
  }

  private func inspect(_ bytes: [UInt8]) { _ = DatagramLayout(bytes.span) }

  private func sample<P: Packet>(
    _ type: P.Type, _ random: inout SeededGenerator
  ) throws -> (packet: any Packet, datagram: [UInt8]) {
    try ShoalWireTests.sample(type, &random)
  }

  /// A valid header, so that decoding gets further, then bytes of which many are small, so that counts are plausible.
  private func randomDatagram(_ type: UInt8, _ random: inout SeededGenerator) -> [UInt8] {
    var bytes: [UInt8] = [0x53, 0x68, type == 1 ? 0 : 1, type]
    let count = Int.random(in: 0...80, using: &random)
    let mask: UInt64 = Bool.random(using: &random) ? 0x0707_0707_0707_0707 : .max
    while bytes.count < count {
      var word = random.next() & mask
      for _ in 0..<8 {
        bytes.append(UInt8(truncatingIfNeeded: word))
        word >>= 8
      }
    }
    return bytes
  }
}
