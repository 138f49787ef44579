import ShoalBase
import ShoalContent
import ShoalSimulator
import ShoalSwarm
import ShoalWire
import Testing

/// Who is distrusted for a wrong piece, and who is not.
struct BlameTests {
  private static let piece: UInt32 = 65_536

  /// A file of two pieces of four blocks. One peer sends a block, another the next one, another the rest; one or two of
  /// these parts are wrong. Their senders are identified, and only what is wrong is fetched again.
  @Test(arguments: [[0], [1], [2], [0, 1], [1, 2]] as [Set<Int>])
  func theBlocksShowWhoLied(wrong: Set<Int>) {
    let scene = Scene(3, 2 * Int(Self.piece), .size(Int(Self.piece)))
    let servers = thirds(scene, wrong: wrong)
    let peer = scene.downloads[0].peer
    let origin = ScriptedServer(scene)
    // The last peer sends its part now.
    var joint: RangeField?
    servers[2].answer = { range in
      if range.length < Self.piece, joint == nil { joint = range }
      return [range]
    }
    servers[2].isWrong = {
      wrong.contains(2) && $0 >= joint?.offset ?? .max && $0 / 65_536 == (joint?.offset ?? 0) / 65_536
    }
    scene.tellInTurn(of: [servers[2]])
    if wrong.contains(2) { scene.tellInTurn(of: [origin]) }
    scene.finish(within: 10)
    #expect(peer[scene.downloads[0].key].wrong == 1 && peer[scene.downloads[0].key].dropped == 0)
    for (i, server) in servers.enumerated() { #expect(peer.distrusts(server.address) == wrong.contains(i), "\(i)") }
    #expect(!peer.distrusts(origin.address))
    let again = (servers + [origin]).flatMap(\.asked).reduce(0) { $0 + Int($1.length) }
    let most = [[0]: 1, [1]: 1, [2]: 2, [0, 1]: 2, [1, 2]: 3][wrong] ?? 0
    let asked = (origin.asked + servers[2].asked.dropFirst()).filter { $0.length < Self.piece }
    #expect(asked.reduce(0) { $0 + Int($1.length) } <= most * BlockTree.blockBytes, "\(asked) of \(again)")
  }

  /// The first two have each sent a third of a piece, and are gone.
  private func thirds(_ scene: Scene, wrong: Set<Int>) -> [ScriptedServer] {
    let servers = (0..<3).map { _ in ScriptedServer(scene) }
    scene.downloader()
    for i in 0..<2 {
      servers[i].isWrong = { _ in wrong.contains(i) }
      var isFirst = true
      servers[i].answer = { range in
        // A peer that comes later is asked for what is missing of it before anything else.
        defer { isFirst = false }
        return isFirst ? [range.first(20_000)] : []
      }
      scene.tellInTurn(of: [servers[i]])
      let key = scene.downloads[0].key
      let peer = scene.downloads[0].peer
      scene.world.run(for: .second) { peer.swarm.progress(key).accepted == UInt64(20_000 * (i + 1)) }
      servers[i].leave()
      scene.world.run(for: 20 * .millisecond)
    }
    return servers
  }

  /// A block comes from one peer: if a peer leaves it half done, that half is dropped.
  @Test(arguments: [false, true])
  func aBlockComesFromOnePeer(isSilent: Bool) {
    let scene = Scene(4, 2 * Int(Self.piece), .size(Int(Self.piece)))
    let servers = thirds(scene, wrong: [0, 1])
    let (peer, key) = scene.downloads[0]
    let (half, whole) = (ScriptedServer(scene, "delay=5ms,rate=2mbit"), ScriptedServer(scene, "delay=6ms"))
    // It completes what the others began, and the piece is wrong; of the two blocks that were, it sends one and a bit.
    var first: RangeField?
    half.answer = { range in
      if first == nil { first = range }
      return range.length == 32_768 && range != first ? [range.first(20_000)] : [range]
    }
    scene.tellInTurn(of: [half])
    let isAgain = scene.world.run(for: 5 * .second) {
      peer[key].wrong == 1 && peer.swarm.progress(key).accepted == UInt64(2 * Self.piece + 27_232)
    }
    #expect(isAgain, "\(half.asked)")
    #expect(peer.distrusts(servers[0].address) && peer.distrusts(servers[1].address))
    if !isSilent { half.leave() }
    scene.tellInTurn(of: [whole])
    scene.finish(within: 20)
    #expect(whole.asked.map(\.length) == [16_384], "\(whole.asked)")
    for server in [servers[2], half, whole] { #expect(!peer.distrusts(server.address)) }
    let from = peer.swarm.progress(key).from
    #expect(from == [half.address: UInt64(2 * Self.piece - 16_384), whole.address: 16_384])
  }

  /// If it is wrong then, the culprit is known.
  @Test func whoSendsItAloneIsBlamed() {
    let scene = Scene(5, 2 * Int(Self.piece), .size(Int(Self.piece)))
    let servers = thirds(scene, wrong: [])
    let peer = scene.downloads[0].peer
    let (liar, origin) = (ScriptedServer(scene), ScriptedServer(scene))
    liar.isWrong = { _ in true }
    scene.tellInTurn(of: [liar])
    scene.world.run(for: 5 * .second) { peer.distrusts(liar.address) }
    scene.tellInTurn(of: [origin])
    scene.finish(within: 10)
    for server in servers + [origin] { #expect(!peer.distrusts(server.address)) }
    #expect(peer.distrusts(liar.address))
  }

  /// What each peer sent is counted by address, whatever the order in which the parts came.
  @Test func whatEachSentIsCreditedToIt() {
    let scene = Scene(6, 2 * Int(Self.piece), .size(Int(Self.piece)))
    let servers = thirds(scene, wrong: [])
    scene.tellInTurn(of: [servers[2]])
    scene.finish(within: 10)
    let (peer, key) = scene.downloads[0]
    let rest = UInt64(2 * Self.piece - 32_768)
    let expected = [servers[0].address: 16_384, servers[1].address: 16_384, servers[2].address: rest]
    #expect(peer.swarm.progress(key).from == expected)
  }

  /// A liar's neighbours are not blamed: another port of its host is another peer.
  @Test func anotherPeerOfTheSameHostIsNotBlamed() {
    let scene = Scene(7, 300_000)
    let liar = ScriptedServer(scene)
    let beside = ScriptedServer(scene, at: liar.address.with(port: 7_999), answer: { _ in [] })
    liar.isWrong = { _ in true }
    scene.downloader(from: [beside.address, liar.address])
    let peer = scene.downloads[0].peer
    #expect(scene.world.run(for: 5 * .second) { peer.distrusts(liar.address) })
    scene.world.run(for: .second)
    #expect(!peer.distrusts(beside.address) && peer.swarm.connectionCount == 1)
    beside.answer = { [$0] }
    scene.finish(within: 30)
  }

  /// While a piece is verified again, nobody is asked for its tree if that is known: a peer that sent the wrong block
  /// anew must not be judged by what the liar had sent.
  @Test func aPieceIsJudgedByWhatItIsNow() {
    let scene = Scene(14, 2 * Int(Self.piece), .size(Int(Self.piece)))
    let servers = thirds(scene, wrong: [0])
    let peer = scene.downloads[0].peer
    let origin = ScriptedServer(scene)
    scene.tellInTurn(of: [servers[2], origin])
    scene.world.run(for: 5 * .second) {
      if peer.distrusts(servers[0].address) { peer.verificationDelay = 300 * .millisecond }
      return peer.swarm.progress(scene.downloads[0].key).isComplete
    }
    scene.finish(within: 10)
    let trees = (servers + [origin]).flatMap(\.treesAsked)
    #expect(peer.distrusts(servers[0].address) && trees.count == 1, "\(trees)")
    for server in servers[1...] + [origin] { #expect(!peer.distrusts(server.address)) }
  }

  /// A liar that comes back from another port, as somebody else, is asked for nothing while anybody gives; when nobody
  /// does, it may be another peer behind the same NAT, and gets a chance.
  @Test(arguments: [false, true]) func aLiarThatComesBackIsAskedForNothing(isAlone: Bool) {
    let scene = Scene(13, 8_000_000)
    let liar = ScriptedServer(scene, "delay=1ms")
    let origin = ScriptedServer(scene, "delay=5ms,rate=4mbit", answer: { isAlone ? [] : [$0] })
    liar.isWrong = { _ in true }
    let peer = scene.downloader(from: [liar.address, origin.address])
    #expect(scene.world.run(for: 5 * .second) { peer.distrusts(liar.address) })
    scene.world.run(for: .second)
    let asked = liar.asked.count
    let others = (1...5).map { ScriptedServer(scene, "delay=1ms", at: liar.address.with(port: 7_900 + $0)) }
    for other in others { other.isWrong = { _ in !isAlone } }
    scene.tell(0, of: others[..<3].map(\.address))
    for other in others[3...] { other.connect(to: peer) }
    liar.connect(to: peer)
    if isAlone {
      scene.finish(within: 60)
    } else {
      scene.finish(within: 30)
      #expect(others.allSatisfy { $0.wants == 0 && $0.asked.isEmpty && $0.treesAsked.isEmpty })
    }
    #expect(liar.asked.count == asked && liar.wants == 1)
  }

  /// The only piece of a file is wrong: the size that its sender claims may be false too.
  @Test(arguments: [0, 1])
  func aFalseSizeIsForgottenWithThePeerThatClaimedIt(late: Int) {
    let scene = Scene(8, 900)
    let liar = ScriptedServer(scene, "delay=1ms", offers: { $0.size = 500 })
    let origin = ScriptedServer(scene, "delay=\(late == 1 ? 60 : 2)ms")
    let peer = scene.downloader("delay=1ms", from: [liar.address, origin.address])
    #expect(scene.finish(within: 10) < 2 * .second)
    #expect(peer.distrusts(liar.address) && !peer.distrusts(origin.address))
    #expect(liar.asked == [RangeField(offset: 0, length: 500)])
    #expect(origin.asked == [RangeField(offset: 0, length: 900)])
  }

  /// Each time a different claim gets its turn, everyone is known to have what it had.
  @Test func claimsOfTheSizeAreTriedInTurn() {
    let scene = Scene(9, 900)
    let origin = ScriptedServer(scene, "delay=2ms")
    let silent = ScriptedServer(scene, "delay=2ms", offers: { $0.size = 600 }, answer: { _ in [] })
    let liar = ScriptedServer(scene, "delay=2ms", offers: { $0.size = 500 })
    origin.answer = { _ in [] }
    let peer = scene.downloader()
    // One after another, so that each claim is accepted for as long as it takes to find that nobody confirms it.
    scene.tellInTurn(of: [origin, silent, liar])
    scene.world.run(for: 30 * .second) { origin.asked.count >= 2 && silent.asked.count >= 1 }
    origin.answer = { [$0] }
    scene.finish(within: 30)
    #expect(!peer.distrusts(origin.address) && !peer.distrusts(silent.address) && peer.distrusts(liar.address))
    #expect(origin.asked.allSatisfy { $0 == RangeField(offset: 0, length: 900) })
    #expect(silent.asked.allSatisfy { $0 == RangeField(offset: 0, length: 600) })
    #expect(liar.asked == [RangeField(offset: 0, length: 500)])
  }

  /// One distrusted address of a peer with several must not keep the others from being tried, even later.
  @Test(arguments: [0, 5] as [Nanoseconds]) func anotherAddressOfADistrustedPeerIsTried(seconds: Nanoseconds) {
    let scene = Scene(10, 300_000)
    let (liar, origin) = (ScriptedServer(scene), ScriptedServer(scene))
    liar.isWrong = { _ in true }
    let peer = scene.downloader()
    let start = scene.world.now
    scene.world.network.onSend = { datagram, now in
      datagram.from != origin.address || now - start >= seconds * .second
    }
    peer.swarm.add(peerAt: [liar.address, origin.address], for: scene.downloads[0].key, at: start)
    scene.world.flush(peer)
    #expect(scene.finish(within: 30) < 15 * .second)
    #expect(peer.distrusts(liar.address) && liar.wants == 1)
  }

  /// A piece that turns out right when its only sender has gone is kept, even if another peer claims another size
  /// meanwhile.
  @Test func whatIsBeingVerifiedIsNotForgottenForAnotherClaim() {
    let scene = Scene(11, 900)
    let origin = ScriptedServer(scene, "delay=2ms")
    let other = ScriptedServer(scene, "delay=2ms", offers: { $0.size = 500 }, answer: { _ in [] })
    let peer = scene.downloader()
    peer.verificationDelay = 5 * .second
    scene.tellInTurn(of: [origin])
    scene.world.run(for: 8 * .second) { peer.swarm.progress(scene.downloads[0].key).accepted == 900 }
    let at = scene.world.now
    scene.world.network.onSend = { datagram, _ in datagram.to != origin.address }
    origin.leave()
    scene.tellInTurn(of: [other])
    scene.finish(within: 20)
    #expect(scene.world.now - at <= 5 * .second)
  }

  /// A host's verdict on pieces that it was not given to verify changes nothing.
  @Test func aVerdictThatNobodyWaitsForIsIgnored() {
    let scene = Scene(12, 1_000_000)
    let origin = scene.origin("delay=5ms,rate=8mbit")
    let peer = scene.downloader(from: [origin.address])
    let key = scene.downloads[0].key
    for isRight in [true, false] {
      scene.world.run(for: 300 * .millisecond)
      let bytes = peer.swarm.progress(key).bytes
      for piece in -1...20 { peer.swarm.pieceVerified(key, piece: piece, isRight: isRight, at: scene.world.now) }
      scene.world.flush(peer)
      #expect(peer.swarm.progress(key).bytes == bytes && !peer.distrusts(origin.address))
    }
    scene.finish(within: 10)
  }
}
