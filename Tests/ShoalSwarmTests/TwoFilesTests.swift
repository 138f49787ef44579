import ShoalBase
import ShoalContent
import ShoalSimulator
import ShoalSwarm
import ShoalTransport
import ShoalWire
import Testing

/// Several files pass over one connection, and what is said about one is not taken to be about another.
struct TwoFilesTests {
  private let files = [
    WorldFile(seed: 1, size: 60 * 16_384, chunking: .size(16_384)),
    WorldFile(seed: 2, size: 30 * 16_384 + 5, chunking: .size(16_384)),
  ]

  private func origin(_ world: World, _ link: String = "delay=5ms,rate=8mbit") -> WorldPeer {
    let peer = world.addPeer(Scene.configuration(), link: Scene.link(link))
    for file in files { world.share(file, from: peer) }
    return peer
  }

  private func downloader(_ world: World, from addresses: [Address]) -> (WorldPeer, [FileKey]) {
    let peer = world.addPeer(Scene.configuration(), link: Scene.link("delay=5ms"))
    return (peer, files.map { world.download($0, to: peer, from: addresses) })
  }

  private func finish(_ world: World, _ peer: WorldPeer, _ keys: [FileKey], within seconds: Nanoseconds) {
    #expect(world.run(for: seconds * .second) { keys.allSatisfy { peer[$0].completedAt != nil } })
    #expect(world.violations.isEmpty, "\(world.violations)")
    #expect(peer.swarm.buffered == 0 && peer.ledgerIsRight)
  }

  @Test func bothAreFetchedOverOneConnection() {
    let world = World(seed: 1, start: Scene.start)
    let origin = origin(world)
    let (peer, keys) = downloader(world, from: [origin.address])
    var most = 0
    world.afterTurn = { _ in most = max(most, peer.swarm.connectionCount) }
    finish(world, peer, keys, within: 20)
    world.run(for: .second)
    for (file, key) in zip(files, keys) {
      #expect(peer.swarm.progress(key).from == [origin.address: file.cut.size])
      let served = origin.events.compactMap { event -> UInt64? in
        if case .served(key, _, let bytes) = event { bytes } else { nil }
      }
      #expect(served.count == 1 && served[0] >= file.cut.size && served[0] < file.cut.size + 100_000)
    }
    #expect(most == 1)
  }

  /// The peer that both files are fetched from goes: what it was asked for of either is asked of another.
  @Test func whatWasAskedOfBothIsAskedOfAnother() {
    let world = World(seed: 2, start: Scene.start)
    let first = origin(world)
    let (peer, keys) = downloader(world, from: [first.address])
    world.run(for: 5 * .second) { keys.allSatisfy { peer.swarm.progress($0).bytes > 50_000 } }
    let second = origin(world)
    for key in keys { peer.swarm.add(peer: second.address, for: key, at: world.now) }
    world.flush(peer)
    world.stop(first)
    let start = world.now
    finish(world, peer, keys, within: 20)
    #expect(world.now - start < 3 * .second)
    for key in keys { #expect(peer.swarm.progress(key).from.count == 2) }
  }

  /// One of them is refused: the other is fetched over the same connection, and the refused one is still sought
  /// elsewhere.
  @Test func theRefusalOfOneEndsThatAlone() {
    let world = World(seed: 3, start: Scene.start)
    let origin = world.addPeer(Scene.configuration(), link: Scene.link("delay=5ms,rate=8mbit"))
    world.share(files[1], from: origin)
    let (peer, keys) = downloader(world, from: [origin.address])
    // It is gone for a moment: only what it refused is not asked of it again.
    world.run(for: 5 * .second) { peer.swarm.progress(keys[1]).bytes > 50_000 }
    world.stop(origin)
    world.run(for: 20 * .millisecond)
    world.crash(origin)
    world.share(files[1], from: world.restart(origin, link: Scene.link("delay=5ms,rate=8mbit")))
    finish(world, peer, [keys[1]], within: 10)
    let refused = peer.events.compactMap { event -> FileKey? in
      if case .refused(let key, origin.address, _) = event { key } else { nil }
    }
    let connected = peer.events.count { if case .connected = $0 { true } else { false } }
    #expect(refused.allSatisfy { $0 == keys[0] } && !refused.isEmpty && connected == 2)
    let other = self.origin(world)
    peer.swarm.add(peer: other.address, for: keys[0], at: world.now)
    world.flush(peer)
    finish(world, peer, keys, within: 10)
  }

  /// A peer that wants both is told of each file's chunks under that file's own number.
  @Test func chunksAreToldUnderTheNumberOfTheirFile() {
    let world = World(seed: 4, start: Scene.start)
    let origin = origin(world)
    let (peer, keys) = downloader(world, from: [origin.address])
    var told: [UInt16: [ChunkRun]] = [:]
    let files = self.files
    let subscriber = world.addStranger(link: Scene.link("delay=2ms")) { stranger, event, _ in
      switch event {
      case .opened(let id, _):
        for (number, file) in [(7, files[0]), (3, files[1])] as [(UInt16, WorldFile)] {
          var want = Want()
          (want.file, want.id) = (number, file.id)
          stranger.send(want, on: id)
        }
      case .offer(_, let offer): told[offer.file, default: []] += offer.have
      case .have(_, let have): told[have.file, default: []] += have.chunks
      default: break
      }
    }
    _ = subscriber.endpoint.open(to: peer.address, at: world.now)
    world.flush(subscriber)
    finish(world, peer, keys, within: 20)
    world.run(for: .second)
    for (number, file) in [(7, files[0]), (3, files[1])] as [(UInt16, WorldFile)] {
      let chunks = Int(file.cut.chunks)
      #expect(told[number]?.reduce(0) { $0 + Int($1.count) } == chunks)
      let runs = (told[number] ?? []).sorted { $0.first < $1.first }
      #expect(BitSet(capacity: chunks, runs: runs).isComplete)
    }
  }

  /// What is asked of others is taken back from a silent peer under the number of its file.
  @Test func whatIsTakenBackIsOfTheRightFile() {
    let world = World(seed: 6, start: Scene.start)
    let files = self.files
    var (asked, cancelled): ([UInt16: Set<RangeField>], [UInt16: Set<RangeField>]) = ([:], [:])
    let silent = world.addStranger(link: Scene.link("delay=5ms")) { stranger, event, _ in
      switch event {
      case .want(let id, let want):
        guard let file = files.first(where: { $0.id == want.id }) else { return }
        var offer = Offer()
        (offer.file, offer.size, offer.pieceExponent) = (want.file, file.cut.size, file.cut.pieceExponent)
        (offer.chunks, offer.have) = (file.cut.chunks, [ChunkRun(first: 0, count: file.cut.chunks)])
        stranger.send(offer, on: id)
      case .request(_, let request):
        if request.space == 0 { asked[request.file, default: []].formUnion(request.ranges) }
      case .cancel(_, let cancel) where cancel.space == 0: cancelled[cancel.file, default: []].formUnion(cancel.ranges)
      default: break
      }
    }
    // The manifests come from one that has not connected yet when everything is asked of the silent one.
    let origin = origin(world, "delay=50ms,rate=2mbit")
    let (peer, keys) = downloader(world, from: [silent.address, origin.address])
    finish(world, peer, keys, within: 40)
    #expect(asked.count == 2 && asked.values.allSatisfy { !$0.isEmpty })
    #expect(asked == cancelled)
  }

  /// One file is withdrawn: the other continues, over a connection of its own.
  @Test func whatIsWithdrawnTakesNothingElseWithIt() {
    let world = World(seed: 5, start: Scene.start)
    let origin = origin(world)
    let (peer, keys) = downloader(world, from: [origin.address])
    world.run(for: 5 * .second) { keys.allSatisfy { peer.swarm.progress($0).bytes > 50_000 } }
    peer.swarm.withdraw(keys[0], at: world.now)
    world.flush(peer)
    finish(world, peer, [keys[1]], within: 5)
    #expect(peer.swarm.manifest(keys[0]) == nil && peer.swarm.progress(keys[1]).isComplete)
  }
}
