import Testing

@testable import shoal_dump

@Suite struct MarkTests {
  @Test func aLossThatAnAckShows() throws {
    let talk = try Conversation()
    for sequence in UInt32(1_000)...1_004 { try talk.data(sequence) }
    // 1000 has arrived, 1001 has not, those after it have.
    try talk.ack(1_001, top: 1_005, echo: talk.clock, slice: [1, 3], count: 4, after: 20_000)
    try talk.data(1_001, attempt: 1)
    let lines = try talk.lines()
    #expect(lines[5].hasPrefix("ACK next=1 missing=1 (1) top=5 len="))
    let wire = try inspect(talk.capture.bytes, "--absolute").packets[7]
    #expect(wire.hasPrefix("ACK next=1001 missing=1001 (1) top=1005 len="))
    // Without the handshake nobody knows where to count from; filters use the numbers on the wire.
    let late = TestCapture()
    late.add(try data(1_003))
    #expect(try inspect(late.bytes).packets[0].hasPrefix("DATA seq=1003 "))
    #expect(try inspect(talk.capture.bytes, "-f", "seq == 1001", "-c", "1").packets[0].hasPrefix("DATA seq=1 "))
    #expect(lines[6].hasSuffix("[resent, attempt 1, 24.000 ms; lost, found by ACK 8]"))
    #expect(try talk.marks().last == ["resent", "lost_by_ack"])
  }

  /// A packet that left at the same time, or soon after, has arrived: that alone is no loss until the loss timer runs
  /// out.
  @Test func aLossThatTimeShows() throws {
    let talk = try Conversation()
    for sequence in UInt32(1_000)..<1_010 {
      try talk.data(sequence)
      try talk.ack(sequence + 1, echo: talk.clock, after: 20_000)
    }
    try talk.data(1_010)
    try talk.data(1_011, after: 0)
    try talk.ack(1_010, top: 1_012, echo: talk.clock, slice: [1, 1], count: 2, after: 20_000)
    try talk.data(1_010, attempt: 1, after: 3_000)
    // A repeat and another packet leave at once, and the other arrives: it is lost again, and no probe timeout passed.
    try talk.data(1_012, after: 0)
    try talk.ack(1_010, top: 1_013, echo: talk.clock, slice: [1, 2], count: 3, after: 20_000)
    try talk.data(1_010, attempt: 2, after: 3_000)
    let marks = try talk.marks()
    #expect(marks.filter { $0.contains("resent") } == [["resent", "lost_by_timeout"], ["resent", "lost_by_timeout"]])
    #expect(
      try talk.lines().last?.contains("[resent, attempt 2, 46.000 ms; lost, found by timeout after ACK 28]") == true)
  }

  /// A packet that was sent twice on purpose, once right after the other, is no sign of a timeout.
  @Test func probesFollowSilence() throws {
    let talk = try Conversation()
    for sequence in UInt32(1_000)..<1_010 {
      try talk.data(sequence)
      try talk.ack(sequence + 1, echo: talk.clock, after: 20_000)
    }
    for sequence in UInt32(1_010)..<1_012 { try talk.data(sequence) }
    for sequence in UInt32(1_010)..<1_012 { try talk.data(sequence, attempt: 1, after: 2_000) }
    try talk.data(1_010, attempt: 2, after: 60_000)
    try talk.data(1_011, attempt: 2, after: 20)
    let marks = try talk.marks().filter { $0.contains("resent") }
    #expect(marks == [["resent"], ["resent"], ["resent", "pto"], ["resent", "pto"]])
    #expect(try inspect(by: "stats", talk.capture.bytes).output.contains("probe timeouts 1 "))
  }

  @Test func aTimeoutThatNoAckExplains() throws {
    let talk = try Conversation()
    try talk.data(1_000)
    try talk.data(1_000, attempt: 1, after: 200_000)
    try talk.data(1_000, attempt: 2, after: 10)
    try talk.data(1_000, attempt: 3, after: 400_000)
    let marks = try talk.marks()
    #expect(marks.suffix(3).allSatisfy { $0 == ["resent", "pto"] })
    let lines = try talk.lines()
    #expect(lines[1].contains("probe timeout 1]") && lines[2].contains("probe timeout 1]"))
    #expect(lines[3].contains("probe timeout 2]"))
    // An acknowledgement ends the row of timeouts.
    try talk.ack(1_001, echo: talk.clock)
    try talk.data(1_001)
    try talk.data(1_001, attempt: 1, after: 300_000)
    #expect(try talk.lines().last?.contains("probe timeout 1]") == true)
    let outcome = try inspect(talk.capture.bytes, "-q", "--assert", "resent == 4 && pto == 4")
    #expect(outcome.status == 0 && outcome.error == "" && outcome.output == "")
  }

  @Test func aRepeatThatWasNeedless() throws {
    let talk = try Conversation()
    for sequence in UInt32(1_000)..<1_010 {
      try talk.data(sequence)
      try talk.ack(sequence + 1, echo: talk.clock, after: 20_000)
    }
    try talk.data(1_010)
    let first = talk.clock
    try talk.data(1_010, attempt: 1, after: 30_000)
    // Two milliseconds after the repeat: as a round trip takes twenty, this cannot be its own ACK.
    try talk.ack(1_011, echo: first, after: 2_000)
    try talk.data(1_010, attempt: 2, after: 10_000)
    let marks = try talk.marks()
    #expect(marks[marks.count - 2] == ["spurious"] && marks[marks.count - 1] == ["resent", "spurious"])
    #expect(try talk.lines()[22].hasSuffix("[shows that the repeat of 23 was needless]"))
    let stats = try inspect(by: "stats", talk.capture.bytes).output
    #expect(stats.contains("resent 15.4% (2 of 13), 2 needless"))
  }

  @Test func goingBack() throws {
    let talk = try Conversation(arq: .goBackN)
    for sequence in UInt32(1_000)..<1_005 { try talk.data(sequence) }
    try talk.ack(1_001, top: 1_005, echo: talk.clock, after: 20_000)
    for sequence in UInt32(1_001)..<1_005 { try talk.data(sequence, attempt: 1, after: 10) }
    let marks = try talk.marks().suffix(4)
    #expect(marks.first == ["resent", "lost_by_ack", "go_back"] && marks.dropFirst().allSatisfy { $0 == ["resent"] })
    #expect(try talk.lines()[6].hasSuffix("lost, found by ACK 8; go-back: 4 sent again]"))
  }

  /// At the receiver's end, each retransmission is acknowledged as it comes, so that each is the lowest outstanding: it
  /// is still a single return.
  @Test func goingBackSeenFromTheReceiver() throws {
    let talk = try Conversation(arq: .goBackN)
    for sequence in UInt32(1_000)..<1_005 { try talk.data(sequence) }
    try talk.ack(1_001, top: 1_005, echo: talk.clock, after: 20_000)
    for sequence in UInt32(1_001)..<1_005 {
      try talk.data(sequence, attempt: 1, after: 10)
      try talk.ack(sequence + 1, echo: talk.clock, after: 10)
    }
    for sequence in UInt32(1_005)..<1_008 { try talk.data(sequence) }
    try talk.ack(1_005, top: 1_008, echo: talk.clock, after: 20_000)
    for sequence in UInt32(1_005)..<1_008 { try talk.data(sequence, attempt: 1, after: 10) }
    let lines = try talk.lines().filter { $0.contains("go-back") }
    #expect(
      lines.count == 2 && lines[0].contains("go-back: 4 sent again") && lines[1].contains("go-back: 3 sent again"))
  }

  @Test func duplicatesAndDisorder() throws {
    let talk = try Conversation()
    let first = try talk.data(1_000)
    talk.capture.add(first)
    let late = try talk.data(1_001)
    try talk.data(1_003)
    // 1002 left between them, and is captured after them.
    talk.clock &-= 1_500
    try talk.data(1_002, after: 100)
    talk.capture.add(late)
    let marks = try talk.marks().dropFirst(2)
    #expect(Array(marks) == [[], ["duplicate"], [], [], ["out_of_order"], ["duplicate"]])
    #expect(try talk.lines()[1].hasSuffix("[duplicate of 3, 1.000 ms]"))
  }

  @Test func theWindowIsFull() throws {
    let talk = try Conversation(window: 3, first: .max - 1)
    for sequence in [UInt32.max - 1, .max, 0] { try talk.data(sequence) }
    try talk.ack(.max, echo: talk.clock)
    try talk.data(1)
    let marks = try talk.marks().dropFirst(2)
    #expect(Array(marks) == [[], [], ["window_full"], [], ["window_full"]])
    let object = try #require(objects(inspect(talk.capture.bytes, "--json")).last)
    #expect(object["window_edge"] as? UInt32 == 2 && object["in_flight"] as? Int == 3 * 142)
  }

  @Test func lateAcks() throws {
    let talk = try Conversation()
    try talk.data(1_000, ackDelay: 5_000)
    try talk.ack(1_001, echo: talk.clock, delay: 5_900, after: 26_000)
    try talk.data(1_001, ackDelay: 5_000)
    try talk.ack(1_002, echo: talk.clock, delay: 6_001, after: 26_000)
    try talk.ack(1_002, echo: talk.clock, delay: .max)
    let marks = try talk.marks().dropFirst(2)
    #expect(Array(marks) == [[], [], [], ["ack_late"], []])
    #expect(try talk.lines()[3].hasSuffix("[ACK late, at most 5.000 ms was asked for]"))
  }

  @Test func roundTripsAndWhatIsInFlight() throws {
    let talk = try Conversation()
    try talk.data(1_000)
    try talk.data(1_001)
    try talk.ack(1_002, echo: talk.clock, delay: 400, after: 20_000)
    let all = try objects(inspect(talk.capture.bytes, "--json"))
    #expect(all[3]["in_flight"] as? Int == 284 && all[4]["in_flight"] as? Int == 0)
    #expect(all[4]["rtt"] as? String == "0.019600000" && all[4]["acked"] as? Int == 284)
  }
}
