import ShoalBase
import ShoalContent
import ShoalSwarm
import ShoalWire
import Testing

/// Unanswered tries, and tries whose cookie is refused.
struct TrackerTriesTests {
  private let a = TrackerNetwork.trackerAddress
  private let b = Address(ipv4: 0x0a00_0002, port: 7_400)
  private let id = TrackerNetwork.digest(1)

  /// Two tries of a request go to where the tracker answered; then it is sought at its other addresses.
  @Test func afterTwoTriesATrackerIsSoughtElsewhere() {
    let network = TrackerNetwork(clients: 0)
    network.startClient(seed: 5, others: [b])
    network.clients[0].find(name: "x")
    network.run(5)
    let before = network.sent.count
    network.isDown = true
    network.clients[0].lookup(id: id)
    network.run(4.5)
    let sent = network.sent[before...]
    #expect(sent.map(\.type) == [.lookup, .lookup, .connect, .connect])
    #expect(sent.map(\.to) == [a, a, a, b])
  }

  /// Two requests both carried an old cookie. When the second is refused there is already a new one, which is kept.
  @Test func theRefusalOfAnOldCookieDoesNotEndANewOne() throws {
    var talk = Talk(TrackerClient(tracker: a, random: SecretGenerator(seed: 1)))
    for name in ["x", "y"] { talk.client.find(name: name) }
    let hello = try talk.next()
    talk.now = talk.now + 10 * .millisecond
    try talk.connect(hello, cookie: 1)
    let (x, y) = (try talk.next(), try talk.next())
    #expect(try [x, y].map(Talk.cookie) == [1, 1])
    talk.now = talk.now + 100 * .millisecond
    try talk.refuse(x)
    let connect = try talk.next()
    #expect(TrackerNetwork.packetType(of: connect) == .connect)
    talk.now = talk.now + 100 * .millisecond
    try talk.connect(connect, cookie: 2)
    let first = try talk.next()
    #expect(try Talk.cookie(first) == 2)
    // The refusal of the other was slower: that one goes out again at once, with the new cookie.
    try talk.refuse(y)
    let again = try talk.next()
    #expect(try Talk.transaction(again) == Talk.transaction(y) && Talk.cookie(again) == 2)
    let further = talk.client.nextTransmit(at: talk.now)
    #expect(further == nil)
  }
}

/// What a client says to its tracker, and is told by it.
private struct Talk {
  var client: TrackerClient
  var now = Instant(nanoseconds: .second)

  init(_ client: TrackerClient) { self.client = client }

  static func transaction(_ datagram: [UInt8]) throws -> UInt64 {
    try Header.decode(datagram.span).header.connection
  }

  static func cookie(_ datagram: [UInt8]) throws -> UInt64 { try FindPacket.decode(datagram.span).cookie }

  mutating func next() throws -> [UInt8] {
    let transmit = client.nextTransmit(at: now)
    return try #require(transmit).bytes
  }

  mutating func connect(_ datagram: [UInt8], cookie: UInt64) throws {
    var packet = ConnectedPacket()
    packet.cookie = cookie
    try answer(packet, datagram)
  }

  mutating func refuse(_ datagram: [UInt8]) throws {
    var packet = ErrorPacket()
    packet.code = TrackerError.staleCookie.rawValue
    try answer(packet, datagram)
  }

  private mutating func answer(_ packet: some Packet, _ datagram: [UInt8]) throws {
    let bytes = try packet.datagram(connection: Self.transaction(datagram))
    _ = client.receive(bytes.span, from: client.tracker, at: now)
  }
}
