import ShoalBase
import ShoalContent
import ShoalLink
import ShoalSimulator
import ShoalTransport
import ShoalWire
import Testing

@testable import ShoalSwarm

/// What most tests need: a world with one file, and what must hold at the end.
final class Scene {
  let seed: UInt64
  let world: World
  let file: WorldFile
  var downloads: [(peer: WorldPeer, key: FileKey)] = []
  /// The servers, which live as long as the world.
  var servers: [ScriptedServer] = []

  init(_ seed: UInt64, _ size: Int, _ chunking: Chunking = .automatic, holes: [Range<Int>] = []) {
    self.seed = seed
    world = World(seed: seed, start: Scene.start)
    file = WorldFile(seed: UInt32(truncatingIfNeeded: seed), size: size, chunking: chunking, holes: holes)
  }

  /// A file that is cut in this way.
  init(_ seed: UInt64, cut: Cut) {
    self.seed = seed
    world = World(seed: seed, start: Scene.start)
    file = WorldFile(seed: UInt32(truncatingIfNeeded: seed), cut: cut)
  }

  /// Long after zero, so that a time that was never set is not mistaken for one that was.
  static let start = Instant(nanoseconds: 1_000 * .second)

  static func link(_ text: String) -> LinkSpec { (try? LinkSpec(parsing: text)) ?? .clean }

  static func configuration(_ change: (inout SwarmConfiguration) -> Void = { _ in }) -> SwarmConfiguration {
    var configuration = SwarmConfiguration()
    configuration.transport.maxConnections = 64
    change(&configuration)
    return configuration
  }

  func origin(_ link: String = "delay=5ms", trackers: [Address] = [], _ file: WorldFile? = nil) -> WorldPeer {
    let peer = world.addPeer(Self.configuration(), link: Self.link(link), trackers: trackers)
    world.share(file ?? self.file, from: peer)
    return peer
  }

  @discardableResult
  func downloader(
    _ link: String = "delay=5ms", trackers: [Address] = [], from addresses: [Address] = [], having: [ChunkRun] = [],
    _ change: (inout SwarmConfiguration) -> Void = { _ in }
  ) -> WorldPeer {
    let peer = world.addPeer(Self.configuration(change), link: Self.link(link), trackers: trackers)
    let have = BitSet(capacity: file.cut.pieces, runs: having)
    let key = world.download(file, to: peer, from: addresses, having: have)
    downloads.append((peer, key))
    return peer
  }

  /// A host that answers every WANT with an offer of the whole file, and then does as told.
  func liar(
    _ link: String = "delay=5ms", at address: Address? = nil, offers: ((inout Offer) -> Void)? = { _ in },
    then behave: @escaping WorldStranger.Behaviour = { _, _, _ in }
  ) -> WorldStranger {
    let cut = file.cut
    return world.addStranger(link: Self.link(link), address: address) { stranger, event, now in
      if case .want(let id, let want) = event, let offers {
        var offer = Offer()
        offer.file = want.file
        offer.size = cut.size
        offer.pieceExponent = cut.pieceExponent
        offer.chunks = cut.chunks
        offer.have = cut.chunks > 0 ? [ChunkRun(first: 0, count: cut.chunks)] : []
        offers(&offer)
        stranger.send(offer, on: id)
      }
      behave(stranger, event, now)
    }
  }

  var isComplete: Bool { downloads.allSatisfy { $0.peer.isGone || $0.peer[$0.key].completedAt != nil } }

  /// Runs until all downloads are complete, and checks that they are and that nothing is left over.
  @discardableResult
  func finish(within seconds: Int, _ where: SourceLocation = #_sourceLocation) -> Nanoseconds {
    let start = world.now
    let isDone = world.run(for: Nanoseconds(seconds) * .second) { isComplete }
    let states = downloads.map { d in "\(d.peer.address): \(d.peer[d.key].written.count)/\(file.cut.pieces)" }
    #expect(isDone, "seed \(seed): incomplete after \(seconds) s: \(states)", sourceLocation: `where`)
    check(`where`)
    for (peer, key) in downloads where !peer.isGone && isDone {
      #expect(peer.swarm.buffered == 0, "seed \(seed)", sourceLocation: `where`)
      #expect(peer.swarm.download(key)?.active.isEmpty ?? true, "seed \(seed)", sourceLocation: `where`)
      #expect(peer.swarm.chunks(key).isComplete && peer.swarm.progress(key).isComplete, sourceLocation: `where`)
      #expect(peer.swarm.progress(key).bytes == file.cut.size, "seed \(seed)", sourceLocation: `where`)
    }
    return world.now - start
  }

  func check(_ where: SourceLocation = #_sourceLocation) {
    #expect(world.violations.isEmpty, "seed \(seed): \(world.violations)", sourceLocation: `where`)
  }

  /// Redundant bytes of all downloads, divided by the bytes that were needed.
  var redundancy: Double {
    let redundant = downloads.reduce(0) { $0 + $1.peer.swarm.progress($1.key).redundant }
    return Double(redundant) / Double(file.cut.size) / Double(downloads.count)
  }
}

extension WorldPeer {
  /// Whether it has distrusted that address.
  func distrusts(_ address: Address) -> Bool {
    events.contains { if case .distrusted(_, address, _) = $0 { true } else { false } }
  }

  var isQuiet: Bool { swarm.isQuiet }

  var ledgerIsRight: Bool { swarm.ledgerIsRight }
}

extension Swarm {
  var openLinks: [PeerLink] { links.live.compactMap { links[$0] } }

  func download(_ key: FileKey) -> Download? { files[key]?.download }

  var downloads: [Download] { files.wanted.compactMap { files[$0]?.download } }

  /// Whether what is recorded of peers' debts adds up, and numbers and sources agree.
  var ledgerIsRight: Bool {
    let isOwedRight = downloads.allSatisfy { download in
      download.sources.allSatisfy { source in
        let owed = download.active.filter { $0.value.requesters.contains(source.link) }
        let bytes = owed.reduce(0) { $0 + download.cut.pieceLength($1.key) - $1.value.received.count }
        return source.outstanding == bytes && source.requested == owed.count
          && links[source.link]?.wantedFile(source.number) == download.key
      }
    }
    let buffered = downloads.reduce(0) { sum, download in
      sum + download.active.keys.reduce(0) { $0 + download.cut.pieceLength($1) }
    }
    let sources = downloads.reduce(0) { $0 + $1.sources.count }
    let subscribers = files.keys.reduce(0) { $0 + (files[$1]?.upload.subscribers.count ?? 0) }
    return isOwedRight && self.buffered == buffered && sources == openLinks.reduce(0) { $0 + $1.wanted.count }
      && subscribers == openLinks.reduce(0) { $0 + $1.served.count }
  }
}
