import ShoalWire
import Testing

@testable import shoal_dump

/// What is believed of an ACK, and what it tells about retransmissions.
@Suite struct AckMarkTests {
  /// Bob sends to alice, at whose end the capture is made.
  private func data(_ talk: Conversation, _ sequence: UInt32, attempt: UInt8 = 0) throws {
    talk.clock &+= 1_000
    var packet = DataPacket()
    (packet.sequence, packet.attempt, packet.timestamp) = (sequence, attempt, talk.clock)
    talk.capture.add(
      try packet.datagram(connection: Conversation.aliceID), from: bob, to: alice, outbound: false)
  }

  /// Alice says that, from `next` on, the numbers in the runs are by turns missing and received.
  private func ack(_ talk: Conversation, next: UInt32, top: UInt32, _ runs: [UInt8] = []) throws {
    var packet = AckPacket()
    (packet.next, packet.top, packet.first, packet.echo) = (next, top, next, talk.clock)
    packet.count = UInt32(runs.reduce(0) { $0 + Int($1) })
    talk.capture.add(sealed(try packet.datagram(connection: Conversation.bobID) + runs))
  }

  @Test func packetsThatTheProgramNeverGotCountAsLost() throws {
    let talk = try Conversation()
    for sequence in UInt32(50)..<56 { try data(talk, sequence) }
    try ack(talk, next: 51, top: 56, [1, 2, 1, 1])
    try data(talk, 51, attempt: 1)
    try data(talk, 54, attempt: 1)
    // A packet that was still under way when an ACK reported it missing has arrived since.
    try ack(talk, next: 56, top: 56)
    try data(talk, 54, attempt: 2)
    let marks = try talk.marks()
    #expect(marks[9] == ["resent", "lost_by_ack"])
    #expect(marks[10].contains("resent") && !marks[10].contains("spurious"))
    #expect(marks[12] == ["resent", "spurious"])
  }

  @Test func aRepeatThatNoAckAskedForIsNeedless() throws {
    let talk = try Conversation()
    for sequence in UInt32(50)..<53 { try data(talk, sequence) }
    try data(talk, 51, attempt: 1)
    #expect(try talk.marks().last == ["resent", "spurious"])
  }

  @Test func whatWasNotSentIsNotAcknowledged() throws {
    let talk = try Conversation()
    for sequence in UInt32(1_000)..<1_003 { try talk.data(sequence) }
    try talk.ack(1_500, echo: talk.clock)
    try talk.ack(1_001, top: 1_500, echo: talk.clock)
    for sequence in UInt32(1_003)..<1_006 { try talk.data(sequence) }
    try talk.ack(1_006, echo: talk.clock)
    let marks = try talk.marks().dropFirst(2)
    #expect(Array(marks) == [[], [], [], ["beyond_sent"], ["beyond_sent"], [], [], [], []])
    #expect(try talk.lines()[3].hasSuffix("[ignored: covers 497 packets beyond the last DATA]"))
    #expect(try inspect(talk.capture.bytes, "-q", "--assert", "beyond_sent == 2 && out_of_order == 0").status == 0)
  }

  /// If the capture lacks part of the connection, an ACK may know more than the capture does.
  @Test func aCaptureThatBeganLaterBelievesIt() throws {
    let capture = TestCapture()
    for (sequence, next) in [(UInt32(7_000), UInt32(7_000)), (7_001, 7_100)] {
      var packet = DataPacket()
      (packet.sequence, packet.timestamp) = (sequence, sequence)
      capture.add(try packet.datagram(connection: 1))
      var ack = AckPacket()
      (ack.next, ack.top, ack.echo) = (next, next, sequence)
      capture.add(try ack.datagram(connection: 11), from: bob, to: alice, outbound: false)
    }
    let acks = try objects(inspect(capture.bytes, "--json", "--type", "ack"))
    #expect(acks.map { $0["marks"] as? [String] } == [[], []] && acks[1]["acked"] as? Int == 56)
  }

  @Test func quantilesAreOfTheNearestRank() {
    var times = Histogram()
    for value in UInt64(1)...16 { times.add(value * 1_000) }
    times.add(1_000_003)
    #expect(times.quantile(0.99) == 1_000_003 && times.quantile(0) == 1_000)
    #expect([0, 0.5, 0.99, 1].map { nearestRank($0, of: 200) } == [0, 99, 197, 199])
    #expect(nearestRank(0.5, of: 3) == 1 && nearestRank(0.99, of: 17) == 16)
  }
}
