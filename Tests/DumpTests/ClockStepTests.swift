import Foundation
import ShoalCapture
import Testing

@testable import shoal_dump

/// Captures during which somebody set the clock.
@Suite struct ClockStepTests {
  /// Twenty packets of Alice's with their ACKs, 20 ms later each, at her end.
  private func talk() throws -> [UInt8] {
    let talk = try Conversation()
    for sequence in UInt32(1_000)..<1_020 {
      try talk.data(sequence)
      try talk.ack(sequence + 1, echo: talk.clock, after: 20_000)
    }
    return talk.capture.bytes
  }

  /// The same with the times from packet `start` on shifted by some seconds, with or without directions.
  private func changed(
    _ bytes: [UInt8], _ steps: [(start: UInt64, by: Double)], directions: Bool = true
  ) throws -> [UInt8] {
    var reader = CaptureReader()
    reader.feed(bytes.span)
    var writer = PcapngWriter()
    while let record = try reader.next() {
      let shift = steps.reduce(0) { $0 + (record.number >= $1.start ? $1.by : 0) }
      writer.packet(
        record.bytes.span, originalLength: record.originalLength,
        wallClockNanoseconds: UInt64(Int64(record.time ?? 0) + Int64(shift * 1e9)),
        direction: directions ? record.direction : nil)
    }
    return [UInt8](writer.bytes)
  }

  /// DATA or an ACK comes first after the step.
  @Test(arguments: [3_600, -3_600, 86_400, -5.0]) func aStepIsCutOut(by seconds: Double) throws {
    let bytes = try talk()
    for start in [UInt64(13), 14, 30, 42] {
      for directions in [true, false] {
        let capture = try changed(bytes, [(start, seconds)], directions: directions)
        let outcome = try inspect(by: "stats", capture, "--assert", "duration < 1s && rtt.p99 < 25ms && rtt.min > 15ms")
        let way = seconds < 0 ? "back" : "ahead"
        #expect(
          outcome.output.contains("remark: the clock of this capture was set \(way) by "),
          "\(start) \(seconds) \(directions)")
        // If there is no evidence but the jump itself, time continues as if nothing had passed.
        #expect(outcome.status == 0, "\(start) \(seconds) \(directions): \(outcome.error)\(outcome.output)")
        let lines = try inspect(capture).lines
        #expect(lines.count == 42 && lines[41].contains("  0.4"), "\(lines[41])")
        let json = try objects(inspect(capture, "--json"))
        let times = json.compactMap { Double($0["time"] as? String ?? "") }
        #expect(abs(times[41] - times[0] - seconds) < 1, "what the capture says stays")
      }
    }
  }

  @Test func setAndSetBack() throws {
    let capture = try changed(try talk(), [(9, 3_600), (23, -3_600), (24, 7_200)])
    let outcome = try inspect(by: "stats", capture, "--assert", "duration < 1s && rtt.p99 < 25ms")
    #expect(outcome.status == 0 && outcome.output.contains("at packet 9 and 2 times more"), "\(outcome.output)")
    #expect(try inspect(capture).error.contains("set ahead by 1 h 00 min at packet 9"))
  }

  /// A pause is not a step, however long: the timestamps show it, although they wrap around after 71 minutes.
  @Test(arguments: [5, 400, 7_200, 4_295, 3_600]) func aPauseStays(seconds: UInt64) throws {
    let talk = try Conversation(first: 997)
    for sequence in UInt32(997)...1_000 {
      try talk.data(sequence)
      try talk.ack(sequence + 1, echo: talk.clock, after: 20_000)
    }
    talk.clock &+= UInt32(truncatingIfNeeded: seconds * 1_000_000 - 7)
    try talk.data(1_001, after: 7)
    try talk.ack(1_002, echo: talk.clock, after: 20_000)
    let capture = try changed(talk.capture.bytes, [(11, Double(seconds))])
    let outcome = try inspect(by: "stats", capture, "--assert", "duration > \(seconds)s")
    #expect(outcome.status == 0 && !outcome.output.contains("clock"), "\(outcome.output)\(outcome.error)")
  }

  /// Two captures joined, with the later one first: timestamps and times agree.
  @Test func filesOutOfOrder() throws {
    let bytes = try talk()
    let (one, other) = (try changed(bytes, []), try changed(bytes, []))
    var reader = CaptureReader()
    reader.feed(one.span)
    let outcome = try inspect(by: "stats", one + other)
    #expect(!outcome.output.contains("clock"), "\(outcome.output)")
  }

  /// Packets that waited in a queue are late, although nobody has set a clock.
  @Test func aStallOfThePath() throws {
    let talk = try Conversation()
    for sequence in UInt32(1_000)..<1_010 { try talk.data(sequence) }
    var capture = try changed(talk.capture.bytes, [(8, 9)], directions: false)
    #expect(!(try inspect(by: "stats", capture).output.contains("clock")))
    // A peer whose timestamps stand still says nothing.
    let still = TestCapture()
    for sequence in UInt32(0)..<9 { still.add(try data(sequence), after: sequence == 5 ? 9_000_000 : 1_000) }
    #expect(!(try inspect(by: "stats", still.bytes).output.contains("clock")))
    // At the sender's end there is no queue before it.
    capture = try changed(talk.capture.bytes, [(8, 9)])
    #expect(try inspect(by: "stats", capture).output.contains("set ahead by 9"))
  }
}
