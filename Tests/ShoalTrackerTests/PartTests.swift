import ShoalBase
import ShoalContent
import ShoalWire
import TestSupport
import Testing

@testable import ShoalTracker

/// Two trackers that each have a part of the files, and answer as one.
struct PartTests {
  private struct Pair: ~Copyable {
    var first = pair(0), second = pair(1)
    let now = Instant(nanoseconds: 1_000 * .second)

    static func pair(_ index: Int) -> Registrar {
      Registrar(key: digest(99), seed: UInt64(index), epoch: 5, part: RegistrarPart(index, of: 2, secret: 77))
    }

    /// What comes of a datagram that arrives at one of them, and which of them answers.
    mutating func send(_ packet: some Packet, from address: Address, to index: Int) throws -> (Int, [UInt8]) {
      let datagram = try packet.datagram(connection: 7)
      let bytes = datagram.span
      first.listedElsewhere = second.listedCount
      second.listedElsewhere = first.listedCount
      let owner =
        index == 0 ? first.owner(of: bytes, from: address, at: now) : second.owner(of: bytes, from: address, at: now)
      #expect(owner != index)
      if owner ?? index == 0 {
        first.receive(bytes, from: address, at: now)
        while let search = first.nextSearch() { second.resume(search, at: now) }
      } else {
        second.receive(bytes, from: address, at: now)
        while let search = second.nextSearch() { first.resume(search, at: now) }
      }
      var replies: [(Int, [UInt8])] = []
      while let reply = first.nextTransmit(at: now) { replies.append((0, reply.bytes)) }
      while let reply = second.nextTransmit(at: now) { replies.append((1, reply.bytes)) }
      #expect(replies.count == 1)
      return try #require(replies.first)
    }

    mutating func ask<Reply: Packet>(_ packet: some Packet, from address: Address, to index: Int) throws -> Reply {
      let (_, bytes) = try send(packet, from: address, to: index)
      try #require(packetType(of: bytes) == Reply.type)
      return try Reply.decode(bytes.span)
    }

    mutating func cookie(of address: Address, at index: Int) throws -> UInt64 {
      let reply: ConnectedPacket = try ask(ConnectPacket(), from: address, to: index)
      return reply.cookie
    }

    /// Registers so many files of two names, each from a peer of its own, at the tracker that happens to get it.
    mutating func register(_ count: Int) throws {
      for number in 0..<count {
        var packet = RegisterPacket()
        packet.cookie = try cookie(of: peer(number), at: number % 2)
        (packet.id, packet.cut) = (digest(UInt64(number)), cut(10))
        packet.name = number % 2 == 0 ? "even" : "odd"
        let _: RegisteredPacket = try ask(packet, from: peer(number), to: (number / 2) % 2)
      }
    }
  }

  @Test func eachFileHasOnePlaceWhereverItsRequestsArrive() throws {
    var pair = Pair()
    try pair.register(40)
    #expect(pair.first.fileCount > 5 && pair.second.fileCount > 5)
    #expect(pair.first.registrationCount + pair.second.registrationCount == 40)
    for number in 0..<40 {
      var packet = LookupPacket()
      (packet.id, packet.most) = (digest(UInt64(number)), 10)
      for index in 0..<2 {
        packet.cookie = try pair.cookie(of: peer(50), at: 1 - index)
        let peers: PeersPacket = try pair.ask(packet, from: peer(50), to: index)
        #expect(peers.peers.map(\.address) == [peer(number)])
      }
    }
  }

  @Test func listReturnsTheFilesOfAllParts() throws {
    var pair = Pair()
    try pair.register(60)
    for index in 0..<2 {
      var (packet, ids) = (ListPacket(), Set<Digest>())
      packet.cookie = try pair.cookie(of: peer(70), at: index)
      for _ in 0..<20 {
        let page: ListedPacket = try pair.ask(packet, from: peer(70), to: index)
        #expect(page.total == 60 && page.files.allSatisfy { ids.insert($0.id).inserted })
        guard page.next != 0 else { break }
        #expect(page.next > page.after)
        packet.after = page.next
      }
      #expect(ids.count == 60)
    }
  }

  @Test func findNamesTheFilesOfAllParts() throws {
    var pair = Pair()
    try pair.register(30)
    for index in 0..<2 {
      var packet = FindPacket()
      packet.cookie = try pair.cookie(of: peer(70), at: index)
      packet.name = "even"
      let found: FoundPacket = try pair.ask(packet, from: peer(70), to: index)
      let ids = Set(found.files.map(\.id))
      #expect(found.total == 15 && ids == Set((0..<15).map { digest(UInt64(2 * $0)) }))
      packet.name = "neither"
      let refused: ErrorPacket = try pair.ask(packet, from: peer(70), to: index)
      #expect(refused.code == TrackerError.unknownFile.rawValue)
    }
  }

  /// What nobody has proven to have sent makes no work for another.
  @Test func requestsWithoutACookieStayWhereTheyArrive() throws {
    var pair = Pair()
    for number in 0..<20 {
      var packet = LookupPacket()
      packet.id = digest(UInt64(number))
      let (answered, bytes) = try pair.send(packet, from: peer(1), to: number % 2)
      #expect(answered == number % 2 && packetType(of: bytes) == .error)
    }
  }

  /// A state file is divided among the parts, however many wrote it.
  @Test func aStateFileIsDivided() throws {
    var harness = TrackerHarness()
    harness.tracker.keepState()
    for number in 0..<30 { try harness.register(digest(UInt64(number)), from: peer(number), have: [run(0, 3)]) }
    let records = harness.tracker.takeChanges()
    var pair = Pair()
    let lengths = (pair.first.restore(records.span, at: pair.now), pair.second.restore(records.span, at: pair.now))
    #expect(lengths == (records.count, records.count))
    #expect(pair.first.registrationCount + pair.second.registrationCount == 30)
    #expect(pair.first.registrationCount > 3 && pair.second.registrationCount > 3)
    pair.first.beginEpoch()
    pair.second.beginEpoch()
    #expect(pair.first.epoch == pair.second.epoch && pair.first.epoch != 5)
  }
}
