import ShoalBase
import ShoalSimulator
import ShoalTransport
import ShoalWire
import Testing

@testable import ShoalSwarm

/// What the protocol allows although this implementation does not do it: it must be understood.
struct FreedomTests {
  /// A host that serves the whole file, answering each request with what `cut` makes of its ranges.
  private func server(
    _ scene: Scene, offers: @escaping (inout Offer) -> Void = { _ in },
    _ cut: @escaping ([RangeField], _ space: UInt8) -> [RangeField]
  ) -> WorldStranger {
    let file = scene.file
    let server = scene.liar(
      offers: offers,
      then: { stranger, event, _ in
        guard case .request(let id, let request) = event, let space = ContentSpace(rawValue: request.space) else {
          return
        }
        for range in cut(request.ranges, request.space) {
          let payload = Payload(
            source: UInt32(request.space), space: space, file: request.file, offset: range.offset,
            length: Int(range.length))
          stranger.endpoint.send(payload, on: id)
        }
      })
    server.content = { payload, room in
      guard payload.source == 1 else { return file.fill(&room, offset: payload.offset) }
      for i in 0..<room.count {
        let place = Int(payload.offset) + i
        room[i] = place < file.manifest.bytes.count ? file.manifest.bytes[place] : 0xee
      }
    }
    return server
  }

  /// Adjoining requested ranges are sent as one, and blocks reach from one piece into the next.
  @Test(arguments: [3_000_001, 100_000])
  func blocksOfSeveralPieces(size: Int) {
    let scene = Scene(1, size, .size(1_024))
    let server = server(scene) { ranges, _ in
      var joined: [RangeField] = []
      for range in ranges.sorted(by: { $0.offset < $1.offset }) {
        if let last = joined.last, last.offset + UInt64(last.length) == range.offset {
          joined[joined.count - 1].length += range.length
        } else {
          joined.append(range)
        }
      }
      return joined
    }
    scene.downloader(from: [server.address])
    #expect(scene.finish(within: 10) < 3 * .second)
    #expect(scene.redundancy == 0)
  }

  /// Blocks begin before what was asked for and end after it, even beyond the end of the file or the manifest.
  @Test(arguments: [3_000_001, 100_000, 900])
  func blocksOfMoreThanWasAskedFor(size: Int) {
    let scene = Scene(1, size)
    let server = server(scene) { ranges, _ in
      ranges.map { range in
        let before = min(range.offset, 700)
        return RangeField(offset: range.offset - before, length: range.length + UInt32(before) + 900)
      }
    }
    let peer = scene.downloader(from: [server.address])
    #expect(scene.finish(within: 10) < 4 * .second)
    #expect(peer.ledgerIsRight && !peer.distrusts(server.address))
  }

  /// A block that nobody asked for does not count as an answer, wherever it lies.
  @Test func blocksThatWereNotAskedForAreNotTaken() {
    let scene = Scene(1, 3_000_001)
    let server = server(scene) { ranges, _ in ranges + [RangeField(offset: 0, length: 3_000_001)] }
    let peer = scene.downloader("delay=1ms,rate=20mbit", from: [server.address])
    scene.finish(within: 60)
    #expect(peer.swarm.progress(scene.downloads[0].key).accepted == 3_000_001 && peer.ledgerIsRight)
  }

  /// Refused ranges may be joined where they touch.
  @Test func refusalsOfSeveralPieces() {
    let scene = Scene(1, 3_000_000)
    let origin = scene.origin("delay=5ms,rate=20mbit")
    let size = UInt32(scene.file.cut.size)
    let refuser = scene.liar(
      "delay=1ms",
      then: { stranger, event, _ in
        guard case .request(let id, let request) = event else { return }
        var refuse = Refuse()
        (refuse.file, refuse.space, refuse.code) = (request.file, request.space, Refusal.notHere.rawValue)
        refuse.ranges = [RangeField(offset: 0, length: size)]
        stranger.send(refuse, on: id)
      })
    let peer = scene.downloader(from: [origin.address, refuser.address])
    // Without waiting for the three seconds after which a peer counts as slow.
    #expect(scene.finish(within: 30) < 2500 * .millisecond)
    #expect(peer.ledgerIsRight)
  }

  /// A REQUEST that overtakes its WANT, or is for an unknown space, is refused by its ranges: the WANT stays in force.
  @Test func whatIsNotKnownIsRefusedByItsRanges() {
    let scene = Scene(1, 500_000)
    let origin = scene.origin("delay=1ms")
    let ranges = (0..<200).map { RangeField(offset: UInt64($0) * 1_000, length: 7) }
    var (refused, codes, blocks): ([RangeField], Set<UInt16>, Int) = ([], [], 0)
    let asker = scene.world.addStranger(link: Scene.link("delay=1ms")) { stranger, event, _ in
      switch event {
      case .opened(let id, _):
        func ask(_ file: UInt16, _ space: UInt8, _ ranges: ArraySlice<RangeField>) {
          var request = Request()
          (request.file, request.space, request.ranges) = (file, space, Array(ranges))
          stranger.send(request, on: id)
        }
        ask(3, 0, ranges[..<80])
        ask(3, 0, [])
        var want = Want()
        (want.file, want.id, want.serves) = (3, scene.file.id, 200)
        stranger.send(want, on: id)
        ask(3, 3, ranges[80..<140])
        ask(3, 255, ranges[140...])
        ask(4, 1, [])
        ask(3, 0, [RangeField(offset: 5, length: 9)])
      case .refuse(_, let refuse):
        #expect(!refuse.ranges.isEmpty, "it would end the WANT")
        refused += refuse.ranges
        codes.insert(refuse.code)
      case .block: blocks += 1
      default: break
      }
    }
    _ = asker.endpoint.open(to: origin.address, at: scene.world.now)
    scene.world.flush(asker)
    scene.world.run(for: 2 * .second)
    #expect(refused == ranges && codes == [Refusal.unknownFile.rawValue] && blocks == 1)
  }

  /// A REFUSE for an unknown space has no effect.
  @Test func aRefusalOfAnUnknownSpaceIsIgnored() {
    let scene = Scene(1, 500_000)
    let server = server(scene) { ranges, _ in ranges }
    let stray = scene.liar(
      then: { stranger, event, _ in
        guard case .request(let id, let request) = event else { return }
        var refuse = Refuse()
        (refuse.file, refuse.space, refuse.code) = (request.file, 7, Refusal.notHere.rawValue)
        refuse.ranges = request.ranges
        stranger.send(refuse, on: id)
      })
    let peer = scene.downloader(from: [stray.address])
    scene.world.run(for: 500 * .millisecond)
    #expect(peer.swarm.downloads[0].fetch.head.attempts.count == 1, "the manifest is still expected of it")
    peer.swarm.add(peer: server.address, for: scene.downloads[0].key, at: scene.world.now)
    scene.world.flush(peer)
    scene.finish(within: 30)
  }

  /// Only a peer that says so serves: any number other than 1 means that it does not.
  @Test(arguments: [0, 1, 2, 255] as [UInt8])
  func servesIsOneOrNothing(_ serves: UInt8) {
    let scene = Scene(1, 500_000)
    let peer = scene.downloader()
    var wants = 0
    let stranger = scene.world.addStranger { stranger, event, _ in
      if case .want = event { wants += 1 }
      guard case .opened(let id, _) = event else { return }
      var want = Want()
      (want.id, want.serves) = (scene.file.id, serves)
      stranger.send(want, on: id)
    }
    _ = stranger.endpoint.open(to: peer.address, at: scene.world.now)
    scene.world.flush(stranger)
    scene.world.run(for: .second)
    #expect(wants == (serves == 1 ? 1 : 0))
  }
}
