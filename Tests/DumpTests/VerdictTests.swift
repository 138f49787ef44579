import Foundation
import ShoalWire
import Testing

@testable import shoal_dump

/// The verdict says what limited a flow, and when, how long and why it stalled.
@Suite final class VerdictTests {
  /// Of what bob sends.
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
    #expect(try verdict(talk).contains("by the receiver, which had asked for nothing more"))
  }

  @Test func thePath() throws {
    let talk = try Conversation()
    try ask(talk, 0..<1_000_000)
    for round in UInt32(0)..<20 {
      try talk.data(1_000 + round, after: 10_000)
      if round > 1 { try talk.ack(999 + round, echo: talk.clock, after: 10_000) }
    }
    #expect(try verdict(talk).contains("Limited 100% of the time by what congestion control saw the path carry."))
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
      verdict.contains("Stalled 2 times, 6.0 s in all: 2.0 s from ") && verdict.contains("(nothing was asked for)"),
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

  private func verdict(_ talk: Conversation) throws -> String {
    let file = FileManager.default.temporaryDirectory.appending(path: "verdict-\(UUID()).pcapng")
    try Data(talk.capture.bytes).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let outcome = try run(["report", file.path, "-o", "-"])
    let verdicts = outcome.output.matches(of: /"verdict":"([^"]*)"/).map { String($0.1) }
    return try #require(verdicts.first { $0.contains("\(alice) sent") && !$0.contains("no content") })
  }
}
