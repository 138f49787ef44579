import ShoalBase
import ShoalContent
import ShoalSimulator
import ShoalStore
import ShoalSwarm
import TestSupport
import Testing

/// Machines that lose power at any moment, and disks that fail, are full or are slow.
@Suite struct CrashTests {
  private static let path = WorldCopy.path

  /// A peer whose power fails after a number of its disk's jobs continues from what is left, however often that
  /// happens; a file under the final name is always complete.
  @Test(arguments: seeds(0..<2)) func powerMayFailAtEveryJob(seed: UInt64) throws {
    var lives = 0
    var jobs = 1
    var isDone = false
    // Until a peer lives long enough to finish before its power fails.
    while !isDone, jobs < 60 {
      let scene = Scene(seed &* 100 &+ UInt64(jobs), 9 * 65_536 - 777)
      let origin = scene.origin("delay=5ms,rate=40mbit")
      var peer = scene.world.addPeer(link: Scene.link("delay=5ms"))
      peer.disk.latency = { _ in .millisecond }
      var key = scene.world.download(scene.file, to: peer, from: [origin.address])
      isDone = !scene.world.run(for: 20 * .second) { peer.disk.jobsDone >= jobs }
      for _ in 0..<2 where !isDone {
        scene.world.crash(peer)
        lives += 1
        let isWrong = peer.disk[Self.path(scene.file.id)] != nil && !Self.isWhole(peer, scene)
        #expect(!isWrong, "seed \(seed), \(jobs) jobs: a name for what is not the file")
        peer = scene.world.restart(peer, link: Scene.link("delay=5ms"), withDisk: true)
        peer.disk.latency = { _ in .millisecond }
        let done = peer.disk.jobsDone
        key = scene.world.download(scene.file, to: peer, from: [origin.address])
        scene.world.run(for: 20 * .second) { peer.disk.jobsDone >= done + jobs }
      }
      scene.world.run(for: 30 * .second) { peer[key].storedAt != nil || peer[key].failure != nil }
      let end = "\(String(describing: peer[key].failure)), \(peer[key].written.count) pieces"
      #expect(peer[key].failure == nil && peer[key].storedAt != nil, "seed \(seed), \(jobs) jobs: \(end)")
      let isWhole = Self.isWhole(peer, scene)
      #expect(isWhole, "seed \(seed), \(jobs) jobs")
      #expect(scene.world.violations.isEmpty, "\(scene.world.violations)")
      jobs += 1
    }
    #expect(isDone && lives > 20)
  }

  /// Whether the file under the final name on a peer's disk is the right one.
  private static func isWhole(_ peer: WorldPeer, _ scene: Scene) -> Bool {
    peer.disk[path(scene.file.id)] == scene.file.content(.full(capacity: scene.file.cut.pieces))
  }

  /// What was verified before is not fetched again, if it had reached the disk.
  @Test func whatIsThereIsNotFetchedAgain() {
    let scene = Scene(5, 40 * 65_536)
    let origin = scene.origin("delay=5ms,rate=20mbit")
    let peer = scene.world.addPeer(link: Scene.link("delay=5ms"))
    let key = scene.world.download(scene.file, to: peer, from: [origin.address])
    #expect(scene.world.run(for: 20 * .second) { peer[key].written.count >= 20 })
    scene.world.crash(peer)
    let again = scene.world.restart(peer, link: Scene.link("delay=5ms"), withDisk: true)
    let second = scene.world.download(scene.file, to: again, from: [origin.address])
    #expect(scene.world.run(for: 20 * .second) { again[second].storedAt != nil })
    #expect(again[second].verified < 40 && again[second].verified >= 20, "\(again[second].verified)")
    // And the third time nothing is.
    let third = scene.world.restart(again, link: Scene.link("delay=5ms"), withDisk: true)
    let last = scene.world.download(scene.file, to: third, from: [origin.address])
    #expect(scene.world.run(for: 20 * .second) { third[last].storedAt != nil } && third[last].verified == 0)
  }

  @Test func aFullDiskIsKnownAtOnce() {
    let scene = Scene(6, 10 * 65_536)
    let origin = scene.origin("delay=5ms")
    let peer = scene.world.addPeer(link: Scene.link("delay=5ms"))
    peer.disk.capacity = 300_000
    let key = scene.world.download(scene.file, to: peer, from: [origin.address])
    #expect(scene.world.run(for: 20 * .second) { peer[key].failure != nil })
    guard case .preparing(let error) = peer[key].failure, error.kind == .full else {
      Issue.record("\(String(describing: peer[key].failure))")
      return
    }
    #expect(peer[key].verified == 0)
    let isGone = peer.disk[partPath(of: Self.path(scene.file.id))] == nil
    #expect(isGone, "what was made in vain is removed")
  }

  /// Whichever job fails, except for those of the journal and reads for others, the download ends with that failure, the file's name is not
  /// taken, and the others continue.
  @Test func whateverFailsIsTold() {
    for job in 0..<22 {
      let scene = Scene(7, 9 * 65_536)
      let origin = scene.origin("delay=5ms")
      let peer = scene.world.addPeer(link: Scene.link("delay=5ms"))
      let other = scene.downloader("delay=5ms", from: [origin.address, peer.address])
      let count = Counter(failing: job)
      peer.disk.fault = { job in
        count.next(job) ? DiskError(.other, code: 5, action: "write", subject: "part") : nil
      }
      let key = scene.world.download(scene.file, to: peer, from: [origin.address])
      #expect(scene.world.run(for: 30 * .second) { peer[key].failure != nil || peer[key].storedAt != nil })
      if count.hasFailed {
        #expect((peer[key].failure == nil) == count.wasSpared, "job \(job)")
        // Once it has its name, it is whole.
        let isWrong = peer.disk[Self.path(scene.file.id)] != nil && !Self.isWhole(peer, scene)
        #expect(!isWrong)
      }
      #expect(scene.world.run(for: 30 * .second) { scene.isComplete } && other.ledgerIsRight, "job \(job)")
    }
  }

  /// Counts jobs; one of them is to fail.
  private final class Counter: @unchecked Sendable {
    private let failing: Int
    private var count = 0
    /// Whether it was a job without which the download continues: one of the journal, or a read for another peer.
    private(set) var wasSpared = false
    var hasFailed: Bool { count > failing }

    init(failing: Int) { self.failing = failing }

    func next(_ job: StoreJob) -> Bool {
      count += 1
      guard count == failing + 1 else { return false }
      switch job {
      case .readJournal, .beginJournal, .note, .removeJournal, .read: wasSpared = true
      default: break
      }
      return count == failing + 1
    }
  }

  @Test func aSlowDiskDelaysAndLosesNothing() {
    let scene = Scene(8, 30 * 65_536)
    let origin = scene.origin("delay=5ms,rate=50mbit")
    let peer = scene.downloader("delay=5ms", from: [origin.address])
    peer.disk.latency = { job in if case .settle = job { 80 * .millisecond } else { 300 * .millisecond } }
    scene.finish(within: 30)
    #expect(scene.world.run(for: 10 * .second) { peer[scene.downloads[0].key].storedAt != nil })
  }
}
