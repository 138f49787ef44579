import ShoalBase
import ShoalContent
import ShoalLink
import ShoalSimulator
import ShoalTransport
import ShoalWire
import Testing

@testable import ShoalSwarm

/// The second visit to a peer: what the pass from the first one saves, and that it does no harm where the path has changed.
@Suite struct CarefulResumeTests {
  private static let start = "delay=10ms,queue=1bdp,rate="

  /// A peer that has fetched 8 MB from another over 100 Mbit/s, 40 ms of round trip.
  private struct Visit {
    let world = World(seed: 4, start: Scene.start)
    let origin: WorldPeer
    let first: WorldPeer

    init(_ more: String = "") {
      let file = WorldFile(seed: 1, size: 8_000_000)
      origin = world.addPeer(Scene.configuration(), link: Scene.link(CarefulResumeTests.start + "100mbit" + more))
      world.share(file, from: origin)
      first = world.addPeer(Scene.configuration(), link: Scene.link("delay=10ms"))
      let key = world.download(file, to: first, from: [origin.address], expected: file.cut)
      let (first, isDone) = (first, world.run(for: 20 * .second) { [first] in first[key].completedAt != nil })
      #expect(isDone && first.swarm.passes.entries.count == 1)
      world.run(for: 15 * .second)
    }

    /// The seconds that a file then takes, from another port of the same host, and the datagrams dropped by the queue.
    func again(_ size: Int, seed: UInt32 = 2, withPass: Bool = true, rate: String? = nil) -> (Double, drops: Int) {
      if let rate { world.network.join(origin.address, link: Scene.link(CarefulResumeTests.start + rate)) }
      let before = world.network.counters(of: origin.address)?.up.droppedQueue ?? 0
      let file = WorldFile(seed: seed, size: size)
      world.share(file, from: origin)
      let address = first.address.with(port: 9_000 + UInt16(seed) + (withPass ? 100 : 0))
      let peer = world.addPeer(Scene.configuration(), link: Scene.link("delay=10ms"), address: address)
      if withPass { peer.swarm.passes = first.swarm.passes }
      let start = world.now
      let key = world.download(file, to: peer, from: [origin.address], expected: file.cut)
      let isDone = world.run(for: 20 * .second) { peer[key].completedAt != nil }
      #expect(isDone && world.violations.isEmpty)
      let drops = (world.network.counters(of: origin.address)?.up.droppedQueue ?? 0) - before
      return (Double(world.now - start) / 1e9, drops)
    }
  }

  @Test func aPeerThatWasSeenBeforeIsServedSooner() {
    let visit = Visit()
    let small = visit.again(1_024, seed: 2).0
    #expect(small < 0.05, "\(small)")
    let large = visit.again(1_000_000, seed: 3).0
    #expect(large < 0.25, "\(large)")
    let plain = visit.again(1_000_000, seed: 4, withPass: false).0
    #expect(large < plain - 0.02, "\(large) \(plain)")
  }

  @Test(arguments: ["50mbit", "20mbit", "5mbit"]) func aPathThatCarriesLessIsLeftInPeace(rate: String) {
    let visit = Visit()
    let plain = visit.again(2_000_000, seed: 3, withPass: false, rate: rate)
    let resumed = visit.again(2_000_000, seed: 4, rate: rate)
    #expect(resumed.0 < 1.05 * plain.0 + 0.05, "\(resumed) \(plain)")
    #expect(resumed.drops <= plain.drops + 250, "\(resumed) \(plain)")
  }

  @Test func randomLossEndsNothing() {
    let visit = Visit(",loss=3%")
    let (plain, resumed) = (visit.again(4_000_000, seed: 3, withPass: false).0, visit.again(4_000_000, seed: 4).0)
    #expect(resumed < plain, "\(resumed) \(plain)")
  }

  @Test func aPassIsOfOneHostAndTime() throws {
    let file = WorldFile(seed: 1, size: 1_000)
    var bare = BareSwarm()
    _ = bare.swarm.share(file.manifest, name: "file", at: bare.now)
    let address = Address(ipv4: 0x0102_0304, port: 9)
    var want = Want()
    want.id = file.id
    // The first visit, on which a pass is given once the address is proven.
    let id = try bare.accept(from: address, as: 7)
    try bare.say([try want.encoded()], 0, on: id, from: address)
    var pass: [UInt8]?
    for datagram in bare.sent(for: .second) where datagram.bytes[3] == PacketType.data.rawValue {
      var reader = MessageReader(datagram.bytes.span, from: DataPacket.overhead)
      while let (type, body) = try reader.next() {
        if type == .pass { pass = Array(datagram.bytes[(body.offset - MessageType.overhead)..<body.end]) }
      }
    }
    let given = try #require(pass)
    let again = try isServedAtOnce(&bare, file, given, 8, from: address.with(port: 10))
    let elsewhere = try isServedAtOnce(&bare, file, given, 9, from: Address(ipv4: 0x0102_0305, port: 9))
    #expect(again && !elsewhere)
    for i in [3, 10, 18] {
      var forged = given
      forged[i] ^= 1
      let isBelieved = try isServedAtOnce(&bare, file, forged, UInt64(20 + i), from: address.with(port: 11))
      #expect(!isBelieved)
    }
    bare.now = bare.now + 25 * 3_600 * .second
    let late = try isServedAtOnce(&bare, file, given, 12, from: address.with(port: 12))
    #expect(!late)
  }

  /// Whether an OPEN with a pass and a WANT is answered with DATA.
  private func isServedAtOnce(
    _ bare: inout BareSwarm, _ file: WorldFile, _ pass: [UInt8], _ id: UInt64, from address: Address
  ) throws -> Bool {
    var want = Want()
    want.id = file.id
    var open = OpenPacket()
    open.window = 1_000
    var bytes = try open.encoded(connection: id)
    let early = try pass + want.encoded()
    bytes.replaceSubrange(OpenPacket.overhead..<OpenPacket.overhead + early.count, with: early)
    Datagram.seal(&bytes)
    bare.hand(bytes, from: address)
    return bare.sent().contains { $0.bytes[3] == PacketType.data.rawValue }
  }
}
