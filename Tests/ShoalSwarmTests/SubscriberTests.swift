import ShoalBase
import ShoalContent
import ShoalSimulator
import ShoalSwarm
import ShoalTransport
import ShoalWire
import Testing

/// What peers that want a file from us are told.
struct SubscriberTests {
  /// A host that wants a file under some numbers, and what it is told.
  private final class Subscriber {
    private(set) var stranger: WorldStranger!
    private(set) var connection: ConnectionID?
    /// How often it was told of each chunk, under whatever number.
    var told: [UInt32: Int] = [:]
    var offers = 0, haves = 0, wants = 0
    var refused: [UInt16] = []
    var blocks: [UInt16: Int] = [:]
    var offered: Offer?
    var closed: UInt16?
    /// Whether nothing that it is told arrives, although it is heard.
    var isDeaf = false
    private let world: World

    init(_ scene: Scene, of peer: WorldPeer, _ numbers: [UInt16] = [0], floods: Bool = false) {
      world = scene.world
      stranger = scene.world.addStranger(link: Scene.link("delay=2ms")) { [self] stranger, event, _ in
        switch event {
        case .opened(let id, _):
          connection = id
          if floods { flood() }
          for number in numbers { want(scene.file.id, number) }
        case .offer(_, let offer):
          (offers, offered) = (offers + 1, offer)
          hear(offer.have)
        case .have(_, let have):
          haves += 1
          hear(have.chunks)
        case .want: wants += 1
        case .refuse(_, let refuse): refused.append(refuse.code)
        case .block(_, let block): blocks[block.file, default: 0] += block.content.count
        case .closed(_, let code): closed = code
        default: break
        }
      }
      _ = stranger.endpoint.open(to: peer.address, at: scene.world.now)
      scene.world.flush(stranger)
      scene.world.run(for: .second) { connection != nil }
      scene.world.run(for: 50 * .millisecond)
    }

    private func hear(_ runs: [ChunkRun]) {
      for run in runs { for chunk in run.first..<run.end { told[chunk, default: 0] += 1 } }
    }

    func want(_ id: Digest, _ number: UInt16, serves: UInt8 = 0) {
      var want = Want()
      (want.file, want.id, want.serves) = (number, id, serves)
      send(want)
    }

    /// Asks for so much that is not there that nothing else is queued for it, and hears none of the answers.
    func flood() {
      isDeaf = true
      let address = stranger.address
      world.network.onSend = { [self] datagram, _ in
        !isDeaf || datagram.to != address || TrackerNetwork.packetType(of: datagram.bytes) != .data
      }
      for _ in 0..<150 {
        var request = Request()
        (request.file, request.ranges) = (7, Array(repeating: RangeField(offset: .max, length: .max), count: 90))
        send(request)
      }
    }

    func send(_ message: some Message) { if let connection { stranger.send(message, on: connection) } }
  }

  /// A peer that comes in the middle is told what is here then, and of each chunk that comes later, once.
  @Test func whoComesLaterIsToldOfEachChunkOnce() {
    let scene = Scene(1, 60 * 16_384, .size(16_384))
    let origin = scene.origin("delay=5ms,rate=4mbit")
    let peer = scene.downloader(from: [origin.address])
    let early = Subscriber(scene, of: peer)
    scene.world.run(for: 800 * .millisecond)
    let late = Subscriber(scene, of: peer)
    let here = peer.swarm.chunks(scene.downloads[0].key)
    #expect(here.count > 5 && !here.isComplete)
    #expect(late.offers == 1 && late.told.count >= 5, "told at once of what is here")
    scene.finish(within: 20)
    scene.world.run(for: 500 * .millisecond)
    for subscriber in [early, late] {
      #expect(subscriber.offers == 1 && subscriber.told.count == 60)
      #expect(subscriber.told.values.allSatisfy { $0 == 1 })
    }
  }

  /// A map that does not fit in one OFFER grows, and is complete in the end, while none of it can be told.
  @Test func aLongMapThatGrowsIsToldWhole() {
    let scene = Scene(2, 4_000 * 1_024, .size(1_024))
    let origin = scene.origin("delay=2ms,rate=20mbit")
    let odd = (0..<2_000).map { ChunkRun(first: UInt32(2 * $0 + 1), count: 1) }
    let peer = scene.downloader("delay=2ms", from: [origin.address], having: odd)
    scene.world.run(for: 5 * .second) { peer.swarm.progress(scene.downloads[0].key).bytes > 2_010 * 1_024 }
    let subscriber = Subscriber(scene, of: peer, floods: true)
    #expect(subscriber.offers == 0)
    scene.finish(within: 20)
    scene.world.run(for: 200 * .millisecond)
    subscriber.isDeaf = false
    scene.world.run(for: 5 * .second)
    #expect(subscriber.offers == 1 && subscriber.told.count == 4_000, "\(subscriber.told.count)")
    #expect(subscriber.told.values.allSatisfy { $0 == 1 })
  }

  /// A peer that takes nothing for long while a great deal comes is told of everything anew; not each chunk is
  /// remembered for it.
  @Test func whoTakesNothingIsToldAnew() {
    let scene = Scene(3, 10_400 * 1_024, .size(1_024))
    // Every other piece, so that no two join.
    let odd = (0..<5_200).map { ChunkRun(first: UInt32(2 * $0 + 1), count: 1) }
    let first = scene.origin("delay=1ms")
    let half = scene.downloader("delay=1ms,rate=12mbit", from: [first.address], having: odd)
    scene.world.run(for: 5 * .second) { !half.swarm.chunks(scene.downloads[0].key).isEmpty }
    scene.world.crash(first)
    let peer = scene.downloader("delay=1ms", from: [half.address])
    scene.world.run(for: 2 * .second) { peer.swarm.manifest(scene.downloads[1].key) != nil }
    let subscriber = Subscriber(scene, of: peer)
    scene.world.run(for: 5 * .second) { subscriber.haves > 0 }
    subscriber.flood()
    scene.world.flush(subscriber.stranger)
    scene.world.run(for: 20 * .second) { peer.swarm.chunks(scene.downloads[1].key).count >= 5_200 }
    subscriber.isDeaf = false
    scene.world.run(for: 5 * .second)
    let all = peer.swarm.chunks(scene.downloads[1].key)
    #expect(all.count >= 5_200 && subscriber.told.count == all.count, "\(all.count) \(subscriber.told.count)")
    #expect(subscriber.told.values.contains { $0 > 1 }, "it was told of all anew")
    scene.check()
  }

  /// A peer that wanted a file before it was known here is offered it as soon as it is.
  @Test func whoWantedItBeforeItWasKnownIsOfferedIt() {
    let scene = Scene(4, 500_000)
    let peer = scene.downloader()
    let subscriber = Subscriber(scene, of: peer)
    scene.world.run(for: .second)
    #expect(subscriber.offers == 0 && subscriber.refused.isEmpty)
    let origin = scene.origin("delay=5ms,rate=1mbit")
    scene.tell(0, of: [origin.address])
    scene.world.run(for: 2 * .second) { subscriber.offers > 0 }
    #expect(subscriber.offers == 1 && !peer.swarm.chunks(scene.downloads[0].key).isComplete)
    #expect(subscriber.offered?.size == 500_000 && subscriber.offered?.name == "file")
  }

  /// CANCEL of a file: no more of it is sent, and what is wanted under another number still is.
  @Test func whatIsCancelledIsNotSent() {
    let scene = Scene(5, 2_000_000)
    let origin = scene.origin("delay=2ms,rate=4mbit")
    let subscriber = Subscriber(scene, of: origin, [0, 1])
    for (number, offset) in [(0, 0), (1, 1_500_000)] as [(UInt16, UInt64)] {
      var request = Request()
      (request.file, request.ranges) = (number, [RangeField(offset: offset, length: 400_000)])
      subscriber.send(request)
    }
    scene.world.flush(subscriber.stranger)
    scene.world.run(for: 100 * .millisecond)
    var cancel = Cancel()
    cancel.file = 0
    subscriber.send(cancel)
    scene.world.flush(subscriber.stranger)
    scene.world.run(for: 5 * .second)
    #expect(subscriber.blocks[0] ?? 0 < 150_000 && subscriber.blocks[1] == 400_000, "\(subscriber.blocks)")
    let served = origin.events.compactMap { if case .served(_, _, let bytes) = $0 { bytes } else { nil } }
    // It still wants the file.
    #expect(served.isEmpty && origin.swarm.connectionCount == 1)
  }

  /// A file that is not to be served is offered to nobody and announced to no tracker, and is asked for as such.
  @Test func whatIsNotServedIsToldToNobody() {
    let scene = Scene(6, 60 * 16_384, .size(16_384))
    let tracker = scene.world.addTracker(link: Scene.link("delay=5ms"))
    var serves: [UInt8] = []
    let origin = scene.origin("delay=5ms,rate=4mbit")
    let asker = scene.liar(then: { _, event, _ in if case .want(_, let want) = event { serves.append(want.serves) } })
    let peer = scene.world.addPeer(Scene.configuration(), link: Scene.link("delay=5ms"), trackers: [tracker])
    let addresses = [origin.address, asker.address]
    let key = scene.world.download(scene.file, to: peer, from: addresses, serving: false)
    scene.downloads.append((peer, key))
    let early = Subscriber(scene, of: peer)
    scene.world.run(for: 500 * .millisecond)
    let late = Subscriber(scene, of: peer)
    scene.finish(within: 20)
    let last = Subscriber(scene, of: peer)
    for subscriber in [early, late, last] {
      #expect(subscriber.refused == [Refusal.unknownFile.rawValue] && subscriber.offers == 0 && subscriber.haves == 0)
    }
    #expect(serves == [0])
    // A tracker that comes later hears nothing of it either.
    let other = scene.world.addTracker(link: Scene.link("delay=5ms"))
    peer.swarm.add(tracker: other, at: scene.world.now)
    scene.world.flush(peer)
    scene.world.run(for: 5 * .second)
    #expect(scene.world.registrations(tracker) == 0 && scene.world.registrations(other) == 0)
  }

  /// If the same file is here both whole and on its way, the whole one is offered.
  @Test(arguments: [false, true]) func whatIsWholeIsOffered(isShared: Bool) {
    let scene = Scene(7, 500_000)
    let peer = scene.downloader()
    if isShared { scene.world.share(scene.file, from: peer) }
    let subscriber = Subscriber(scene, of: peer)
    #expect(subscriber.offers == (isShared ? 1 : 0))
    #expect(subscriber.told.count == (isShared ? Int(scene.file.cut.chunks) : 0))
  }

  /// A file that is withdrawn is no longer known, unless it is here a second time.
  @Test func whatIsWithdrawnIsNotKnown() {
    let scene = Scene(8, 500_000)
    let tracker = scene.world.addTracker(link: Scene.link("delay=5ms"))
    let origin = scene.origin(trackers: [tracker])
    let again = scene.world.share(scene.file, from: origin)
    scene.world.run(for: 2 * .second)
    origin.swarm.withdraw(FileKey(source: 0), at: scene.world.now)
    scene.world.flush(origin)
    scene.world.run(for: 2 * .second)
    #expect(scene.world.registrations(tracker) == 1)
    let first = Subscriber(scene, of: origin)
    #expect(first.offers == 1 && first.refused.isEmpty)
    origin.swarm.withdraw(again, at: scene.world.now)
    scene.world.flush(origin)
    scene.world.run(for: 2 * .second)
    #expect(first.closed == CloseCode.goingAway.rawValue && scene.world.registrations(tracker) == 0)
    let second = Subscriber(scene, of: origin)
    #expect(second.offers == 0 && second.refused == [Refusal.unknownFile.rawValue])
  }

  /// Trackers are told of chunks that come one by one.
  @Test func trackersAreToldOfChunks() {
    let scene = Scene(9, 60 * 16_384, .size(16_384))
    let tracker = scene.world.addTracker(link: Scene.link("delay=5ms"))
    let server = ScriptedServer(scene)
    server.answer = { $0.offset % 32_768 == 0 ? [$0] : [] }
    let peer = scene.downloader(trackers: [tracker], from: [server.address])
    let key = scene.downloads[0].key
    scene.world.run(for: 2_500 * .millisecond)
    #expect(peer.swarm.chunks(key).count == 30)
    let asker = scene.world.addPeer(Scene.configuration(), link: Scene.link("delay=5ms"), trackers: [tracker])
    asker.swarm.map(id: scene.file.id, of: peer.address, chunks: 60)
    scene.world.flush(asker)
    scene.world.run(for: .second)
    let told = asker.events.compactMap { event in
      if case .tracker(_, .mapped(_, _, let chunks)) = event { chunks } else { nil }
    }
    #expect(told == [peer.swarm.chunks(key)])
  }

  /// Both a tracker that was added before and one added after are told of what came in the end.
  @Test func aFileOfOnePieceIsRegisteredWhenItIsWhole() {
    let scene = Scene(10, 900)
    let trackers = (0..<2).map { _ in scene.world.addTracker(link: Scene.link("delay=5ms")) }
    let origin = scene.origin()
    let peer = scene.downloader(trackers: [trackers[0]])
    scene.world.run(for: 2 * .second)
    #expect(scene.world.registrations(trackers[0]) == 0)
    scene.tell(0, of: [origin.address])
    scene.finish(within: 5)
    peer.swarm.add(tracker: trackers[1], at: scene.world.now)
    scene.world.flush(peer)
    scene.world.run(for: 2 * .second)
    #expect(trackers.allSatisfy { scene.world.registrations($0) == 1 })
  }
}
