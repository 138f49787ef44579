import ShoalBase
import ShoalTracker
import ShoalWire
import TestSupport
import Testing

struct HostileRequestTests {
  /// One request of each type, with a valid cookie.
  private func requests(_ harness: inout TrackerHarness) throws -> [[UInt8]] {
    let me = peer(1)
    return [
      try ConnectPacket().datagram(connection: 1),
      try harness.registering(digest(1), from: me, have: [run(0, 2), run(5, 1)]).datagram(connection: 2),
      try harness.updating(digest(1), from: me, gained: [run(1, 3), run(8, 2)]).datagram(connection: 3),
      try harness.finding("film.mkv", from: me).datagram(connection: 4),
      try harness.lookingUp(digest(1), from: me).datagram(connection: 5),
      try harness.mapping(digest(1), of: me, from: me).datagram(connection: 6),
      try harness.deregistering(digest(1), from: me).datagram(connection: 7),
    ]
  }

  @Test func truncatedRequestsNeverTrap() throws {
    var harness = TrackerHarness()
    for request in try requests(&harness) {
      for length in 0..<request.count {
        let replies = harness.send(Array(request[..<length]), from: peer(1))
        let type = replies.isEmpty ? nil : packetType(of: replies[0])
        #expect(type == nil || type == .error)
      }
    }
  }

  @Test(arguments: seeds(0..<40)) func damagedRequestsNeverTrap(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var harness = TrackerHarness { $0.mapBytes = 1 << 20 }
    let requests = try requests(&harness)
    for _ in 0..<300 {
      var request = requests.randomElement(using: &random)!
      // The cookie stays whole, or few would get past it.
      for _ in 0..<Int.random(in: 1...4, using: &random) where request.count > 24 {
        request[Int.random(in: 24..<request.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      #expect(harness.send(request, from: peer(1)).count <= 1)
      #expect(harness.tracker.mapBytes <= 1 << 20)
    }
    harness.advance(1_000)
    harness.tracker.expire(at: harness.now)
    #expect(harness.tracker.fileCount == 0 && harness.tracker.mapBytes == 0)
  }

  @Test func randomBytesNeverTrap() throws {
    var random = SeededGenerator(seed: 3)
    var harness = TrackerHarness()
    for _ in 0..<5_000 {
      var bytes = (0..<Int.random(in: 0...200, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
      if bytes.count > 4 && Bool.random(using: &random) {
        bytes.replaceSubrange(0..<4, with: [0x53, 0x68, 1, UInt8.random(in: 0...0x30, using: &random)])
      }
      for reply in harness.send(bytes, from: peer(1)) { #expect(reply.count <= bytes.count) }
    }
    #expect(harness.tracker.registrationCount == 0)
  }

  @Test func onlyRequestsFromUsableAddressesAreAnswered() throws {
    var harness = TrackerHarness()
    let connect = try ConnectPacket().datagram(connection: 1)
    for address in [peer(1).with(port: 0), Address(ipv4: 0, port: 1), Address(ipv4: 0xe000_0001, port: 1)] {
      #expect(harness.send(connect, from: address).isEmpty)
    }
    #expect(harness.send(try ErrorPacket().datagram(connection: 1), from: peer(1)).isEmpty)
    #expect(harness.send(try PeersPacket().datagram(connection: 1), from: peer(1)).isEmpty)
    #expect(harness.send(try OpenPacket().datagram(connection: 1), from: peer(1)).isEmpty)
    #expect(harness.tracker.counters.ignored == 6 && harness.tracker.counters.requests.isEmpty)
  }

  @Test func whatNobodyFetchesIsBounded() throws {
    var harness = TrackerHarness()
    let connect = try ConnectPacket().datagram(connection: 1)
    let bytes = connect.span
    for _ in 0..<5_000 { harness.tracker.receive(bytes, from: peer(1), at: harness.now) }
    #expect(harness.tracker.counters.overflowed == 5_000 - 4_096)
    var replies = 0
    while harness.tracker.nextTransmit(at: harness.now) != nil { replies += 1 }
    #expect(replies == 4_096)
    #expect(harness.send(connect, from: peer(1)).count == 1)
  }
}
