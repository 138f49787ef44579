import ShoalBase
import ShoalContent
import ShoalLink
import ShoalSimulator
import ShoalTransport
import ShoalWire
import TestSupport
import Testing

@testable import ShoalSwarm

/// Peers that send anything at all: nothing traps, nothing grows without bound, and honest peers are served.
struct HostilePeerTests {
  /// Numbers at which arithmetic goes wrong.
  private static func number(_ random: inout SeededGenerator, _ file: WorldFile) -> UInt64 {
    let size = file.cut.size
    let edges: [UInt64] = [
      0, 1, size - 1, size, size + 1, 65_535, 65_536, UInt64(UInt32.max), 1 << 32, 1 << 44, 1 << 62, .max - 1, .max,
    ]
    return random.next() % 3 == 0 ? random.next() % (size + 2) : edges[Int(random.next() % UInt64(edges.count))]
  }

  private static func runs(_ random: inout SeededGenerator) -> [ChunkRun] {
    var runs: [ChunkRun] = []
    var next: UInt32 = 0
    for _ in 0..<random.next() % 30 {
      let first = next + UInt32(random.next() % (random.next() % 5 == 0 ? 1_000_000 : 9))
      let count = 1 + UInt32(random.next() % (random.next() % 5 == 0 ? 1_000_000 : 9))
      guard first + count <= UInt32(Limits.chunks) else { break }
      runs.append(ChunkRun(first: first, count: count))
      next = first + count
    }
    return runs
  }

  private static func ranges(_ random: inout SeededGenerator, _ file: WorldFile) -> [RangeField] {
    (0..<random.next() % 90).map { _ in
      RangeField(offset: number(&random, file), length: UInt32(truncatingIfNeeded: number(&random, file)))
    }
  }

  private static func say(
    _ random: inout SeededGenerator, _ stranger: WorldStranger, _ id: ConnectionID, _ file: WorldFile
  ) {
    let number = UInt16(random.next() % 4)
    switch random.next() % 8 {
    case 0:
      var want = Want()
      (want.file, want.id, want.serves) = (number, random.next() % 3 > 0 ? file.id : .zero, UInt8(random.next() % 3))
      stranger.send(want, on: id)
    case 1:
      var offer = Offer()
      (offer.file, offer.size, offer.chunks) = (number, file.cut.size, file.cut.chunks)
      offer.pieceExponent = file.cut.pieceExponent
      if random.next() % 3 == 0 { offer.size = Self.number(&random, file) }
      if random.next() % 5 == 0 { offer.chunks = UInt32(truncatingIfNeeded: random.next()) }
      if random.next() % 5 == 0 { offer.pieceExponent = UInt8(random.next() % 25) }
      offer.have = runs(&random)
      offer.name = String(repeating: "ä", count: Int(random.next() % 127))
      stranger.send(offer, on: id)
    case 2:
      var have = Have()
      (have.file, have.chunks) = (number, runs(&random))
      stranger.send(have, on: id)
    case 3:
      var request = Request()
      (request.file, request.space, request.ranges) = (number, UInt8(random.next() % 3), ranges(&random, file))
      stranger.send(request, on: id)
    case 4:
      var cancel = Cancel()
      (cancel.file, cancel.space, cancel.ranges) = (number, UInt8(random.next() % 3), ranges(&random, file))
      stranger.send(cancel, on: id)
    case 5:
      var refuse = Refuse()
      (refuse.file, refuse.space, refuse.ranges) = (number, UInt8(random.next() % 3), ranges(&random, file))
      refuse.code = UInt16(random.next() % 6)
      stranger.send(refuse, on: id)
    case 6:
      // Bytes that nobody takes for a message of this version, or for the message that they claim to be.
      var bytes = (0..<3 + random.next() % 60).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      bytes[0] = UInt8(random.next() % 10)
      bytes[1] = 0
      bytes[2] = UInt8(bytes.count - 3)
      stranger.endpoint.send(bytes, on: id)
    default:
      let space: ContentSpace = random.next() % 2 == 0 ? .content : .manifest
      stranger.endpoint.send(
        Payload(
          source: 0, space: space, file: number, offset: Self.number(&random, file) & .max >> 2,
          length: 1 + Int(random.next() % 3_000)), on: id)
    }
  }

  @Test(arguments: seeds(1..<9))
  func anything(seed: UInt64) {
    let scene = Scene(seed, seed % 3 == 0 ? 50_000 : 2_000_000, seed % 2 == 0 ? .automatic : .count(20))
    let origin = scene.origin("delay=5ms,rate=20mbit")
    var random = SeededGenerator(seed: seed)
    let file = scene.file
    let strangers = (0..<4).map { _ in
      scene.world.addStranger(link: Scene.link("delay=2ms")) { stranger, event, _ in
        switch event {
        case .opened(let id, _), .want(let id, _), .request(let id, _), .other(let id, _), .offer(let id, _),
          .have(let id, _), .cancel(let id, _):
          for _ in 0..<random.next() % 6 { Self.say(&random, stranger, id, file) }
        case .block, .refuse, .closed: break
        }
      }
    }
    for stranger in strangers {
      stranger.content = { _, room in for i in 0..<min(room.count, 8) { room[i] = UInt8(i) } }
    }
    let peers = (0..<2).map { _ in scene.downloader("delay=5ms,rate=20mbit", from: strangers.map(\.address)) }
    scene.world.run(for: 2 * .second)
    for (peer, key) in scene.downloads {
      peer.swarm.add(peer: origin.address, for: key, at: scene.world.now)
      scene.world.flush(peer)
    }
    for round in 0..<20 {
      for stranger in strangers {
        let target = round % 3 == 0 ? origin : peers[round % 2]
        let id = stranger.endpoint.open(to: target.address, at: scene.world.now)
        scene.world.flush(stranger)
        scene.world.run(for: 10 * .millisecond)
        for _ in 0..<10 { if let id { Self.say(&random, stranger, id, file) } }
        scene.world.flush(stranger)
      }
      scene.world.run(for: 50 * .millisecond)
      for peer in peers where !peer.ledgerIsRight { Issue.record("seed \(seed): the ledger is wrong") }
    }
    scene.finish(within: 120)
    #expect(!peers.contains { $0.distrusts(origin.address) }, "seed \(seed)")
  }

  /// Addresses that anybody may announce do not shut out those that answer, and do not make us flood strangers.
  @Test func aFloodOfAddresses() {
    let scene = Scene(1, 500_000)
    let origin = scene.origin()
    let peer = scene.downloader { $0.addressesPerFile = 50 }
    let key = scene.downloads[0].key
    for i in 0..<2_000 {
      peer.swarm.add(peer: Address(ipv4: 0x0a01_0000 + UInt32(i), port: 9), for: key, at: scene.world.now)
    }
    #expect(peer.swarm.knownPeers(key) == 50)
    scene.world.flush(peer)
    let before = scene.world.network.unreachable
    scene.world.run(for: 10 * .second)
    #expect(scene.world.network.unreachable - before <= 50 * 2 * 3)
    peer.swarm.add(peer: origin.address, for: key, at: scene.world.now)
    #expect(peer.swarm.download(key)?.book.entries[origin.address] != nil)
    scene.world.flush(peer)
    scene.finish(within: 40)
  }

  /// A ticket may name anybody: its trackers are contacted one after another.
  @Test func manyTrackersAreAskedOneAfterTheOther() {
    let scene = Scene(1, 500_000)
    let trackers = (0..<40).map { Address(ipv4: 0x0a02_0000 + UInt32($0), port: 7_400) }
    scene.downloader(trackers: trackers)
    scene.world.run(for: 890 * .millisecond)
    #expect(scene.world.network.unreachable == 8)
    scene.world.run(for: 60 * .second)
    #expect(scene.world.network.unreachable > 160, "all of them")
  }

  @Test func randomDatagrams() {
    let scene = Scene(1, 500_000)
    let origin = scene.origin(trackers: [Address(ipv4: 0x0a0a_0a0a, port: 7_400)])
    var random = SeededGenerator(seed: 5)
    for i in 0..<20_000 {
      var bytes = (0..<16 + random.next() % 100).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      bytes[0] = 0x53
      bytes[1] = 0x68
      bytes[2] = i % 9 == 0 ? 0 : 1
      bytes[3] = UInt8(random.next() % 40)
      Datagram.seal(&bytes)
      let from = i % 2 == 0 ? Address(ipv4: 0x0a0a_0a0a, port: 7_400) : Address(ipv4: UInt32(i), port: 1)
      scene.world.network.send(NetworkDatagram(from: from, to: origin.address, bytes: bytes))
    }
    scene.world.run(for: 5 * .second)
    scene.downloader(from: [origin.address])
    scene.finish(within: 20)
  }
}
