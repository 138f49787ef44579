import ShoalBase
import ShoalContent
import ShoalSimulator
import ShoalStore
@testable import ShoalSwarm
import ShoalWire
import TestSupport
import Testing

/// Requested bytes are sent once they are in memory: a slow disk does not hold up other peers.
@Suite struct ReadTests {
  private static func isRead(_ job: StoreJob) -> Bool { if case .read = job { true } else { false } }

  @Test(arguments: seeds(0..<8)) func aSlowDiskServesAllTheSame(seed: UInt64) {
    let scene = Scene(seed, 12 * 65_536 - 5)
    let origin = scene.origin("delay=5ms,rate=80mbit,loss=2%")
    origin.disk.latency = { Self.isRead($0) ? 40 * .millisecond : 0 }
    let peer = scene.world.addPeer(link: Scene.link("delay=5ms"))
    let key = scene.world.download(scene.file, to: peer, from: [origin.address])
    #expect(scene.world.run(for: 60 * .second) { peer[key].storedAt != nil }, "seed \(seed)")
    #expect(scene.world.violations.isEmpty, "\(scene.world.violations)")
  }

  /// Peers that go while what they asked for is being read leave nothing behind, and the others get what they asked
  /// for.
  @Test(arguments: seeds(0..<8)) func peersMayGoWhileTheirsIsRead(seed: UInt64) {
    let scene = Scene(seed, 12 * 65_536)
    let origin = scene.origin("delay=5ms,rate=80mbit")
    origin.disk.latency = { Self.isRead($0) ? 300 * .millisecond : 0 }
    for i in 0..<4 {
      let guest = scene.world.addPeer(link: Scene.link("delay=5ms"))
      _ = scene.world.download(scene.file, to: guest, from: [origin.address])
      scene.world.run(for: Nanoseconds(20 + 60 * i) * .millisecond)
      guest.swarm.stop(at: scene.world.now)
      scene.world.flush(guest)
    }
    let peer = scene.world.addPeer(link: Scene.link("delay=5ms"))
    let key = scene.world.download(scene.file, to: peer, from: [origin.address])
    #expect(scene.world.run(for: 60 * .second) { peer[key].storedAt != nil }, "seed \(seed)")
    #expect(scene.world.violations.isEmpty, "\(scene.world.violations)")
  }

  /// What is asked for is not sent before it is read, is not sent at all if it is cancelled or cannot be read, and
  /// counts towards what a peer may ask for in the meantime.
  @Test func aRangeWaitsForItsBytes() throws {
    let file = WorldFile(seed: 1, size: 64 << 20)
    var configuration = SwarmConfiguration()
    configuration.rangesPerConnection = 300
    configuration.rangesPerHost = 300
    var bare = BareSwarm(configuration)
    bare.holdsReads = true
    _ = bare.swarm.share(file.manifest, name: "a", at: bare.now)
    let peer = Address(ipv4: 0x0a00_0001, port: 7)
    let id = try bare.accept(from: peer, as: 9)
    var sequence: UInt32 = 0
    func say(_ message: some Message, _ bare: inout BareSwarm) throws -> Set<UInt64> {
      try bare.say([message.encoded()], sequence, on: id, from: peer)
      sequence += 1
      _ = bare.sent(for: 20 * .millisecond)
      return bare.offsets
    }
    func end(_ read: Int, _ isReadable: Bool, _ bare: inout BareSwarm) -> Set<UInt64> {
      bare.swarm.readEnded(bare.reads[read], isReadable: isReadable, at: bare.now)
      _ = bare.sent(for: 20 * .millisecond)
      return bare.offsets
    }
    var want = Want()
    want.id = file.id
    _ = try say(want, &bare)
    var request = Request()
    request.ranges = (1...3).map { RangeField(offset: UInt64($0) * 1_000, length: 1_000) }
    #expect(try say(request, &bare).isEmpty && bare.reads.count == 3)
    #expect(end(1, true, &bare) == [2_000])
    // Reporting the end twice is the same as once.
    #expect(end(1, true, &bare) == [2_000])
    #expect(end(2, false, &bare) == [2_000])
    var cancel = Cancel()
    cancel.ranges = [RangeField(offset: 1_000, length: 1_000)]
    _ = try say(cancel, &bare)
    #expect(end(0, true, &bare) == [2_000])
    // Ranges that wait to be read count like those that wait to be sent.
    for _ in 0..<20 {
      request.ranges = (0..<30).map { RangeField(offset: UInt64($0) * 1_000, length: 1_000) }
      _ = try say(request, &bare)
    }
    let link = LinkKey(bare.swarm.openLinks[0].connection)
    #expect(bare.swarm.queuedRanges(link) == 300 && bare.reads.count > 3 + 100)
  }
}
