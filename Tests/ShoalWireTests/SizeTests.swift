import Testing

@testable import ShoalBase
@testable import ShoalContent
@testable import ShoalWire

/// The computed size of a packet or message is the size that its encoder writes.
@Suite struct SizeTests {
  private func encode(_ body: (inout MutableSpan<UInt8>) throws -> Int) rethrows -> Int {
    var buffer = [UInt8](repeating: 0, count: 8_000)
    var span = buffer.mutableSpan
    return try body(&span)
  }

  @Test(arguments: PacketType.allCases) func packets(type: PacketType) throws {
    func check<P: Packet>(_: P.Type) throws {
      var random = SeededGenerator(seed: UInt64(type.rawValue))
      for round in 0..<200 {
        let (packet, _) = round == 0 ? (P(), []) : try sample(P.self, &random)
        let written = try encode { try packet.encode(connection: 1, into: &$0) }
        #expect(packet.encodedSize == written, "round \(round)")
      }
    }
    try check(type.packet)
  }

  @Test(arguments: MessageType.allCases) func messages(type: MessageType) throws {
    func check<M: Message>(_: M.Type) throws {
      var random = SeededGenerator(seed: UInt64(type.rawValue))
      for round in 0..<200 {
        let (message, _) = round == 0 ? (M(), []) : try sample(M.self, at: 0, &random)
        let written = try encode { try message.write(&$0, length: 0) }
        #expect(message.encodedSize == written, "round \(round)")
      }
    }
    try check(type.message)
  }

  @Test func entriesAddUpToTheirPackets() throws {
    var random = SeededGenerator(seed: 8)
    for _ in 0..<100 {
      var peers = try sample(PeersPacket.self, &random).packet
      var found = try sample(FoundPacket.self, &random).packet
      let (peersSize, foundSize) = (peers.encodedSize, found.encodedSize)
      let (peerEntries, foundEntries) = (peers.peers, found.files)
      (peers.peers, found.files) = ([], [])
      #expect(peerEntries.reduce(peers.encodedSize) { $0 + $1.encodedSize } == peersSize)
      #expect(foundEntries.reduce(found.encodedSize) { $0 + $1.encodedSize } == foundSize)
    }
  }

  @Test func theSizesThatAreNamed() {
    #expect(Limits.headerLength == 16 && MessageType.overhead == 3 && Checksum.field == 4..<8)
    #expect(DataPacket.overhead == 28 && AckPacket.overhead == 43 && Block.overhead == 14)
  }

  /// A tracker reads the cookie of a request before it knows which one it is.
  @Test func everyTrackerRequestButConnectBeginsWithItsCookie() {
    for type in PacketType.allCases where type.isTrackerRequest && type != .connect {
      let first = Schema.table(of: type).rows.first
      #expect(first == SchemaRow(name: "cookie", offset: Limits.headerLength, size: 8), "\(type)")
    }
  }
}
