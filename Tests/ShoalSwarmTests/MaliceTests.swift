import ShoalBase
import ShoalContent
import ShoalLink
import ShoalSimulator
import ShoalTransport
import ShoalWire
import TestSupport
import Testing

@testable import ShoalSwarm

struct MaliceTests {
  /// One peer serves wrong bytes of some pieces, beside an honest one.
  @Test(arguments: seeds(1..<5))
  func wrongBytes(seed: UInt64) {
    let scene = Scene(seed, 3_000_000)
    let origin = scene.origin("delay=5ms,rate=20mbit")
    let liar = scene.origin("delay=5ms,rate=100mbit")
    liar.lies = { $0 % 5 == 2 }
    let peer = scene.downloader("delay=5ms", from: [origin.address, liar.address])
    scene.finish(within: 30)
    #expect(peer.distrusts(liar.address) && !peer.distrusts(origin.address), "seed \(seed)")
  }

  /// The only peer there at first lies, and with more than one source a piece may come from both.
  @Test(arguments: seeds(1..<6))
  func wrongBytesInPiecesOfSeveral(seed: UInt64) {
    let scene = Scene(seed, 1_000_000, .count(4))
    let origin = scene.origin("delay=5ms,rate=4mbit")
    let liar = scene.origin("delay=5ms,rate=6mbit")
    liar.lies = { _ in true }
    let peer = scene.downloader("delay=5ms", from: [origin.address, liar.address])
    scene.finish(within: 60)
    #expect(!peer.distrusts(origin.address), "seed \(seed)")
  }

  /// A proven liar is asked for nothing more: not when it connects of its own accord, nor for another file.
  @Test func aProvenLiarIsLeftAlone() {
    let scene = Scene(1, 300_000)
    let liar = scene.origin("delay=1ms,rate=100mbit")
    liar.lies = { _ in true }
    let peer = scene.downloader("delay=1ms", from: [liar.address])
    #expect(scene.world.run(for: 5 * .second) { peer.distrusts(liar.address) })
    scene.world.run(for: .second)
    func isAsked() -> Bool { peer.swarm.openLinks.contains { !$0.wanted.isEmpty } }
    // It connects, and says that it serves what is wanted here.
    let other = WorldFile(seed: 77, size: 300_000)
    scene.world.share(other, from: liar)
    let theirs = scene.world.download(scene.file.recut(.count(9)), to: liar, from: [peer.address])
    scene.world.run(for: 2 * .second)
    #expect(liar.swarm.connectionCount == 1 && !isAsked())
    liar.swarm.withdraw(theirs, at: scene.world.now)
    // It is named for another file.
    let key = scene.world.download(other, to: peer, from: [liar.address])
    liar.lies = { _ in false }
    scene.world.run(for: 700 * .second)
    #expect(peer.swarm.connectionCount == 0 && !isAsked() && peer.swarm.progress(key).accepted == 0)
  }

  /// Not forever: an address may be somebody else's tomorrow.
  @Test func aLieIsForgottenInTheEnd() {
    let (liar, neighbour) = (Address(ipv4: 0x0a07_0001, port: 1), Address(ipv4: 0x0a07_0001, port: 2))
    var bans = BanList()
    let start = Instant(nanoseconds: .second)
    bans.insert(liar, at: start)
    #expect(bans.contains(liar, at: start + 86_399 * .second) && !bans.contains(neighbour, at: start))
    #expect(bans.rest(ofHostOf: neighbour, at: start) == start + 30 * .second)
    bans.insert(neighbour, at: start)
    #expect(bans.rest(ofHostOf: liar.with(port: 3), at: start) == start + 60 * .second)
    #expect(bans.rest(ofHostOf: Address(ipv4: 0x0a07_0002, port: 1), at: start) == nil)
    #expect(!bans.contains(liar, at: start + 86_400 * .second))
    #expect(bans.rest(ofHostOf: liar.with(port: 3), at: start + 86_400 * .second) == nil)
  }

  @Test(arguments: [900, 3_000_000])
  func aFalseSize(size: Int) {
    for (seed, claim) in [(1, 1), (2, size - 1), (3, size + 1), (4, 70_000), (5, 1 << 40)] {
      let scene = Scene(UInt64(seed), size)
      let origin = scene.origin("delay=40ms")
      let liar = scene.liar(
        "delay=1ms",
        offers: { offer in
          let cut = Cut(size: UInt64(claim))
          (offer.size, offer.pieceExponent, offer.chunks) = (cut.size, cut.pieceExponent, cut.chunks)
          offer.have = [ChunkRun(first: 0, count: cut.chunks)]
        })
      let peer = scene.downloader("delay=1ms", from: [liar.address, origin.address])
      scene.finish(within: 30)
      #expect(!peer.distrusts(origin.address), "seed \(seed)")
    }
  }

  /// A peer that claims a size and has nothing of the file must not keep others from being asked.
  @Test func aFalseSizeOfOneWhoHasNothing() {
    let scene = Scene(1, 900)
    let origin = scene.origin("delay=40ms")
    let liar = scene.liar("delay=1ms", offers: { ($0.size, $0.have) = (500, []) })
    scene.downloader("delay=1ms", from: [liar.address, origin.address])
    scene.finish(within: 20)
  }

  /// Claims of several peers that have nothing take turns, and time passes.
  @Test func falseSizesTakeTurns() {
    let scene = Scene(1, 900)
    let liars = [400, 500, 600].map { size in scene.liar("delay=1ms", offers: { ($0.size, $0.have) = (size, []) }) }
    let peer = scene.downloader("delay=1ms", from: liars.map(\.address))
    scene.world.run(for: 20 * .second)
    let turns = peer.events.count { if case .manifest = $0 { true } else { false } }
    #expect(turns >= 3 && turns <= 8, "\(turns)")
    let origin = scene.origin()
    peer.swarm.add(peer: origin.address, for: scene.downloads[0].key, at: scene.world.now)
    scene.world.flush(peer)
    scene.finish(within: 20)
  }

  /// A false size that somebody claims for a small file must not be believed by others through us.
  @Test func aFalseSizeIsNotPassedOn() {
    let scene = Scene(1, 900)
    let liar = scene.liar("delay=1ms", offers: { $0.size = 500 })
    let peer = scene.downloader(from: [liar.address])
    var offers = 0
    let asker = scene.world.addStranger(link: Scene.link("delay=1ms")) { stranger, event, _ in
      if case .opened(let id, _) = event {
        var want = Want()
        want.id = scene.file.id
        stranger.send(want, on: id)
      }
      if case .offer = event { offers += 1 }
    }
    scene.world.run(for: .second)
    _ = asker.endpoint.open(to: peer.address, at: scene.world.now)
    scene.world.flush(asker)
    scene.world.run(for: 5 * .second)
    #expect(offers == 0)
    let origin = scene.origin()
    peer.swarm.add(peer: origin.address, for: scene.downloads[0].key, at: scene.world.now)
    scene.world.flush(peer)
    scene.finish(within: 20)
    scene.world.run(for: .second)
    #expect(offers == 1)
  }

  /// The manifest is wrong at the front, in the middle, or at the end; or never comes; or comes byte by byte.
  @Test(arguments: [0, 1_100, 2_000, -1, -2])
  func aFalseManifest(at place: Int) {
    let scene = Scene(1, 10_000_000)
    let origin = scene.origin("delay=40ms")
    let manifest = scene.file.manifest.bytes
    var asked: (ConnectionID, Request)?
    let liar = scene.liar(
      "delay=1ms",
      then: { stranger, event, _ in
        guard case .request(let id, let request) = event, request.space == 1, place >= -2 else { return }
        asked = (id, request)
        guard place >= 0 else { return }
        for range in request.ranges {
          let payload = Payload(
            source: 0, space: .manifest, file: request.file, offset: range.offset, length: Int(range.length))
          stranger.endpoint.send(payload, on: id)
        }
      })
    liar.content = { payload, room in
      for i in 0..<room.count {
        room[i] = manifest[Int(payload.offset) + i] ^ (Int(payload.offset) + i == place ? 1 : 0)
      }
    }
    let peer = scene.downloader("delay=1ms", from: [liar.address, origin.address])
    if place == -2 {
      for i in 0..<15 {
        scene.world.run(for: .second)
        guard let (id, request) = asked else { continue }
        liar.endpoint.send(
          Payload(source: 0, space: .manifest, file: request.file, offset: UInt64(i), length: 1), on: id)
        scene.world.flush(liar)
      }
    }
    scene.finish(within: 30)
    #expect(peer.distrusts(liar.address) == (place >= 0))
  }

  @Test(arguments: seeds(1..<4))
  func oneWhoClaimsAllAndHasNothing(seed: UInt64) {
    let scene = Scene(seed, 3_000_000)
    let origin = scene.origin("delay=5ms,rate=20mbit")
    let liar = scene.liar(
      "delay=1ms",
      then: { stranger, event, _ in
        guard case .request(let id, let request) = event else { return }
        var refuse = Refuse()
        refuse.file = request.file
        refuse.space = request.space
        refuse.code = Refusal.notHere.rawValue
        refuse.ranges = request.ranges
        stranger.send(refuse, on: id)
      })
    scene.downloader(from: [origin.address, liar.address])
    #expect(scene.finish(within: 30) < 6 * .second)
  }

  @Test(arguments: seeds(1..<4))
  func oneWhoNeverAnswers(seed: UInt64) {
    let scene = Scene(seed, 6_000_000)
    let origin = scene.origin("delay=5ms,rate=20mbit")
    let liar = scene.liar("delay=1ms")
    scene.downloader(from: [liar.address, origin.address])
    // 2.4 s at 20 Mbit/s, 5 s for the manifest, 3 s for pieces.
    #expect(scene.finish(within: 30) < 13 * .second)
  }

  /// A peer that repeats the same bytes of a piece must not count as one that sends.
  @Test(arguments: seeds(1..<3))
  func oneWhoRepeatsHimself(seed: UInt64) {
    let scene = Scene(seed, 3_000_000)
    let origin = scene.origin("delay=5ms,rate=20mbit")
    let liar = scene.liar(
      "delay=1ms",
      then: { stranger, event, _ in
        guard case .request(let id, let request) = event, request.space == 0 else { return }
        for range in request.ranges {
          for _ in 0..<64 {
            stranger.endpoint.send(
              Payload(source: 0, space: .content, file: request.file, offset: range.offset, length: 1_024), on: id)
          }
        }
      })
    let file = scene.file
    liar.content = { payload, room in file.fill(&room, offset: payload.offset) }
    let peer = scene.downloader(from: [liar.address, origin.address])
    #expect(scene.finish(within: 40) < 20 * .second)
    #expect(peer.ledgerIsRight)
  }

  /// A peer that opens a connection, asks for what is not there, and never takes an answer: it is dropped, and nothing
  /// grows.
  @Test func aFloodOfMessages() {
    let scene = Scene(1, 1_000_000)
    let origin = scene.origin("delay=1ms")
    var closes = 0
    var connection: ConnectionID?
    let flood = scene.world.addStranger(link: Scene.link("delay=1ms,rate=100mbit")) { _, event, _ in
      if case .opened(let id, _) = event { connection = id }
      if case .closed = event { closes += 1 }
    }
    _ = flood.endpoint.open(to: origin.address, at: scene.world.now)
    scene.world.flush(flood)
    scene.world.run(for: 100 * .millisecond)
    guard let connection else { return #expect(Bool(false)) }
    var most = 0
    for round in 0..<400 {
      for i in 0..<20 {
        var request = Request()
        request.file = UInt16(i)
        request.ranges = (0..<90).map { RangeField(offset: UInt64($0) << 58, length: .max) }
        flood.send(request, on: connection)
        var have = Have()
        have.chunks = [ChunkRun(first: UInt32(round), count: 9)]
        flood.send(have, on: connection)
        var want = Want()
        want.file = UInt16(truncatingIfNeeded: round * 20 + i)
        want.id = i % 2 == 0 ? scene.file.id : .zero
        flood.send(want, on: connection)
        var cancel = Cancel()
        cancel.file = UInt16(truncatingIfNeeded: round * 20 + i)
        cancel.ranges = i % 3 == 0 ? [] : [RangeField(offset: .max, length: .max)]
        flood.send(cancel, on: connection)
      }
      scene.world.flush(flood)
      scene.world.run(for: 10 * .millisecond)
      for link in origin.swarm.openLinks {
        most = max(most, origin.swarm.endpoint.queued(link.connection).messages)
        #expect(link.served.count <= 64)
      }
    }
    #expect(most <= SwarmConstants.queuedMessages + 2)
    scene.check()
    scene.downloader(from: [origin.address])
    scene.finish(within: 20)
  }
}
