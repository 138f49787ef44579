import ShoalBase
import ShoalContent
import ShoalLink
import ShoalSimulator
import ShoalTransport
import ShoalWire
import TestSupport
import Testing

@testable import ShoalSwarm

/// Which messages are sent to whom, and when connections end.
struct ConversationTests {
  @Test func bothSidesCloseWhatIsIdle() {
    let scene = Scene(1, 500_000)
    let origin = scene.origin()
    let peer = scene.downloader(from: [origin.address])
    scene.finish(within: 10)
    scene.world.run(for: .second)
    #expect(origin.swarm.connectionCount == 0 && peer.swarm.connectionCount == 0)
    let served = origin.events.compactMap { if case .served(_, peer.address, let bytes) = $0 { bytes } else { nil } }
    #expect(served.count == 1 && served[0] >= 500_000)
    scene.world.run(for: 12 * .second)
    #expect(origin.swarm.deadline == .distantFuture && peer.swarm.deadline == .distantFuture)
  }

  /// A host that connects and wants nothing must not hold a connection forever.
  @Test func whoWantsNothingIsSentAway() {
    let scene = Scene(1, 500_000)
    let origin = scene.origin()
    var code: UInt16?
    let idler = scene.world.addStranger { _, event, _ in if case .closed(_, let c) = event { code = c } }
    _ = idler.endpoint.open(to: origin.address, at: scene.world.now)
    scene.world.flush(idler)
    scene.world.run(for: 5 * .second)
    #expect(origin.swarm.connectionCount == 1)
    scene.world.run(for: 10 * .second)
    #expect(origin.swarm.connectionCount == 0 && code == CloseCode.done.rawValue)
  }

  @Test func anIdleSeederSleeps() {
    let scene = Scene(1, 500_000)
    let tracker = scene.world.addTracker()
    let origin = scene.origin(trackers: [tracker])
    scene.world.run(for: 5 * .second)
    let before = origin.wakes
    scene.world.run(for: 600 * .second)
    #expect(origin.wakes - before <= 45, "\(origin.wakes - before) wakes in ten minutes")
    #expect(scene.world.registrations(tracker) == 1)
  }

  @Test func aPeerThatKeepsAConnectionWakesASeederRarely() {
    let scene = Scene(1, 500_000)
    let origin = scene.origin()
    let idler = scene.world.addStranger { stranger, event, _ in
      if case .opened(let id, _) = event {
        var want = Want()
        want.id = scene.file.id
        stranger.send(want, on: id)
      }
    }
    _ = idler.endpoint.open(to: origin.address, at: scene.world.now)
    scene.world.flush(idler)
    scene.world.run(for: 60 * .second)
    let before = origin.wakes
    scene.world.run(for: 600 * .second)
    #expect(origin.wakes - before < 300, "\(origin.wakes - before) wakes in ten minutes")
    #expect(origin.swarm.connectionCount == 1)
  }

  @Test func stoppingSaysGoodbye() {
    let scene = Scene(1, 3_000_000)
    let tracker = scene.world.addTracker(link: Scene.link("delay=5ms"))
    let origin = scene.origin("delay=5ms,rate=20mbit", trackers: [tracker])
    let peer = scene.downloader(trackers: [tracker])
    scene.world.run(for: 5 * .second) { peer.swarm.progress(scene.downloads[0].key).bytes > 0 }
    #expect(peer.swarm.connectionCount == 1)
    scene.world.stop(peer)
    #expect(!peer.isQuiet)
    #expect(scene.world.run(for: .second) { peer.isQuiet })
    scene.world.run(for: .second)
    #expect(peer.swarm.deadline == .distantFuture && origin.swarm.connectionCount == 0)
    #expect(scene.world.registrations(tracker) == 1)
    let left = origin.events.compactMap { if case .left(_, peer.address, let bytes) = $0 { bytes } else { nil } }
    #expect(left.count == 1 && left[0] > 0)
    scene.check()
  }

  @Test func aWantedFileMayComeLater() {
    let scene = Scene(1, 2_000_000)
    let middle = scene.downloader()
    let last = scene.downloader(from: [middle.address])
    scene.world.run(for: 3 * .second)
    #expect(last.swarm.connectionCount == 1)
    let origin = scene.origin("delay=5ms,rate=20mbit")
    middle.swarm.add(peer: origin.address, for: scene.downloads[0].key, at: scene.world.now)
    scene.world.flush(middle)
    #expect(scene.finish(within: 20) < 4 * .second)
    #expect(last.swarm.progress(scene.downloads[1].key).from.keys.contains(middle.address))
  }

  @Test(arguments: seeds(1..<4))
  func partialDownloadersConnectToEachOtherAtOnce(seed: UInt64) {
    let scene = Scene(seed, 3_000_000)
    let origin = scene.origin("delay=10ms,rate=8mbit")
    let a = scene.downloader("delay=10ms", from: [origin.address])
    let b = scene.downloader("delay=10ms", from: [origin.address])
    a.swarm.add(peer: b.address, for: scene.downloads[0].key, at: scene.world.now)
    b.swarm.add(peer: a.address, for: scene.downloads[1].key, at: scene.world.now)
    scene.world.flush(a)
    scene.world.flush(b)
    scene.finish(within: 20)
    #expect(origin.contentSent < 4_500_000, "seed \(seed): \(origin.contentSent)")
    scene.world.run(for: 2 * .second)
    #expect(a.swarm.connectionCount == 0 && b.swarm.connectionCount == 0 && origin.swarm.connectionCount == 0)
  }

  @Test func anUnknownFileIsRefusedAndNotAskedForAgainAtOnce() {
    let scene = Scene(1, 500_000)
    let other = scene.world.addPeer(Scene.configuration(), link: Scene.link("delay=5ms"))
    let peer = scene.downloader(from: [other.address])
    scene.world.run(for: 50 * .second)
    let refusals = peer.events.compactMap { if case .refused(_, other.address, let code) = $0 { code } else { nil } }
    #expect(refusals == [Refusal.unknownFile.rawValue])
    #expect(peer.swarm.connectionCount == 0)
    scene.world.share(scene.file, from: other)
    scene.finish(within: 30)
  }

  @Test func manyWantsOnOneConnectionAreRefused() {
    let scene = Scene(1, 500_000)
    let origin = scene.origin()
    var refusals: [UInt16] = []
    let asker = scene.world.addStranger { stranger, event, _ in
      if case .opened(let id, _) = event {
        for i in 0..<70 {
          var want = Want()
          want.file = UInt16(i)
          want.id = scene.file.id
          stranger.send(want, on: id)
        }
      }
      if case .refuse(_, let refuse) = event { refusals.append(refuse.code) }
    }
    _ = asker.endpoint.open(to: origin.address, at: scene.world.now)
    scene.world.flush(asker)
    scene.world.run(for: 5 * .second)
    #expect(refusals == Array(repeating: Refusal.tooManyFiles.rawValue, count: 6))
    #expect(origin.swarm.openLinks.allSatisfy { $0.served.count == 64 })
  }

  /// HAVE may overtake OFFER, as packets are handed on as they come.
  @Test func haveBeforeOffer() {
    let scene = Scene(1, 40 * 65_536)
    let file = scene.file
    let server = scene.world.addStranger(link: Scene.link("delay=5ms")) { stranger, event, _ in
      switch event {
      case .want(let id, let want):
        var have = Have()
        have.file = want.file
        have.chunks = [ChunkRun(first: 10, count: 30)]
        stranger.send(have, on: id)
        var offer = Offer()
        offer.file = want.file
        (offer.size, offer.pieceExponent, offer.chunks) = (file.cut.size, file.cut.pieceExponent, file.cut.chunks)
        offer.have = [ChunkRun(first: 0, count: 10)]
        stranger.send(offer, on: id)
      case .request(let id, let request):
        for range in request.ranges {
          stranger.endpoint.send(
            Payload(
              source: UInt32(request.space), space: request.space == 0 ? .content : .manifest, file: request.file,
              offset: range.offset, length: Int(range.length)), on: id)
        }
      default: break
      }
    }
    server.content = { payload, room in
      guard payload.source == 1 else { return file.fill(&room, offset: payload.offset) }
      for i in 0..<room.count { room[i] = file.manifest.bytes[Int(payload.offset) + i] }
    }
    scene.downloader(from: [server.address])
    scene.finish(within: 10)
  }

  @Test func aTrackerThatForgetsIsRefilled() {
    let scene = Scene(1, 3_000_000)
    let tracker = scene.world.addTracker(link: Scene.link("delay=5ms"))
    _ = scene.origin("delay=5ms,rate=20mbit", trackers: [tracker])
    scene.downloader(trackers: [tracker])
    scene.finish(within: 20)
    scene.world.restartTracker(tracker)
    scene.world.run(for: 70 * .second)
    #expect(scene.world.registrations(tracker) == 2)
    scene.downloader(trackers: [tracker])
    scene.finish(within: 20)
  }

  @Test func aWithdrawnFileIsGone() {
    let scene = Scene(1, 3_000_000)
    let tracker = scene.world.addTracker(link: Scene.link("delay=5ms"))
    let origin = scene.origin("delay=5ms,rate=20mbit", trackers: [tracker])
    let peer = scene.downloader(trackers: [tracker])
    scene.world.run(for: .second)
    let key = FileKey(source: 0)
    for (who, others) in [(peer, origin), (origin, peer)] {
      who.swarm.withdraw(key, at: scene.world.now)
      scene.world.flush(who)
      #expect(who.swarm.buffered == 0 && who.swarm.manifest(key) == nil && who.swarm.connectionCount == 0)
      // A host that is late must do no harm.
      who.swarm.pieceVerified(key, piece: 3, isRight: true, at: scene.world.now)
      who.swarm.begin(key, have: BitSet(capacity: 46), at: scene.world.now)
      who.swarm.add(peer: others.address, for: key, at: scene.world.now)
      who.swarm.withdraw(key, at: scene.world.now)
      #expect(who.swarm.progress(key).peers == 0)
      scene.world.run(for: 2 * .second)
    }
    #expect(scene.world.registrations(tracker) == 0)
    scene.check()
    // The same file again, under a new key.
    scene.downloads = []
    let again = scene.origin(trackers: [tracker])
    scene.downloads.append((peer, scene.world.download(scene.file, to: peer, from: [again.address])))
    scene.finish(within: 20)
    #expect(scene.downloads[0].key.index == 1)
  }
}
