import ShoalBase
import ShoalCapture
import ShoalWire
import TestSupport
import Testing

@testable import shoal_dump

/// Random damage to captures and datagrams: whatever the input, the exit status is 0 or 1, the output is ASCII, and
/// nothing traps.
@Suite struct FuzzTests {
  /// Set SHOAL_FUZZ to a number of rounds to run for longer than the suite can.
  private static var rounds: Int { environmentNumber("SHOAL_FUZZ") ?? 30 }

  private func capture(_ random: inout SeededGenerator) throws -> [UInt8] {
    let talk = try Conversation(window: 16, arq: Bool.random(using: &random) ? .goBackN : .selectiveRepeat)
    var next: UInt32 = 1_000
    for _ in 0..<40 {
      switch Int.random(in: 0..<5, using: &random) {
      case 0:
        let slice = (0..<4).map { _ in UInt8.random(in: 0...70, using: &random) }
        try talk.ack(next, top: next &+ 8, echo: talk.clock, slice: slice, count: .random(in: 0...99, using: &random))
      case 1: try talk.data(next, attempt: .random(in: 0...3, using: &random))
      case 2:
        var ack = AckPacket()
        (ack.next, ack.top) = (.random(in: 0 ... .max, using: &random), .random(in: 0 ... .max, using: &random))
        (ack.first, ack.count) = (.random(in: 0 ... .max, using: &random), .random(in: 0 ... .max, using: &random))
        ack.encoding = .random(in: 0...2, using: &random)
        try talk.receive(ack)
      case 3: talk.capture.add(Array(try (0..<3).map { try data($0, block(offset: 0, count: 90)) }.joined()))
      default:
        next &+= Bool.random(using: &random) ? 1 : .random(in: 0 ... .max, using: &random)
        try talk.data(next)
      }
    }
    return talk.capture.bytes
  }

  @Test func damagedCaptures() throws {
    for seed in seeds(0..<UInt64(Self.rounds)) {
      var random = SeededGenerator(seed: seed)
      var bytes = try capture(&random)
      for _ in 0..<Int.random(in: 0...30, using: &random) {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1: bytes[place] = .random(in: 0 ... .max, using: &random)
        case 2: bytes.removeSubrange(place..<min(bytes.count, place + 4))
        default: bytes.insert(contentsOf: [0xff, 0xff, 0xff, 0xff], at: place)
        }
      }
      for options in [["-v", "-x"], ["--json", "--all"], ["-f", "chunk == 1 || id == 00 || resent"]] {
        let outcome = try inspect(bytes, options: options)
        #expect(outcome.status < 2, "seed \(seed)")
        #expect(outcome.output.utf8.allSatisfy { (0x20..<0x7f).contains($0) || $0 == 10 }, "seed \(seed)")
      }
      #expect(try inspect(by: "stats", bytes).status < 2, "seed \(seed)")
      #expect(try inspect(by: "follow", bytes).status < 2, "seed \(seed)")
    }
  }

  /// Sealed datagrams of random fields go through the analyzer and the formatters, without a file in between.
  @Test func randomDatagrams() throws {
    var random = SeededGenerator(seed: 12)
    var analyzer = Analyzer()
    var statistics = Statistics()
    var out = TextBuffer()
    var line = TextLine(usesColor: false, clock: Clock(style: .relative))
    for round in 0..<Self.rounds * 1_000 {
      let type = PacketType.allCases[round % PacketType.allCases.count].rawValue
      let mask: UInt8 = [UInt8.max, 7, 1].randomElement(using: &random)!
      var bytes: [UInt8] = [0x53, 0x68, type == 1 ? 0 : 1, type, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7]
      bytes.append(.random(in: 0...3, using: &random))
      for _ in 0..<Int.random(in: 0...60, using: &random) {
        bytes.append(.random(in: 0 ... .max, using: &random) & mask)
      }
      if type == 4, bytes.count > 24 { bytes.replaceSubrange(16..<19, with: [0, 0, 0]) }
      let length = bytes.count + (round % 17 == 0 ? 9 : 0)
      var datagram = Datagram(from: alice, to: bob, payload: Bytes(sealed(bytes)), length: length)
      datagram.time = round % 97 == 0 ? .max : UInt64(round) * 1_000
      let seen = analyzer.observe(&datagram)
      statistics.add(datagram, seen)
      out.removeAll()
      line.write(datagram, seen, to: &out)
      let count = out.count
      #expect((seen.inFlight ?? 0) >= 0 && count > 0)
    }
    #expect(statistics.all.datagrams == UInt64(Self.rounds * 1_000))
    #expect(!StatisticsText(statistics, analyzer.flows).lines.isEmpty)
  }

  @Test func randomExpressions() {
    var random = SeededGenerator(seed: 9)
    let words = [
      "seq", "(", ")", "&&", "||", "!", "==", "<", "1", "\"x\"", "type", "data", "chunk", "in_flight", "\"", "=",
    ]
    for _ in 0..<Self.rounds * 100 {
      let text = (0..<Int.random(in: 0..<9, using: &random)).map { _ in words.randomElement(using: &random)! }
      var filter = PacketFilter()
      do throws(ExpressionError) { try filter.add(text.joined(separator: " ")) } catch { #expect(error.column >= 0) }
    }
  }
}
