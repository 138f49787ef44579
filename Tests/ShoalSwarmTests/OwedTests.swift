import ShoalBase
import ShoalContent
import ShoalSimulator
import ShoalSwarm
import ShoalTransport
import ShoalWire
import Testing

/// How the debts of a peer are handled when it is silent or slow, or refuses.
struct OwedTests {
  private static let piece: UInt32 = 16_384

  /// A silent peer is told not to send what others are asked for, and is asked for nothing for ten seconds.
  @Test func aSilentPeerIsLeftAloneForTenSeconds() {
    let scene = Scene(9, 40 * Int(Self.piece), .size(Int(Self.piece)))
    let silent = ScriptedServer(scene, answer: { _ in [] })
    let other = ScriptedServer(scene, "delay=5ms,rate=100kbit")
    let peer = scene.downloader(from: [silent.address]) { $0.leastRequests = 5 * Int(Self.piece) }
    scene.world.run(for: .second) { silent.asked.count == 5 }
    let start = scene.world.now
    scene.tellInTurn(of: [other])
    scene.world.run(for: 6 * .second) { !silent.cancelled.isEmpty }
    let pause = scene.world.now - start
    #expect(pause > 2_900 * .millisecond && pause < 3_500 * .millisecond, "\(pause)")
    scene.world.run(for: 50 * .millisecond)
    #expect(Set(silent.cancelled) == Set(silent.asked) && silent.asked.count == 5)
    // In the middle of its rest it is asked for nothing, although there is much to ask for.
    scene.world.run(for: 9 * .second)
    #expect(silent.asked.count == 5 && !peer.swarm.progress(scene.downloads[0].key).isComplete)
    scene.world.run(for: 2 * .second)
    #expect(silent.asked.count > 5)
    silent.answer = { [$0] }
    for range in Set(silent.asked) { silent.send(range) }
    scene.finish(within: 60)
    #expect(peer.ledgerIsRight)
  }

  /// Bytes that come late from a silent peer end its rest.
  @Test func whoSendsAgainIsAskedAgain() {
    let scene = Scene(14, 40 * Int(Self.piece), .size(Int(Self.piece)))
    let silent = ScriptedServer(scene, answer: { _ in [] })
    let other = ScriptedServer(scene, "delay=5ms,rate=100kbit")
    scene.downloader(from: [silent.address]) { $0.leastRequests = 5 * Int(Self.piece) }
    scene.world.run(for: .second) { silent.asked.count == 5 }
    scene.tellInTurn(of: [other])
    scene.world.run(for: 6 * .second) { !silent.cancelled.isEmpty }
    scene.world.run(for: .second)
    silent.answer = { [$0] }
    silent.send(silent.asked[0].first(1_024))
    scene.world.run(for: 200 * .millisecond)
    #expect(silent.asked.count > 5)
    scene.finish(within: 10)
  }

  /// The only peer is silent: what it owes is asked of it again, but not more often than every three seconds.
  @Test func theOnlyPeerIsAskedAgainEveryThreeSeconds() {
    let scene = Scene(15, 40 * Int(Self.piece), .size(Int(Self.piece)))
    let server = ScriptedServer(scene, answer: { _ in [] })
    scene.downloader(from: [server.address]) { $0.leastRequests = 5 * Int(Self.piece) }
    scene.world.run(for: 14 * .second)
    #expect(server.asked.count >= 4 * 5 && server.asked.count <= 5 * 5, "\(server.asked.count)")
    #expect(Set(server.asked).count == 5)
  }

  /// Pauses after refusals grow, and are short again once something was sent in between.
  @Test func afterWhatWasSentRefusalsBeginAnew() {
    let scene = Scene(16, 40 * Int(Self.piece), .size(Int(Self.piece)))
    let server = ScriptedServer(scene)
    var isRefusing = true
    var refusals: [Instant] = []
    server.answer = { range in
      guard isRefusing else { return [range] }
      if refusals.last != scene.world.now { refusals.append(scene.world.now) }
      var refuse = Refuse()
      (refuse.file, refuse.code) = (server.number, Refusal.tooManyRequests.rawValue)
      refuse.ranges = [range]
      server.say(refuse)
      return []
    }
    scene.downloader(from: [server.address]) { $0.leastRequests = Int(Self.piece) }
    scene.world.run(for: 20 * .second) { refusals.count == 7 }
    let last = refusals[6] - refusals[5]
    #expect(last > 1_500 * .millisecond)
    isRefusing = false
    scene.world.run(for: 10 * .second) { server.asked.count >= 10 }
    isRefusing = true
    refusals = []
    #expect(scene.world.run(for: .second) { refusals.count >= 4 })
    isRefusing = false
    scene.finish(within: 10)
  }

  /// A peer that has nothing to do because too much is buffered takes nothing away from a slower one.
  @Test func aFullBufferIsNoReasonToAskTwo() {
    let scene = Scene(20, 40 * 65_536)
    let slow = ScriptedServer(scene, "delay=5ms,rate=400kbit")
    let fast = ScriptedServer(scene, "delay=5ms,rate=100mbit")
    let peer = scene.downloader(from: [slow.address]) { ($0.leastRequests, $0.bufferLimit) = (327_680, 655_360) }
    peer.verificationDelay = 1_500 * .millisecond
    scene.world.run(for: 5 * .second) { peer.swarm.progress(scene.downloads[0].key).accepted > 20_000 }
    scene.tellInTurn(of: [fast])
    scene.world.run(for: 1_200 * .millisecond)
    #expect(peer.swarm.buffered > 589_000 && slow.cancelled.isEmpty)
    peer.verificationDelay = 0
    scene.finish(within: 30)
  }

  /// A peer that has just been asked is given time before others are asked for what it owes; then the first to send any
  /// of it keeps it.
  @Test func whoHasNotSentYetIsGivenTime() {
    let scene = Scene(21, 10 * Int(Self.piece), .size(Int(Self.piece)))
    let late = ScriptedServer(scene, answer: { _ in [] })
    let fast = ScriptedServer(scene, "delay=5ms,rate=100mbit")
    scene.downloader(from: [late.address]) { $0.leastRequests = 5 * Int(Self.piece) }
    scene.world.run(for: .second) { late.asked.count == 5 }
    let askedAt = scene.world.now
    scene.tellInTurn(of: [fast])
    scene.world.run(for: askedAt + 90 * .millisecond - scene.world.now)
    #expect(fast.asked.count <= 5 && late.cancelled.isEmpty)
    scene.finish(within: 3)
    #expect(Set(fast.asked).count == 10 && fast.asked.count == 10)
    #expect(!late.cancelled.isEmpty)
  }

  /// What a peer has begun to send is left to it while there is anything that nobody has been asked for.
  @Test func whatIsBegunIsLeftAloneUntilTheEnd() {
    let scene = Scene(22, 12 * Int(Self.piece), .size(Int(Self.piece)))
    let slow = ScriptedServer(scene, "delay=5ms,rate=200kbit")
    let peer = scene.downloader(from: [slow.address]) { $0.leastRequests = Int(Self.piece) }
    let key = scene.downloads[0].key
    scene.world.run(for: 3 * .second) { peer.swarm.progress(key).accepted > 1_000 }
    // It has only what the other has begun.
    let begun = UInt32(slow.asked[0].offset) / Self.piece
    let fast = ScriptedServer(scene, "delay=1ms,rate=100mbit", offers: { $0.have = [ChunkRun(first: begun, count: 1)] })
    scene.tellInTurn(of: [fast])
    scene.world.run(for: 500 * .millisecond)
    #expect(fast.asked.isEmpty)
    scene.finish(within: 30)
  }

  /// Two peers are silent, the second when nobody else is left: what it owes stays with it and is asked for again.
  @Test func theLastThatSentIsAskedAgain() {
    let scene = Scene(10, 40 * Int(Self.piece), .size(Int(Self.piece)))
    let first = ScriptedServer(scene, answer: { _ in [] })
    let second = ScriptedServer(scene, "delay=5ms,rate=400kbit")
    scene.downloader(from: [first.address]) { $0.leastRequests = 5 * Int(Self.piece) }
    scene.world.run(for: .second) { first.asked.count == 5 }
    scene.tellInTurn(of: [second])
    scene.world.run(for: 6 * .second) { !first.cancelled.isEmpty }
    // From now on the second sends nothing either.
    scene.world.run(for: .second)
    second.answer = { _ in [] }
    scene.world.run(for: 5 * .second)
    let before = second.asked.count
    scene.world.run(for: 3_500 * .millisecond)
    let again = second.asked.suffix(second.asked.count - before)
    #expect(!again.isEmpty && !second.cancelled.isEmpty && again.allSatisfy { second.cancelled.contains($0) })
    for server in [first, second] { server.answer = { [$0] } }
    scene.finish(within: 60)
  }

  /// Near the end, two peers are asked for the same piece: when one has sent it, the other is told.
  @Test func theSlowerIsToldThatAPieceHasCome() {
    let scene = Scene(11, 2 * Int(Self.piece), .size(Int(Self.piece)))
    let slow = ScriptedServer(scene)
    slow.answer = { [$0.first(4_096)] }
    let fast = ScriptedServer(scene, "delay=1ms,rate=100mbit")
    let peer = scene.downloader(from: [slow.address])
    scene.world.run(for: .second) { slow.asked.count == 2 }
    scene.world.run(for: 500 * .millisecond)
    let start = scene.world.now
    scene.tellInTurn(of: [fast])
    scene.finish(within: 10)
    #expect(scene.world.now - start < 2 * .second, "before the slow one counts as silent")
    // All of it is in one CANCEL at the end, or piece by piece before that.
    scene.world.run(for: 100 * .millisecond)
    #expect(Set(slow.cancelled) == Set(slow.asked))
    #expect(fast.asked.allSatisfy { $0.length == Self.piece - 4_096 } && fast.asked.count == 2)
    #expect(peer.swarm.progress(scene.downloads[0].key).from.count == 2)
  }
}
