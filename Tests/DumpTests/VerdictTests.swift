import Foundation
import ShoalBase
import ShoalWire
import TestSupport
import Testing

@testable import shoal_dump

/// The verdict says what limited a flow, and when, how long and why it stalled.
@Suite final class VerdictTests {
  /// The next number of what Bob sends.
  private var sequence: UInt32 = 50

  @Test func theWindow() throws {
    let talk = try Conversation(window: 4)
    try ask(talk, 0..<100_000)
    var next: UInt32 = 1_000
    for _ in 0..<20 {
      for sequence in next..<next + 4 { try talk.data(sequence, after: 10) }
      next += 4
      try talk.ack(next, echo: talk.clock, after: 20_000)
    }
    #expect(try verdict(talk).contains("of the time by the window of 4 packets"))
    #expect(try verdict(talk).contains("It never stalled."))
  }

  @Test func theReceiver() throws {
    let talk = try Conversation()
    for round in UInt32(0)..<20 {
      let first = UInt64(1_000 + round) * 100
      try ask(talk, first..<first + 100)
      try talk.data(1_000 + round, after: 10)
      try talk.ack(1_001 + round, echo: talk.clock, after: 20_000)
    }
    #expect(try verdict(talk).contains("Limited 9"))
    #expect(try verdict(talk).contains("by the receiver, which had requested nothing more"))
  }

  @Test func thePath() throws {
    let talk = try Conversation()
    try ask(talk, 0..<1_000_000)
    for round in UInt32(0)..<20 {
      try talk.data(1_000 + round, after: 10_000)
      if round > 1 { try talk.ack(999 + round, echo: talk.clock, after: 10_000) }
    }
    #expect(
      try verdict(talk).contains("Limited 100% of the time by what congestion control saw the path carry (by win"))
    let limits = try limits(talk)
    #expect(limits["path"] as? Double == 1 && limits["window"] as? Double == 0)
    for name in ["congestion_window", "pacing", "sender_host"] { #expect(limits[name] is NSNull, "\(name)") }
  }

  /// A packet every 10 ms, with as many bytes in flight as the sender's qlog says.
  @Test(arguments: [
    ("congestion_window", "the congestion window", 1_400, 8_000_000),
    ("pacing", "pacing", 100_000, 100_000),
    ("sender_host", "the sender's host, which sent less than windows and pacing allowed", 100_000, 80_000_000),
  ]) func theSendersQlogDividesThePath(_ name: String, _ words: String, _ window: Int, _ rate: Int) throws {
    let talk = try Conversation()
    try ask(talk, 0..<1_000_000)
    var qlog = ""
    for round in UInt32(0)..<40 {
      try talk.data(1_000 + round, after: 10_000)
      let microseconds = 1_795_356_194_802_123 + UInt64(talk.clock &- 4_294_000_000)
      let time = "\(microseconds / 1_000).\(String(1_000 + microseconds % 1_000).dropFirst())"
      qlog += "\u{1e}{\"time\":\(time),\"name\":\"recovery:metrics_updated\",\"group_id\":\"b0b0000000000002\","
      qlog += "\"data\":{\"congestion_window\":\(window),\"bytes_in_flight\":500,\"pacing_rate\":\(rate)}}\n"
      if round > 1 { try talk.ack(999 + round, echo: talk.clock, after: 100) }
    }
    let limits = try limits(talk, qlog: qlog)
    #expect(limits[name] as? Double ?? 0 > 0.9, "\(limits)")
    let sum = limits.values.reduce(0) { $0 + ($1 as? Double ?? 0) }
    #expect(abs(sum - 1) < 1e-9 && limits.count == FlowLimits.Limit.allCases.count)
    #expect(try verdict(talk, qlog: qlog).contains("% of the time by \(words)"))
  }

  /// Samples from another time distinguish nothing, and are not consulted again.
  @Test func aQlogOfAnotherTime() throws {
    let talk = try Conversation()
    try ask(talk, 0..<1_000_000)
    for round in UInt32(0)..<20 {
      try talk.data(1_000 + round, after: 10_000)
      if round > 1 { try talk.ack(999 + round, echo: talk.clock, after: 10_000) }
    }
    let event =
      #"{"time":1895356194802.123,"name":"recovery:metrics_updated","group_id":"b0b0000000000002","#
      + #""data":{"congestion_window":1000,"bytes_in_flight":500,"pacing_rate":100}}"#
    let qlog = "\u{1e}\(event)\n"
    #expect(try limits(talk, qlog: qlog)["path"] as? Double == 1)
    let verdict = try verdict(talk, qlog: qlog)
    #expect(verdict.contains("(the qlog does not match the capture there)") && !verdict.contains("qlog shows"))
  }

  @Test func aPacerMakesUpForABusySenderInTwoBursts() {
    var control = SenderControl([.init(time: 5, window: 1 << 20, rate: 1_000_000, inFlight: 0)])
    #expect(!control.isKnown && control.nextTime == 5)
    control.advance(captured: nil)
    #expect(control.isKnown && control.nextTime == nil)
    // The pacer saves up 4,800 bytes; it has none yet.
    #expect(control.pass(10_000) == 4_800)
    control.send(1_000)
    #expect(control.pass(500) == 500)
    #expect(control.pass(10_000) == 500)
    control.send(4_800)
    control.send(4_800)
    #expect(control.pass(9_600) == 9_600)
    // Numbers from others: nothing traps.
    for value in [Int64.min, -1, 0, 1, .max] {
      var control = SenderControl([.init(time: value, window: value, rate: value, inFlight: value)])
      control.advance(captured: Int.max)
      control.send(Int.max)
      for length in [Int64(0), 1, .max] { #expect((0...length).contains(control.pass(length))) }
      _ = control.isFull(captured: Int.max)
      _ = control.isFull(captured: nil)
    }
  }

  @Test func stallsAreNamed() throws {
    let talk = try Conversation()
    try ask(talk, 0..<1_000_000)
    try talk.data(1_000)
    try talk.ack(1_001, echo: talk.clock, after: 20_000)
    try talk.data(1_001)
    for _ in 0..<3 { try talk.data(1_001, attempt: 1, after: 700_000) }
    try talk.ack(1_002, echo: talk.clock, after: 20_000)
    try talk.data(1_002)
    try talk.ack(1_003, echo: talk.clock, after: 20_000)
    let verdict = try verdict(talk)
    #expect(verdict.contains("Stalled once: 2.1 s from 0.0"), "\(verdict)")
    #expect(verdict.contains("s on (nothing came back)"), "\(verdict)")
  }

  @Test func aRestIsNotAStallOfThePath() throws {
    let talk = try Conversation()
    for round in UInt64(0)..<3 {
      try ask(talk, (1_000 + round) * 100..<(1_001 + round) * 100, after: round * 2_000_000)
      try talk.data(1_000 + UInt32(round))
      try talk.ack(1_001 + UInt32(round), echo: talk.clock, after: 20_000)
    }
    let verdict = try verdict(talk)
    #expect(
      verdict.contains("Stalled 2 times, 6.0 s in all: 2.0 s from ") && verdict.contains("(nothing was requested)"),
      "\(verdict)")
  }

  @Test func whatWasAskedForIsCounted() throws {
    var generator = SeededGenerator(seed: 3)
    var backlog = Backlog()
    var bytes = Set<UInt64>()
    for round in 0..<2_000 {
      let start = UInt64.random(in: 0..<400, using: &generator)
      let length = UInt32.random(in: 1..<60, using: &generator)
      switch Int.random(in: 0..<3, using: &generator) {
      case 0:
        var request = ShoalWire.Request()
        request.ranges = [RangeField(offset: start, length: length)]
        backlog.add(request)
        bytes.formUnion(start..<start + UInt64(length))
      case 1:
        var cancel = Cancel()
        cancel.ranges = [RangeField(offset: start, length: length)]
        backlog.remove(cancel)
        bytes.subtract(start..<start + UInt64(length))
      default:
        var block = Block()
        (block.offset, block.content) = (start, ByteRange(offset: 0, count: Int(length)))
        backlog.remove(block)
        bytes.subtract(start..<start + UInt64(length))
      }
      try #require(backlog.bytes == UInt64(bytes.count), "round \(round)")
    }
    var beyond = ShoalWire.Request()
    beyond.ranges = [RangeField(offset: .max, length: .max), RangeField(offset: .max - 1, length: 1)]
    backlog.add(beyond)
    var all = Cancel()
    all.ranges = []
    backlog.remove(all)
    #expect(backlog.bytes == 0)
  }

  /// Bob asks alice for bytes of the file.
  private func ask(_ talk: Conversation, _ bytes: Range<UInt64>, after microseconds: UInt64 = 10) throws {
    var request = ShoalWire.Request()
    request.ranges = [RangeField(offset: bytes.lowerBound, length: UInt32(bytes.count))]
    var packet = DataPacket()
    packet.sequence = sequence
    sequence += 1
    talk.clock &+= UInt32(microseconds)
    let datagram = sealed(try packet.datagram(connection: Conversation.aliceID) + request.encoded())
    talk.capture.add(datagram, from: bob, to: alice, after: microseconds, outbound: false)
  }

  private func verdict(_ talk: Conversation, qlog: String? = nil) throws -> String {
    let page = try report(talk, qlog).page
    let verdicts = page.matches(of: /"verdict":"([^"]*)"/).map { String($0.1) }
    return try #require(verdicts.first { $0.contains("\(alice) sent") && !$0.contains("no content") })
  }

  /// What limited alice, as programs get it.
  private func limits(_ talk: Conversation, qlog: String? = nil) throws -> [String: Any] {
    let verdicts = try report(talk, qlog).objects.filter { $0["event"] as? String == "verdict" }
    #expect(verdicts.count == 1 && verdicts[0]["with_qlog"] as? Bool == (qlog != nil))
    #expect(verdicts[0]["src"] as? String == "\(alice)" && verdicts[0]["stalls"] is [Any])
    return try #require(verdicts[0]["limited_by"] as? [String: Any])
  }

  private func report(_ talk: Conversation, _ qlog: String?) throws -> (page: String, objects: [[String: Any]]) {
    let scratch = try Scratch()
    let options = try qlog.map { ["--qlog", try scratch.write("a.qlog", $0.utf8)] } ?? []
    let capture = try scratch.write("a.pcapng", talk.capture.bytes)
    let outcome = try run(["report", capture, "-o", scratch.at("a.html"), "--json"] + options)
    #expect(outcome.status == 0, "\(outcome.error)")
    return (try scratch.text("a.html"), try objects(outcome))
  }
}
