import ShoalBase
import ShoalContent
import ShoalSwarm
import ShoalWire
import Testing

/// A tracker may return a peer's chunks in pages as short as it likes, but cannot make a peer ask for ever.
struct MapPagesTests {
  private let tracker = TrackerNetwork.trackerAddress
  private let peer = TrackerNetwork.address(1)
  private let id = TrackerNetwork.digest(1)

  /// What a client knows of a peer's chunks at the end, and how often it asked, if a tracker answers each MAP from
  /// `first` on with what `answer` makes of it.
  private func ask(_ chunks: Int, _ answer: (UInt32) -> (end: UInt32, have: [ChunkRun])) throws -> (BitSet?, Int) {
    var client = TrackerClient(tracker: tracker, random: SecretGenerator(seed: 1))
    let now = Instant(nanoseconds: .second)
    client.map(id: id, address: peer, chunks: chunks)
    var asked = 0
    while let (_, bytes) = client.nextTransmit(at: now) {
      let (header, type) = try Header.decode(bytes.span)
      var reply = try ConnectedPacket().datagram(connection: header.connection)
      if type == .map {
        asked += 1
        try #require(asked <= 10_000, "it is never done")
        var packet = MappedPacket()
        packet.first = try MapPacket.decode(bytes.span).first
        (packet.end, packet.have) = answer(packet.first)
        reply = try packet.datagram(connection: header.connection)
      }
      let isTaken = client.receive(reply.span, from: tracker, at: now)
      #expect(isTaken)
    }
    #expect(client.isIdle)
    var told: BitSet?
    while let event = client.nextEvent() {
      guard case .mapped(id, peer, let chunks) = event else { continue }
      #expect(told == nil, "told twice")
      told = chunks
    }
    return (told, asked)
  }

  /// As many of these chunks as a page of this length holds.
  private func page(of have: BitSet, from first: UInt32, length: Int) -> (end: UInt32, have: [ChunkRun]) {
    let end = min(Int(first) + length, have.capacity)
    var told = BitSet(capacity: have.capacity)
    for index in Int(first)..<end where have.contains(index) { told.insert(index) }
    return (UInt32(end), told.runs())
  }

  @Test(arguments: [1, 2, 100, 255, 256, 999, 1_000]) func shortPagesTellAll(length: Int) throws {
    var have = BitSet(capacity: 1_000)
    for index in 0..<1_000 where index % 3 > 0 { have.insert(index) }
    let (told, asked) = try ask(1_000) { page(of: have, from: $0, length: length) }
    #expect(told == have && asked == (1_000 + length - 1) / length)
  }

  @Test func aTrackerThatTellsOneAtATimeIsAskedSoOftenAndNoMore() throws {
    let most = TrackerClientConfiguration().mapPages
    let (told, asked) = try ask(Limits.chunks) { ($0 + 1, [ChunkRun(first: $0, count: 1)]) }
    #expect(asked == most && told?.rangesDescription == "0-\(most - 1)")
  }

  @Test func anEndThatDoesNotAdvanceIsTheLast() throws {
    for end in [0, 9, 10] as [UInt32] {
      let (told, asked) = try ask(1_000) { $0 == 0 ? (10, [ChunkRun(first: 3, count: 1)]) : (end, []) }
      #expect(told?.rangesDescription == "3" && asked == 2)
    }
    for end in [1_000, 1_001, .max] as [UInt32] {
      let (told, asked) = try ask(1_000) { _ in (end, [ChunkRun(first: 999, count: 5)]) }
      #expect(told?.rangesDescription == "999" && asked == 1)
    }
    let (nothing, asked) = try ask(1_000) { _ in (0, []) }
    #expect(nothing?.isEmpty == true && asked == 1)
  }

  @Test func theLargestFragmentedMapIsReadWhole() throws {
    var have = BitSet(capacity: 1 << 16)
    for index in stride(from: 0, to: 1 << 16, by: 2) { have.insert(index) }
    let (told, asked) = try ask(1 << 16) { first in
      let (runs, end) = have.runs(from: Int(first), fitting: 1_174)
      return (UInt32(end), runs)
    }
    // A page of the most fragmented map tells of at least 1,024 chunks, so the largest file's takes at most 4,096
    // pages.
    #expect(told == have && asked <= (1 << 16) / 1_024)
  }
}
