import ShoalBase
import ShoalContent
import ShoalSimulator
import ShoalStore
import ShoalSwarm
import TestSupport
import Testing

/// Peers that continue from what an earlier run left, without any peer to ask.
@Suite struct RecallTests {
  private static func having(_ scene: Scene) -> BitSet {
    scene.downloads.reduce(BitSet(capacity: scene.file.cut.pieces)) { $0.union($1.peer[$1.key].written) }
  }

  /// The origin goes for good as soon as all bytes are among the receivers; they are killed, or lose power, and start
  /// again: all finish, each from the others.
  @Test(arguments: seeds(0..<2)) func theyFinishWithoutTheOrigin(seed: UInt64) {
    let losesPower = seed % 2 == 1
    let scene = Scene(seed, 30 * 65_536 + Int(seed) * 1_000)
    let tracker = scene.world.addTracker()
    let origin = scene.origin("delay=10ms,rate=\(losesPower ? 2 : 10)mbit,loss=1%", trackers: [tracker])
    let link = "delay=10ms,rate=\(losesPower ? "500kbit/700kbit" : "4mbit/20mbit"),loss=1%"
    for _ in 0..<3 + Int(seed % 3) { scene.downloader(link, trackers: [tracker]) }
    #expect(scene.world.run(for: 60 * .second) { Self.having(scene).isComplete }, "seed \(seed)")
    // What was written last reaches the disk in a few seconds.
    if losesPower { scene.world.run(for: 6 * .second) }
    scene.world.kill(origin)
    let written = scene.downloads.map { $0.peer[$0.key].written }
    for i in scene.downloads.indices {
      let peer = scene.downloads[i].peer
      if losesPower { scene.world.crash(peer) } else { scene.world.kill(peer) }
      let again = scene.world.restart(peer, link: Scene.link(link), trackers: [tracker], withDisk: true)
      scene.downloads[i] = (again, scene.world.download(scene.file, to: again, expected: scene.file.cut))
    }
    scene.finish(within: 60)
    #expect(scene.world.run(for: 10 * .second) { scene.downloads.allSatisfy { $0.peer[$0.key].storedAt != nil } })
    for (i, (peer, key)) in scene.downloads.enumerated() {
      #expect(peer[key].journalFault == nil, "seed \(seed)")
      // Nothing that was there is fetched twice.
      let missing = scene.file.cut.pieces - written[i].count
      #expect(losesPower || peer[key].verified - peer[key].wrong == missing, "seed \(seed)")
    }
  }

  /// It offers what it has before it has reached anybody, and goes on when somebody comes.
  @Test func whatIsThereIsOfferedAtOnce() {
    let scene = Scene(4, 30 * 65_536)
    let origin = scene.origin("delay=10ms,rate=10mbit")
    let peer = scene.downloader(from: [origin.address])
    #expect(scene.world.run(for: 20 * .second) { Self.having(scene).count > 10 })
    scene.world.kill(origin)
    scene.world.kill(peer)
    let again = scene.world.restart(peer, withDisk: true)
    let key = scene.world.download(scene.file, to: again)
    scene.world.run(for: 100 * .millisecond)
    #expect(again.swarm.chunks(key).count > 10)
    scene.downloads = []
    let other = scene.downloader(from: [again.address])
    scene.world.run(for: 5 * .second)
    #expect(other[scene.downloads[0].key].written.count > 10)
    scene.check()
  }

  /// A journal is never believed of a part that somebody else has written to, except right after it was written; then
  /// that is found out before the file gets its name.
  @Test(arguments: [0, 61]) func aPartThatWasTouchedIsChecked(after seconds: Int) {
    let scene = Scene(9, 30 * 65_536)
    let origin = scene.origin("delay=10ms,rate=1500kbit")
    let peer = scene.world.addPeer(link: Scene.link("delay=5ms"))
    let first = scene.world.download(scene.file, to: peer, from: [origin.address])
    #expect(scene.world.run(for: 20 * .second) { peer[first].written.count >= 5 })
    let noted = peer[first].written
    #expect(scene.world.run(for: 20 * .second) { peer[first].written.count > 20 })
    scene.world.kill(peer)
    scene.world.run(for: Nanoseconds(seconds) * .second)
    let path = partPath(of: WorldCopy.path(scene.file.id))
    let touched = noted.run(from: 0)?.lowerBound ?? 0
    peer.disk.now = scene.world.now
    peer.disk.write([1, 2, 3], at: touched * 65_536 + 9, path)
    // Reading takes the disk some time.
    let again = scene.world.restart(peer, withDisk: true)
    again.mayLose = true
    again.disk.latency = { if case .verify = $0 { 2 * .second } else { 0 } }
    let key = scene.world.download(scene.file, to: again, from: [origin.address])
    #expect(scene.world.run(for: 20 * .second) { again[key].storedAt != nil || again[key].failure != nil })
    #expect(again[key].journalFault == .disagrees)
    if again[key].failure != nil {
      // All else was here by the time that it was known. It is checked the next time.
      #expect(again[key].failure == .partTouched(path: path) && seconds == 0)
      let third = scene.world.restart(again, withDisk: true)
      let last = scene.world.download(scene.file, to: third, from: [origin.address])
      #expect(scene.world.run(for: 20 * .second) { third[last].storedAt != nil && third[last].verified == 1 })
    }
    let isWhole =
      scene.world.peers.last?.disk[WorldCopy.path(scene.file.id)]
      == scene.file.content(.full(capacity: scene.file.cut.pieces))
    #expect(isWhole)
    scene.check()
  }

  /// A clock that is set back between runs makes a journal doubtful at most.
  @Test(arguments: seeds(0..<2)) func aClockMayBeSetBack(seed: UInt64) {
    let scene = Scene(seed, 40 * 65_536)
    let origin = scene.origin("delay=10ms,rate=1500kbit")
    var peer = scene.world.addPeer(link: Scene.link("delay=5ms"))
    let path = WorldCopy.path(scene.file.id)
    var was = 0
    for offset in [-600, 300, -900, 0] {
      let key = scene.world.download(scene.file, to: peer, from: [origin.address])
      scene.world.run(for: (1 + Nanoseconds(seed) * 2) * .second) { peer[key].storedAt != nil }
      #expect(peer[key].written.count >= was, "seed \(seed)")
      was = peer[key].written.count
      if seed % 2 == 0 { scene.world.kill(peer) } else { scene.world.crash(peer) }
      if seed % 2 == 1 { was = 0 }
      let disk = peer.disk
      peer = scene.world.addPeer(
        peer.configuration, link: Scene.link("delay=5ms"), address: peer.address,
        clock: WorldClock(offset: Nanoseconds(offset) * .second))
      peer.disk = disk
    }
    let key = scene.world.download(scene.file, to: peer, from: [origin.address])
    #expect(scene.world.run(for: 30 * .second) { peer[key].storedAt != nil })
    let isRight = peer.disk[path] == scene.file.content(.full(capacity: 40))
    #expect(isRight, "seed \(seed)")
    scene.check()
  }

  /// The journal of one part says nothing about another that has its name.
  @Test func aPartOfAnotherFileStaysThat() {
    let scene = Scene(6, 30 * 65_536)
    let origin = scene.origin("delay=10ms,rate=1500kbit")
    let first = scene.world.addPeer()
    let key = scene.world.download(scene.file, to: first, from: [origin.address])
    scene.world.run(for: 7 * .second)
    #expect(first[key].written.count > 10)
    let part = partPath(of: WorldCopy.path(scene.file.id))
    let other = scene.world.addPeer()
    other.disk.put([UInt8](repeating: 7, count: 30 * 65_536), at: part)
    other.disk.put(first.disk[journalPath(of: part)] ?? [], at: journalPath(of: part))
    let second = scene.world.download(scene.file, to: other, from: [origin.address])
    #expect(scene.world.run(for: 5 * .second) { other[second].failure != nil })
    #expect(other[second].failure == .partOfAnother(path: part) && other[second].journalFault == .disagrees)
  }
}
