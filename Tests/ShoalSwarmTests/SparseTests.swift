import ShoalBase
import ShoalContent
import ShoalSimulator
import TestSupport
import Testing

@testable import ShoalStore

/// Files with holes: what is all zeros is found by its hash, and neither fetched nor written.
@Suite struct SparseTests {
  private static let piece = 65_536

  /// Holes that are whole pieces, some with a part of the next.
  private static func holes(_ pieces: Int, _ random: inout SeededGenerator) -> [Range<Int>] {
    var holes: [Range<Int>] = []
    var position = Int(random.next() % 20)
    while position < pieces {
      let end = min(position + 1 + Int(random.next() % 60), pieces)
      holes.append(position * piece..<end * piece + Int(random.next() % 2) * 777)
      position = end + 1 + Int(random.next() % 30)
    }
    return holes
  }

  /// Whatever the holes, the file is right; of each hole little is fetched, and nothing of it takes room.
  @Test(arguments: seeds(0..<2)) func aHoleIsNotFetched(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let holes = Self.holes(200, &random)
    let scene = Scene(seed, 200 * Self.piece, holes: holes)
    let origin = scene.origin("delay=5ms,rate=50mbit")
    let peer = scene.downloader("delay=5ms,loss=1%", from: [origin.address])
    scene.finish(within: 30)
    #expect(scene.world.run(for: 10 * .second) { peer[scene.downloads[0].key].storedAt != nil })
    let path = WorldCopy.path(scene.file.id)
    let isRight = peer.disk[path] == scene.file.content(.full(capacity: 200))
    #expect(isRight, "seed \(seed)")
    let zeros = (0..<200).filter(scene.file.manifest.isZeros)
    let fetched = peer[scene.downloads[0].key].verified
    #expect(zeros.count > 20 && fetched < 200 - zeros.count + 4 * holes.count, "seed \(seed): \(fetched)")
    let isSparse = peer.disk.room(of: path) <= (200 - zeros.count) * Self.piece
    #expect(isSparse, "seed \(seed)")
  }

  /// A peer that is killed or loses power while it searches for zeros continues, and believes nothing false.
  @Test(arguments: seeds(0..<2)) func crashesAreSurvived(seed: UInt64) {
    var random = SeededGenerator(seed: seed &+ 100)
    let scene = Scene(seed, 150 * Self.piece, holes: Self.holes(150, &random))
    let origin = scene.origin("delay=5ms,rate=10mbit")
    var peer = scene.world.addPeer(link: Scene.link("delay=5ms"))
    for life in 0..<6 {
      peer.disk.latency = { if case .followZeros = $0 { 300 * .millisecond } else { .millisecond } }
      let key = scene.world.download(scene.file, to: peer, from: [origin.address])
      let time = Nanoseconds(random.next() % 2_500) * .millisecond
      if scene.world.run(for: life < 5 ? time : 30 * .second, until: { peer[key].storedAt != nil }) { break }
      if random.next() % 2 == 0 { scene.world.kill(peer) } else { scene.world.crash(peer) }
      peer = scene.world.restart(peer, link: Scene.link("delay=5ms"), withDisk: true)
    }
    let isRight = peer.disk[WorldCopy.path(scene.file.id)] == scene.file.content(.full(capacity: 150))
    #expect(isRight, "seed \(seed)")
    scene.check()
  }

  /// The search finds all zeros around those that it is told of, and tries no piece twice.
  @Test(arguments: seeds(0..<100)) func theSearchIsComplete(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let exponent: UInt8 = seed % 2 == 0 ? 22 : 16
    let count = 1 + Int(random.next() % 300)
    let cut = Cut(size: UInt64(count) << UInt64(exponent), pieceExponent: exponent, chunks: UInt32(count))
    var zeros = BitSet(capacity: count)
    for _ in 0..<random.next() % 6 {
      let first = Int(random.next() % UInt64(count))
      zeros.insert(first..<min(first + 1 + Int(random.next() % 80), count))
    }
    var have = BitSet(capacity: count)
    for _ in 0..<random.next() % 5 { have.insert(Int(random.next() % UInt64(count))) }
    var search = ZeroSearch(cut, have: have)
    var tried = search.sample()
    var known = have
    for run in tried.runs() {
      for piece in Int(run.first)..<Int(run.end) where zeros.contains(piece) {
        known.insert(piece)
        search.found(piece)
      }
    }
    let sampled = tried
    var running: [ZeroSearch.Run] = []
    while true {
      while let run = search.next() { running.append(run) }
      let reserved = search.newlyReserved()
      let isApart = reserved?.subtracting(known).count == reserved?.count
      #expect(isApart, "seed \(seed)")
      guard !running.isEmpty else { break }
      let run = running.remove(at: Int(random.next() % UInt64(running.count)))
      let order = run.isDescending ? Array(run.pieces.reversed()) : Array(run.pieces)
      let length = order.prefix(while: zeros.contains).count
      for piece in order.prefix(length + 1) {
        let isNew = tried.insert(piece)
        #expect(isNew, "seed \(seed): \(piece) is tried again")
      }
      known.insert(run.prefix(length))
      search.tried(run, zeros: length)
    }
    // Beside each that was found is one that is here, or that was tried.
    for piece in 0..<count where known.contains(piece) && zeros.contains(piece) && !have.contains(piece) {
      for next in [piece - 1, piece + 1] where next >= 0 && next < count {
        let isSettled = have.contains(next) || tried.contains(next)
        #expect(isSettled, "seed \(seed): \(next) was left out")
      }
    }
    #expect(sampled.count <= 48)
  }

  @Test func zerosAreKnownByTheirHashes() {
    for (size, exponent) in [(9_000_000, UInt8(20)), (700_000, 16), (5_000, 10), (4_194_305, 22)] {
      let cut = Cut(size: UInt64(size), pieceExponent: exponent, chunks: 1)
      let zeros = [UInt8](repeating: 0, count: size)
      let values = (0..<cut.pieces).map { piece in
        let start = Int(cut.pieceOffset(piece))
        let part = zeros.span.extracting(start..<start + cut.pieceLength(piece))
        return Blake3.chainingValue(of: part, firstLeaf: UInt64(start / 1_024))
      }
      let last = zeros.span.extracting(Int(cut.pieceOffset(cut.pieces - 1))...)
      let manifest = Manifest(cut: cut, values: values, lastPiece: last)
      let areAll = (0..<cut.pieces).allSatisfy(manifest.isZeros)
      #expect(areAll && !manifest.isZeros(cut.pieces) && !manifest.isZeros(-1))
    }
  }

  /// What nobody has is named.
  @Test func chunksThatNobodyHasAreNamed() {
    let scene = Scene(3, 40 * Self.piece, .count(20))
    let origin = scene.origin("delay=5ms,rate=2mbit")
    let first = scene.downloader("delay=5ms", from: [origin.address])
    let key = scene.downloads[0].key
    #expect(scene.world.run(for: 20 * .second) { first[key].written.count >= 20 })
    scene.world.kill(origin)
    scene.world.run(for: 60 * .second)
    let missing = first.swarm.chunks(key).complement
    #expect(!missing.isEmpty && first.swarm.absentChunks(key) == missing)
    // One who has some of them comes.
    let other = scene.downloader("delay=5ms", having: [ChunkRun(first: 0, count: 40)])
    _ = scene.world.download(scene.file, to: first, from: [other.address])
    scene.world.run(for: .second)
    #expect(first.swarm.absentChunks(key).count <= missing.count)
  }
}
