import TestSupport
import Testing

@testable import ShoalBase
@testable import ShoalContent
@testable import ShoalWire

@Suite struct PacketTests {
  @Test(arguments: PacketType.allCases) func roundTrip(type: PacketType) throws {
    for seed in seeds(0..<60) { try roundTrip(type.packet, seed: seed) }
  }

  private func roundTrip<P: Packet>(_: P.Type, seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let (packet, datagram) = try sample(P.self, &random)
    let (header, type) = try Header.decode(datagram.span)
    #expect(type == P.type && header.version == (P.type == .version ? 0 : 1), "seed \(seed)")
    let decoded = try P.decode(datagram.span)
    #expect(equal(decoded, packet), "seed \(seed)")
    #expect(Checksum.isValid(datagram.span) == true, "seed \(seed)")
  }

  @Test(arguments: PacketType.allCases) func everyFlippedBitIsDetected(type: PacketType) throws {
    try everyFlippedBitIsDetected(type.packet, seed: 1)
  }

  private func everyFlippedBitIsDetected<P: Packet>(_: P.Type, seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let (_, datagram) = try sample(P.self, &random)
    var copy = datagram
    let undetected = (0..<copy.count * 8).filter { bit in
      copy[bit / 8] ^= 1 << UInt8(bit % 8)
      defer { copy[bit / 8] ^= 1 << UInt8(bit % 8) }
      return Checksum.isValid(copy.span)
    }
    #expect(undetected.isEmpty, "seed \(seed)")
  }

  @Test(arguments: PacketType.allCases) func bytesAfterTheLastFieldAreIgnored(type: PacketType) throws {
    guard type != .data && type != .ack else { return }
    try bytesAfterTheLastFieldAreIgnored(type.packet, seed: 2)
  }

  /// Whether a datagram ends where an earlier revision of its packet does: whatever follows is then read.
  private static func isEarlier<P: Packet>(_ datagram: [UInt8], _ packet: P) throws -> Bool {
    let longer = datagram + [UInt8](repeating: 0, count: 64)
    return try !equal(P.decode(longer.span), packet)
  }

  private func bytesAfterTheLastFieldAreIgnored<P: Packet>(_: P.Type, seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var (packet, datagram) = try sample(P.self, &random)
    // What an earlier revision ends with is followed by what this one has added.
    let whole = Schema.table(of: P.type).rows.contains(where: \.isLater)
    while whole, try Self.isEarlier(datagram, packet) { (packet, datagram) = try sample(P.self, &random) }
    let longer = datagram + [1, 2, 3]
    #expect(try equal(P.decode(longer.span), packet), "seed \(seed)")
  }

  @Test func theHotPathReadsAndWritesTheSame() throws {
    var random = SeededGenerator(seed: 3)
    let (data, dataBytes) = try sample(DataPacket.self, &random)
    let (ack, ackBytes) = try sample(AckPacket.self, &random)
    #expect(try DataPacket.read(dataBytes.span) == data)
    #expect(try AckPacket.read(ackBytes.span) == ack)
    var first = [UInt8](repeating: 0, count: 100)
    var second = first
    var firstSpan = first.mutableSpan
    #expect(try data.put(connection: 7, into: &firstSpan) == DataPacket.overhead)
    var secondSpan = second.mutableSpan
    #expect(try data.encode(connection: 7, into: &secondSpan) == DataPacket.overhead)
    #expect(first == second)
  }

  @Test func aPacketThatDoesNotFitSaysSo() throws {
    for capacity in 0..<64 {
      let error = failure { () throws(WireError) in
        _ = try ConnectPacket().datagram(connection: 1, capacity: capacity)
      }
      #expect(error?.kind == .overflow, "capacity \(capacity)")
    }
    #expect(try ConnectPacket().datagram(connection: 1, capacity: 64).count == 64)
  }

  @Test func aTextOfMoreThan255BytesIsRefused() {
    var packet = FindPacket()
    packet.name = String(repeating: "ä", count: 128)
    #expect(failure { () throws(WireError) in _ = try packet.datagram(connection: 1) }?.kind == .value)
  }

  @Test(arguments: [
    [ChunkRun(first: 5, count: 0)],
    [ChunkRun(first: 5, count: 2), ChunkRun(first: 6, count: 1)],
    [ChunkRun(first: .max, count: 1)],
    [ChunkRun(first: 0, count: UInt32(Limits.chunks) + 1)],
  ])
  func runsThatNoDecoderTakesAreNotWritten(runs: [ChunkRun]) {
    var packet = UpdatePacket()
    packet.gained = runs
    let error = failure { () throws(WireError) in _ = try packet.datagram(connection: 1) }
    #expect(error?.kind == .value && error?.field == "gained")
  }
}
