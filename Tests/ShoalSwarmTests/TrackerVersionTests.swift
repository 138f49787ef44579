import ShoalBase
import ShoalContent
import ShoalSwarm
import ShoalWire
import Testing

/// A tracker that speaks another version of the protocol.
struct TrackerVersionTests {
  private static let first = Address(ipv4: 0x0a00_0001, port: 7_400), second = Address(ipv4: 0x0a00_0002, port: 7_400)
  private static let start = Instant.zero + 100 * .second

  /// A client that has a file to register and a question.
  private final class Subject {
    var client: TrackerClient

    init(others: [Address] = []) {
      client = TrackerClient(tracker: first, others: others, random: SecretGenerator(seed: 1))
      let cut = TrackerNetwork.cut(10)
      client.register(id: TrackerNetwork.digest(1), cut: cut, name: "a", have: BitSet(capacity: 10))
      client.find(name: "film")
    }

    /// The header of what it sends after so many seconds, and where to.
    func sent(_ seconds: Int64) -> (to: Address, header: Header)? {
      let now = start + seconds * .second
      client.expire(at: now)
      guard let sent = client.nextTransmit(at: now) else { return nil }
      return (sent.to, Header.peek(sent.bytes.span))
    }

    func take(_ packet: some Packet, _ id: UInt64, from address: Address = first, after seconds: Int64 = 0) throws {
      let bytes = try packet.encoded(connection: id)
      _ = client.receive(bytes.span, from: address, at: start + seconds * .second)
    }

    func takeVersions(_ lowest: UInt8, _ highest: UInt8, _ id: UInt64, from address: Address = first) throws {
      var packet = VersionPacket()
      (packet.lowest, packet.highest) = (lowest, highest)
      try take(packet, id, from: address)
    }
  }

  @Test func itIsReportedAndTriedAgainLater() throws {
    let subject = Subject()
    let id = try #require(subject.sent(0)?.header.connection)
    try subject.takeVersions(2, 3, id)
    let event = subject.client.nextEvent()
    #expect(event == .otherVersion(2...3, unanswered: [.find(name: "film")]))
    let early = subject.sent(59)?.to
    #expect(early == nil)
    // By then it has been replaced.
    let again = try #require(subject.sent(61)?.header)
    #expect(again.packetType == .connect && again.connection != id)
    try subject.take(ConnectedPacket(), again.connection, after: 61)
    let next = subject.sent(61)?.header.packetType
    #expect(next == .register)
  }

  @Test func itsNextAddressIsAskedAtOnce() throws {
    let subject = Subject(others: [Self.second])
    let id = try #require(subject.sent(0)?.header.connection)
    try subject.takeVersions(2, 2, id)
    let event = subject.client.nextEvent()
    let next = subject.sent(0)?.to
    #expect(event == .otherVersion(2...2, unanswered: []) && next == Self.second)
  }

  @Test func whatIsLateOrForgedChangesNothing() throws {
    let subject = Subject()
    let id = try #require(subject.sent(0)?.header.connection)
    try subject.takeVersions(2, 3, id + 1)
    try subject.takeVersions(2, 3, id, from: Self.second)
    try subject.takeVersions(1, 2, id)
    try subject.takeVersions(3, 2, id)
    let event = subject.client.nextEvent()
    let again = subject.sent(1)?.header.connection
    #expect(event == nil && again == id, "it is repeated as ever")
  }
}
