import ShoalBase
import ShoalContent
import ShoalTracker
import ShoalWire
import Testing

/// A listed file is found by the beginning of its id, one without a name only by the whole id.
@Suite struct ShortIDTests {
  /// An id that begins with these digits.
  private func id(_ digits: String, _ rest: Character = "0") -> Digest {
    Digest(hex: digits + String(repeating: rest, count: 64 - digits.count))!
  }

  private func found(_ name: String, _ harness: inout TrackerHarness) throws -> [Digest] {
    let reply = try harness.reply(to: try harness.finding(name, from: peer(9)), from: peer(9))
    return packetType(of: reply) == .found ? try FoundPacket.decode(reply.span).files.map(\.id) : []
  }

  @Test func whatIsListedIsFound() throws {
    var harness = TrackerHarness()
    let (first, second) = (id("6b0c12d4a"), id("6b0c12d4b"))
    try harness.register(first, from: peer(1), name: "film.mkv")
    try harness.register(second, from: peer(2), name: "other.mkv")
    #expect(Set(try found("6b0c12d4", &harness)) == [first, second])
    #expect(try found("6b0c12d4a", &harness) == [first])
    #expect(try found("6B0C12D4A0", &harness) == [first])
    #expect(try found(first.hex, &harness) == [first])
    for name in [
      "6b0c12d", "6b0c12d4c", "6b0c12d5", "0c12d4a0", "6b0c12d4g", "", "6b0c12d4" + String(repeating: "a", count: 200),
    ] {
      #expect(try found(name, &harness).isEmpty, "\(name)")
    }
  }

  @Test func whatHasNoNameIsNot() throws {
    var harness = TrackerHarness()
    let secret = id("6b0c12d4")
    try harness.register(secret, from: peer(1), name: "")
    #expect(
      try found("6b0c12d4", &harness).isEmpty && found(secret.hex, &harness).isEmpty && found("", &harness).isEmpty)
    let peers: PeersPacket = try harness.ask(try harness.lookingUp(secret, from: peer(9)), from: peer(9))
    #expect(peers.peers.map(\.address) == [peer(1)] && peers.name.isEmpty)
    // It is found as soon as it is listed, and no longer than that.
    try harness.register(secret, from: peer(1), name: "x")
    #expect(try found("6b0c12d4", &harness) == [secret])
    try harness.register(secret, from: peer(1), name: "")
    #expect(try found("6b0c12d4", &harness).isEmpty && found("x", &harness).isEmpty)
  }

  @Test func aNameMayLookLikeAnID() throws {
    var harness = TrackerHarness()
    let (named, meant) = (id("00"), id("6b0c12d4"))
    try harness.register(named, from: peer(1), name: "6b0c12d4")
    #expect(try found("6b0c12d4", &harness) == [named])
    try harness.register(meant, from: peer(2), name: "y")
    #expect(Set(try found("6b0c12d4", &harness)) == [named, meant])
    // A file that matches in both ways is named once.
    try harness.register(meant, from: peer(2), name: "6b0c12d4")
    #expect(try found("6b0c12d4", &harness).count == 2)
  }

  /// One host that claims many ids with the same beginning hides nobody else's.
  @Test func nobodyIsCrowdedOut() throws {
    var harness = TrackerHarness { $0.filesPerName = 4 }
    for number in 1...9 { try harness.register(id("6b0c12d4\(number)"), from: peer(1), name: "n\(number)") }
    let other = id("6b0c12d4f")
    try harness.register(other, from: peer(2), name: "film")
    #expect(try found("6b0c12d4f", &harness) == [other])
    #expect(try found("6b0c12d4", &harness).count == 4)
    for number in 1...9 {
      let packet = try harness.deregistering(id("6b0c12d4\(number)"), from: peer(1))
      let _: DeregisteredPacket = try harness.ask(packet, from: peer(1))
    }
    #expect(try found("6b0c12d4", &harness) == [other])
  }
}
