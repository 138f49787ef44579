import ShoalBase
import ShoalContent
import ShoalSimulator
import ShoalWire
import TestSupport
import Testing

@testable import ShoalSwarm

/// What liars may try against the proof: to lie where it cannot be seen, to lie about the proof, and to come again.
struct ProofAttackTests {
  private func refuse(_ range: RangeField, from server: ScriptedServer) {
    var refuse = Refuse()
    (refuse.file, refuse.code, refuse.ranges) = (server.number, Refusal.tooManyRequests.rawValue, [range])
    server.say(refuse)
  }

  /// It sends the beginning of every piece, refuses the rest, and lies only in the last bytes before that, or in the last
  /// block: the others complete the piece. Such bytes are either not kept, or they convict it.
  @Test(arguments: seeds(1..<2), [20_000, 32_768]) func whoLiesAtTheEndOfHisPart(seed: UInt64, part: UInt32) {
    var times: [Double] = []
    for isThere in [false, true] {
      let scene = Scene(seed, 8_000_000)
      let origins = (0..<2).map { _ in scene.origin("delay=10ms,rate=10mbit") }
      let liar = ScriptedServer(scene, "delay=5ms,rate=20mbit")
      liar.answer = { [unowned liar] range in
        let first = range.first(part)
        if range.length > part {
          refuse(RangeField(offset: range.offset + UInt64(part), length: range.length - part), from: liar)
        }
        return [first]
      }
      liar.isWrong = { Int($0 % 65_536) >= Int(part) - 1_000 }
      let peer = scene.downloader(
        "delay=5ms,rate=100mbit", from: (isThere ? [liar.address] : []) + origins.map(\.address))
      times.append(Double(scene.finish(within: 60)) / 1e9)
      for origin in origins { #expect(!peer.distrusts(origin.address)) }
      if isThere, part % 16_384 == 0 { #expect(peer.distrusts(liar.address)) }
    }
    #expect(times[1] <= 2 * times[0], "seed \(seed): \(times)")
  }

  /// Of those that are asked for a tree some say nothing, some refuse, some send a byte now and then, and some lie.
  @Test(arguments: seeds(1..<4)) func whoGivesNoTree(seed: UInt64) {
    let scene = Scene(seed, 2 * 65_536, .size(65_536))
    // One has sent a block that is wrong, and left.
    let first = ScriptedServer(scene)
    let peer = scene.downloader(from: [first.address])
    first.answer = { $0.offset == 0 ? [$0.first(16_384)] : [] }
    first.isWrong = { $0 < 16_384 }
    scene.world.run(for: .second) { peer.swarm.progress(scene.downloads[0].key).accepted == 16_384 }
    first.leave()
    let others = (0..<4).map { i in ScriptedServer(scene, "delay=\(5 + i)ms") }
    others[0].sendsTree = { _ in false }
    others[1].sendsTree = { range in
      var refuse = Refuse()
      (refuse.file, refuse.space, refuse.code) = (others[1].number, 2, Refusal.unknownFile.rawValue)
      refuse.ranges = [range]
      others[1].say(refuse)
      return false
    }
    others[2].treeIsRight = false
    scene.tell(0, of: others.map(\.address))
    let time = scene.finish(within: 30)
    #expect(time < 4 * .second, "seed \(seed): \(Double(time) / 1e9) s")
    #expect(peer.distrusts(first.address))
    for i in [0, 1, 3] { #expect(!peer.distrusts(others[i].address), "\(i)") }
    #expect(others[2].treesAsked.isEmpty || peer.distrusts(others[2].address))
  }

  /// A file of one piece, whose tree folds to its id, and a file that is read and not kept.
  @Test(arguments: [(60_000, true), (60_000, false), (131_072, false)]) func onePieceAndNothingKept(
    size: Int, keeps: Bool
  ) {
    let scene = Scene(3, size, .size(65_536))
    let first = ScriptedServer(scene)
    let peer = scene.world.addPeer(Scene.configuration(), link: Scene.link("delay=5ms"))
    let key = scene.world.download(scene.file, to: peer, from: [first.address], serving: keeps)
    scene.downloads.append((peer, key))
    var isFirst = true
    first.answer = { range in
      defer { isFirst = false }
      return isFirst ? [range.first(32_768)] : []
    }
    first.isWrong = { $0 / 16_384 % 2 == 0 }
    scene.world.run(for: .second) { peer.swarm.progress(key).accepted == 32_768 }
    first.leave()
    let second = ScriptedServer(scene)
    scene.tell(0, of: [second.address])
    scene.finish(within: 20)
    #expect(peer.distrusts(first.address) && !peer.distrusts(second.address))
    #expect(peer.swarm.progress(key).from[first.address] == 16_384, "what was right stays")
    #expect(second.treesAsked.count == 1)
  }

  /// Nobody has a tree to give: the piece is fetched anew, as it was before there were trees.
  @Test func nobodyGivesATree() {
    let scene = Scene(2, 2 * 65_536, .size(65_536))
    let first = ScriptedServer(scene)
    let peer = scene.downloader(from: [first.address])
    first.answer = { $0.offset == 0 ? [$0.first(16_384)] : [] }
    first.isWrong = { $0 < 16_384 }
    scene.world.run(for: .second) { peer.swarm.progress(scene.downloads[0].key).accepted == 16_384 }
    first.leave()
    let second = ScriptedServer(scene)
    second.sendsTree = { _ in false }
    scene.tellInTurn(of: [second])
    #expect(scene.finish(within: 60) < 20 * .second)
    #expect(!peer.distrusts(second.address))
  }

  /// A liar that comes again under the same port is asked for nothing; under ever new ports it is asked for one piece at
  /// a time, ever more rarely, and an honest neighbour of its is not shut out.
  @Test(arguments: seeds(1..<2)) func whoComesAgainFromAnotherPort(seed: UInt64) {
    let scene = Scene(seed, 12_000_000)
    let origin = scene.origin("delay=10ms,rate=8mbit")
    let peer = scene.downloader("delay=5ms,rate=100mbit", from: [origin.address])
    let host = scene.world.addStranger(link: Scene.link("delay=5ms")) { _, _, _ in }.address
    var liars: [ScriptedServer] = []
    for i in 0..<40 where !scene.isComplete {
      let liar = ScriptedServer(scene, "delay=2ms,rate=50mbit", at: host.with(port: UInt16(9_000 + i)))
      liar.isWrong = { _ in true }
      liars.append(liar)
      liar.connect(to: peer)
      scene.world.run(for: 150 * .millisecond)
      if i == 3 { liars[0].connect(to: peer) }
    }
    scene.finish(within: 60)
    #expect(liars.count > 10)
    let asked = liars.map { $0.asked.reduce(0) { $0 + Int($1.length) } }
    #expect(asked.dropFirst().allSatisfy { $0 <= scene.file.cut.pieceSize }, "one piece at a time: \(asked)")
    #expect(asked.count { $0 > 0 } <= 8, "ever more rarely: \(asked)")
    #expect(liars[0].wants == 1)
    #expect(!peer.distrusts(origin.address))
  }
}
