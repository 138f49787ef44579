import ShoalWire
import Testing

@testable import shoal_dump

@Suite struct PathMarkTests {
  @Test func thePathGrowsAndShrinks() throws {
    let talk = try Conversation()
    try talk.data(1_000)
    try talk.ack(1_001, echo: talk.clock)
    var probed = ProbedPacket()
    probed.size = 1_472
    try talk.receive(probed)
    try talk.receive(probed)
    try talk.data(1_001, content: 1_430)
    try talk.data(1_001, attempt: 1, after: 300_000, content: 1_158)
    let marks = try talk.marks().dropFirst(4)
    #expect(Array(marks) == [["path_mtu"], [], [], ["resent", "pto", "path_mtu"]])
    let lines = try talk.lines()
    #expect(lines[2].hasSuffix("[path carries 1472]") && lines[5].contains("path falls back to 1200"))
  }

  @Test func theAddressChanges() throws {
    let talk = try Conversation()
    try talk.data(1_000)
    var packet = DataPacket()
    packet.sequence = 1_001
    let moved = alice.with(port: 9_999)
    talk.capture.add(try packet.datagram(connection: Conversation.bobID), from: moved, to: bob)
    talk.capture.add(try packet.datagram(connection: Conversation.bobID), from: moved, to: bob)
    let marks = try talk.marks().suffix(2)
    #expect(Array(marks) == [["address_changed"], ["duplicate"]])
  }

  @Test func nothingMoreToAnUnprovenAddress() throws {
    let capture = TestCapture()
    try capture.add(OpenPacket())
    // 3,600 bytes are allowed: 97 ACCEPTs of 37 bytes.
    for _ in 0..<97 { try capture.add(AcceptPacket(), from: bob, to: alice) }
    let marks = try objects(inspect(capture.bytes, "--json")).map { $0["marks"] as? [String] ?? [] }
    #expect(marks[96] == ["reply"] && marks[97] == ["amplification_limit", "reply"])
  }

  @Test func allThatGoesToAnUnprovenAddressCounts() throws {
    let capture = TestCapture()
    let (opener, responder) = (UInt64(0xa), UInt64(0xb))
    try capture.add(OpenPacket(), connection: opener)
    var accept = AcceptPacket()
    (accept.responder, accept.window) = (responder, 64)
    try capture.add(accept, connection: opener, from: bob, to: alice)
    func serve(_ sequence: UInt32) throws {
      var packet = DataPacket()
      (packet.sequence, packet.timestamp) = (sequence, sequence)
      let datagram = sealed(try packet.datagram(connection: opener) + block(offset: 0, count: 1_100))
      capture.add(datagram, from: bob, to: alice)
    }
    for sequence in UInt32(0)..<3 { try serve(sequence) }
    // Whoever answers has proven its address.
    try capture.add(AckPacket(), connection: responder)
    try serve(3)
    let marks = try objects(inspect(capture.bytes, "--json")).map { $0["marks"] as? [String] ?? [] }
    #expect(marks == [[], ["reply"], [], [], ["amplification_limit"], [], []])
  }

  /// A peer that has its own tracker captures its requests to itself twice: as they leave and as they arrive.
  @Test func whatAMachineAsksItselfIsNoRetry() throws {
    let capture = TestCapture()
    for outbound in [true, false] {
      capture.add(try ConnectPacket().datagram(connection: 5), from: tracker, to: tracker, outbound: outbound)
    }
    for outbound in [true, false] {
      capture.add(try ConnectedPacket().datagram(connection: 5), from: tracker, to: tracker, outbound: outbound)
    }
    capture.add(try ConnectPacket().datagram(connection: 5), from: tracker, to: tracker, after: 500_000)
    let objects = try objects(inspect(capture.bytes, "--json"))
    #expect(objects.map { $0["marks"] as? [String] } == [[], [], ["reply"], ["reply"], ["retry"]])
    #expect(objects.map { $0["request"] as? Int } == [nil, nil, 2, 1, 1])
    let stats = try inspect(by: "stats", capture.bytes).output
    #expect(stats.contains("tracker: 1 request, 1 retry, 0 errors, "), "\(stats)")
  }

  @Test func requestsAreTriedAgain() throws {
    let capture = TestCapture()
    try capture.add(OpenPacket())
    try capture.add(OpenPacket(), after: 500_000)
    try capture.add(ConnectPacket(), connection: 5, to: tracker)
    try capture.add(ConnectPacket(), connection: 5, to: tracker, after: 1_000_000)
    try capture.add(ConnectPacket(), connection: 5, to: tracker, after: 2_000_000)
    try capture.add(ErrorPacket(), connection: 5, from: tracker, to: alice)
    let lines = try inspect(capture.bytes).packets
    #expect(lines[1].hasSuffix("[try 2, after 1, 500.000 ms]") && lines[4].hasSuffix("[try 3, after 4, 2000.000 ms]"))
    let marks = try objects(inspect(capture.bytes, "--json")).map { $0["marks"] as? [String] ?? [] }
    #expect(marks == [[], ["retry"], [], ["retry"], ["retry"], ["tracker_error", "reply"]])
    #expect(
      try inspect(by: "stats", capture.bytes).output.contains("tracker: 1 request, 2 retries, 1 error, median 1.0"))
  }

  /// Without the handshake, the numbers tell which two flows are one connection.
  @Test func aCaptureThatBeganLate() throws {
    let capture = TestCapture()
    for index in UInt32(0)..<3 {
      var packet = DataPacket()
      (packet.sequence, packet.timestamp) = (7_000 + index, 100 + index)
      capture.add(try packet.datagram(connection: 1))
      packet.sequence = 900_000_000 + index
      capture.add(try packet.datagram(connection: 2))
    }
    for connection in [UInt64(11), 12] {
      var ack = AckPacket()
      ack.next = connection == 11 ? 7_003 : 900_000_003
      (ack.top, ack.echo) = (ack.next, 102)
      capture.add(try ack.datagram(connection: connection), from: bob, to: alice, outbound: false)
    }
    let acks = try objects(inspect(capture.bytes, "--json", "--type", "ack"))
    #expect(acks.map { $0["acked"] as? Int } == [84, 84] && acks.allSatisfy { $0["rtt"] != nil })
  }
}
