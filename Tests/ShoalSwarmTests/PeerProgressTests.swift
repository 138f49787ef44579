import ShoalBase
import ShoalContent
import ShoalSimulator
import ShoalWire
import TestSupport
import Testing

@testable import ShoalSwarm

/// What a sharer sees of the peers that fetch from it; both ends see the same.
struct PeerProgressTests {
  @Test(arguments: seeds(1..<6)) func bothEndsCountTheSame(seed: UInt64) {
    let scene = Scene(seed, 3_000_000)
    let origin = scene.origin("delay=10ms,rate=8mbit,loss=20%")
    let peer = scene.downloader("delay=5ms,rate=20mbit", from: [origin.address])
    let key = scene.downloads[0].key
    scene.world.run(for: 60 * .second) { peer.swarm.progress(key).bytes > 1_500_000 }
    scene.world.run(for: 2 * .second)
    if !peer.swarm.progress(key).isComplete {
      let row = origin.swarm.standings.first { $0.isReceiver }
      let told = row?.have ?? 0
      #expect(told >= 1_500_000 && told <= peer.swarm.progress(key).bytes, "seed \(seed)")
      #expect(row?.moved == told, "seed \(seed)")
    }
    scene.finish(within: 60)
    scene.world.run(for: 5 * .second)
    let served = origin.events.compactMap { if case .served(_, peer.address, let bytes) = $0 { bytes } else { nil } }
    #expect(served == [3_000_000] && peer.swarm.progress(key).from[origin.address] == 3_000_000, "seed \(seed)")
    #expect(origin.swarm.standings.allSatisfy { !$0.isReceiver })
  }

  @Test func whoGivesUpHasLeft() {
    let scene = Scene(1, 3_000_000)
    let origin = scene.origin("delay=10ms,rate=8mbit")
    let peer = scene.downloader("delay=5ms", from: [origin.address])
    let key = scene.downloads[0].key
    scene.world.run(for: 20 * .second) { peer.swarm.progress(key).bytes > 1_000_000 }
    peer.swarm.withdraw(key, at: scene.world.now)
    scene.world.run(for: 2 * .second)
    let left = origin.events.compactMap { if case .left(_, _, let bytes) = $0 { bytes } else { nil } }
    #expect(left.count == 1 && left[0] > 0 && left[0] < 3_000_000)
    #expect(!origin.events.contains { if case .served = $0 { true } else { false } })
  }

  /// The last messages of a peer that stops report its progress, so that both ends keep the same figure.
  @Test(arguments: seeds(1..<5)) func whoStopsSaysHowFarItGot(seed: UInt64) {
    let scene = Scene(seed, 3_000_000)
    let origin = scene.origin("delay=10ms,rate=8mbit")
    let peer = scene.downloader("delay=5ms", from: [origin.address])
    let key = scene.downloads[0].key
    scene.world.run(for: 20 * .second) { peer.swarm.progress(key).bytes > 700_000 * seed / 2 }
    let got = peer.swarm.progress(key).from[origin.address]
    scene.world.stop(peer)
    scene.world.run(for: .second)
    let left = origin.events.compactMap { if case .left(_, _, let bytes) = $0 { bytes } else { nil } }
    #expect(left.count == 1 && left.first == got, "seed \(seed)")
  }

  /// Where nothing gets through any more, both ends say two seconds later that they wait.
  @Test func bothEndsWaitWhenThePathIsGone() {
    let scene = Scene(3, 3_000_000)
    let origin = scene.origin("delay=10ms,rate=8mbit")
    let peer = scene.downloader("delay=5ms", from: [origin.address])
    let key = scene.downloads[0].key
    scene.world.run(for: 20 * .second) { peer.swarm.progress(key).bytes > 700_000 }
    scene.world.network.onSend = { _, _ in false }
    scene.world.run(for: .second / 2)
    let before = (origin.swarm.standings.first, peer.swarm.standings.first)
    scene.world.run(for: 2 * .second)
    let after = (origin.swarm.standings.first, peer.swarm.standings.first)
    #expect(before.0?.flow == after.0?.flow && before.1?.flow == after.1?.flow)
    #expect(after.0?.isOwed == true && after.1?.isOwed == true && after.0?.isOpen == true)
  }

  /// What a receiver has got is known to the sharer within two seconds, at any time.
  @Test(arguments: seeds(1..<4)) func theSharerKnowsSoon(seed: UInt64) {
    let scene = Scene(seed, 6_000_000)
    let origin = scene.origin("delay=40ms,rate=8mbit,loss=2%")
    let peer = scene.downloader("delay=10ms", from: [origin.address])
    let key = scene.downloads[0].key
    var had: [UInt64] = []
    while !peer.swarm.progress(key).isComplete, had.count < 200 {
      scene.world.run(for: .second / 4)
      if had.count >= 8, let row = origin.swarm.standings.first(where: \.isReceiver) {
        #expect((row.have ?? 0) >= had[had.count - 8], "seed \(seed)")
        #expect(row.have == row.moved, "seed \(seed)")
      }
      had.append(peer.swarm.progress(key).bytes)
    }
    #expect(had.count > 8)
  }

  @Test func nobodyHasMoreThanThereIs() {
    var told = ReportedProgress()
    var progress = Progress()
    (progress.bytes, progress.received) = (.max, .max)
    told.take(progress, size: 1_000)
    #expect(told.bytes == 1_000 && told.received == 1_000 && told.isWhole)
    var late = ReportedProgress()
    for bytes in [500, 200, 700, 0] as [UInt64] {
      (progress.bytes, progress.received) = (bytes, bytes * 2)
      late.take(progress, size: 1_000)
    }
    #expect(late.bytes == 700 && late.received == 700 && !late.isWhole)
  }

  /// Peers that fetch from each other announce to each other only what the other does not have, and yet each knows how
  /// much the other has.
  @Test func whoWantsTheFileItselfIsToldToo() {
    let scene = Scene(2, 3_000_000)
    let origin = scene.origin("delay=10ms,rate=8mbit")
    for _ in 0..<2 { scene.downloader("delay=5ms,rate=20mbit", from: [origin.address]) }
    scene.tell(0, of: [scene.downloads[1].peer.address])
    let (one, other) = (scene.downloads[0], scene.downloads[1])
    scene.world.run(for: 60 * .second) { one.peer.swarm.progress(one.key).bytes > 2_000_000 }
    let had = one.peer.swarm.progress(one.key).bytes
    scene.world.run(for: 1_100 * .millisecond)
    let rows = other.peer.swarm.standings.filter { $0.address == one.peer.address }
    #expect(!rows.isEmpty && rows.allSatisfy { $0.have ?? 0 >= had }, "\(rows.map(\.have)), \(had)")
    scene.finish(within: 60)
    scene.world.run(for: 2 * .second)
    let served = origin.events.compactMap { if case .served(_, _, let bytes) = $0 { bytes } else { nil } }
    let counted = scene.downloads.map { $0.peer.swarm.progress($0.key).from[origin.address] ?? 0 }
    #expect(served.sorted() == counted.sorted())
  }
}
